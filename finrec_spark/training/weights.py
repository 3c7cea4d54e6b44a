"""Trained weights ↔ rows of a table: one row an array, no pickle."""

from collections.abc import Iterable

import numpy as np

from finrec_spark.errors import ModelNotFound
from finrec_spark.training.trained import Weights

WeightRow = tuple[str, list[int], list[float]]


def weight_rows(weights: Weights) -> list[WeightRow]:
    """One row: one array, in the columns of ``model.network_weights`` after month and model, by name.

    >>> weight_rows({"bias": np.array([[1, 2]], dtype=np.float32)})
    [('bias', [1, 2], [1.0, 2.0])]
    """
    return [(name, list(array.shape), array.ravel().tolist()) for name, array in sorted(weights.items())]


def weights_from_rows(rows: Iterable[WeightRow]) -> Weights:
    """The arrays that ``weight_rows`` made rows of.

    Raises:
        ModelNotFound: there is no row.
    """
    weights = {name: np.array(values, np.float32).reshape(tuple(shape)) for name, shape, values in rows}
    if not weights:
        raise ModelNotFound("gru: there are no weights; train gru first")
    return weights
