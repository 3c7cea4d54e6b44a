"""Pearson correlation between products: a customer's products recommend those that the same customers hold.

Cold start: a customer without history and a product that too few customers have score 0, so other models decide.
"""

from pydantic import Field
from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer, neighbour_scorer
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.models.neighbours.similarity import Shrinkage, SimilarityParams, Support
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.tables import PRODUCT_INDEX_TABLE, PRODUCT_NEIGHBOURS, SCORING_ROWS
from finrec_spark.transforms.histories import history_values

REASON = "holders_also_hold"


class PearsonItemParams(SimilarityParams):
    """Parameters of ``pearson_item``."""

    minimum_support: Support = Field(3, ge=1, description="Customers who must have both products")
    shrinkage: Shrinkage = Field(10.0, ge=0, description="similarity · n / (n + shrinkage), n being those customers")


def fit(inputs: FitInputs, params: PearsonItemParams) -> DataFrame:
    """One row: one of the most similar products of one product (``model.product_neighbours``, less month and model)."""
    histories = history_values(inputs.read(SCORING_ROWS), params.value)
    return product_neighbours(histories, inputs.product_ids, "pearson", params)


def scorer(neighbours: DataFrame, inputs: ScorerInputs, params: PearsonItemParams) -> NeighbourScorer:
    """Scores by the fitted rows: Σ similarity · value over a product's neighbours in the history."""
    return neighbour_scorer(neighbours, inputs.product_ids, params, REASON)


SPEC = ModelSpec(
    name="pearson_item",
    table=PRODUCT_NEIGHBOURS,
    params=PearsonItemParams,
    step="train_pearson",
    reads=(SCORING_ROWS, PRODUCT_INDEX_TABLE),
    scorer=scorer,
    fit=fit,
)
