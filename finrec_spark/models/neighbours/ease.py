"""EASE: the ridge regression of each product on all others (Steck, "Embarrassingly shallow autoencoders", 2019).

Popular products are not held back, which is what customers' purchases ask for. Cold start: a customer without a
history and a product in nobody's score 0, so other models decide.
"""

from typing import Annotated

from pydantic import Field
from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.linear import (
    LinearParams,
    collect_histories,
    ease_weights,
    weight_rows,
    weight_scorer,
)
from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.params import Between
from finrec_spark.tables import PRODUCT_INDEX_TABLE, PRODUCT_WEIGHTS, SCORING_ROWS

REASON = "holders_also_hold"


class EaseParams(LinearParams):
    """Parameters of ``ease``."""

    ridge: Annotated[float, Between(1.0, 10_000.0, log=True)] = Field(
        500.0, gt=0, description="λ, added to the diagonal of X'X"
    )


def fit(inputs: FitInputs, params: EaseParams) -> DataFrame:
    """One row: what one product of a history adds to one score (``model.product_weights``, less month and model)."""
    support, _ = collect_histories(inputs, params.value)
    return weight_rows(inputs, ease_weights(support, params.ridge), support, params)


def scorer(weights: DataFrame, inputs: ScorerInputs, params: EaseParams) -> NeighbourScorer:
    """Scores by the fitted rows: Σ weight over the customer's history."""
    return weight_scorer(weights, inputs.product_ids, params, REASON)


SPEC = ModelSpec(
    name="ease",
    table=PRODUCT_WEIGHTS,
    params=EaseParams,
    step="train_pearson",
    reads=(SCORING_ROWS, PRODUCT_INDEX_TABLE),
    scorer=scorer,
    fit=fit,
)
