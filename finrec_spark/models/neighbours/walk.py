"""Random walk of three steps: customer to a product of the history, to another customer of it, to one of theirs.

Popular products are not held back, which is what customers' purchases ask for. Cold start: a customer without a
history and a product in nobody's score 0, so other models decide.
"""

import numpy as np
from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.linear import (
    LinearParams,
    collect_histories,
    walk_weights,
    weight_rows,
    weight_scorer,
)
from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.tables import PRODUCT_INDEX_TABLE, PRODUCT_WEIGHTS, SCORING_ROWS

REASON = "holders_also_hold"


class WalkParams(LinearParams):
    """Parameters of ``walk``."""


def fit(inputs: FitInputs, params: WalkParams) -> DataFrame:
    """One row: what one product of a history adds to one score (``model.product_weights``, less month and model)."""
    support, walk = collect_histories(inputs, params.value)
    return weight_rows(inputs, walk_weights(walk, np.diag(support)), support, params)


def scorer(weights: DataFrame, inputs: ScorerInputs, params: WalkParams) -> NeighbourScorer:
    """Scores by the fitted rows: Σ weight over the customer's history."""
    return weight_scorer(weights, inputs.product_ids, params, REASON)


SPEC = ModelSpec(
    name="walk",
    table=PRODUCT_WEIGHTS,
    params=WalkParams,
    step="train_pearson",
    reads=(SCORING_ROWS, PRODUCT_INDEX_TABLE),
    scorer=scorer,
    fit=fit,
)
