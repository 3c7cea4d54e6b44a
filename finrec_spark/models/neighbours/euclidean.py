"""Euclidean distance between products: products that the same customers value alike are close.

Cold start: a customer without history and a product that too few customers have score 0, so other models decide.
"""

from pydantic import Field
from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer, neighbour_scorer
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.models.neighbours.similarity import Over, Shrinkage, SimilarityParams, Support
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.tables import PRODUCT_INDEX_TABLE, PRODUCT_NEIGHBOURS, SCORING_ROWS
from finrec_spark.transforms.histories import history_values

REASON = "close_product"


class EuclideanParams(SimilarityParams):
    """Parameters of ``euclidean``.

    Over all customers the distance grows with a product's holders, which holds popular products apart
    whatever they share; over co-rated entries it does not, and shrinkage brings the support in.
    """

    over: Over = Field(
        "co_rated", description="co_rated: customers who have both; all: everyone, missing entries are 0"
    )
    minimum_support: Support = Field(3, ge=1, description="Customers who must have both products")
    shrinkage: Shrinkage = Field(10.0, ge=0, description="similarity · n / (n + shrinkage), n being those customers")


def fit(inputs: FitInputs, params: EuclideanParams) -> DataFrame:
    """One row: one of the closest products of one product (``model.product_neighbours``, less month and model).

    Similarity is 1 / (1 + d), shrunk by support; d = √Σ(x − y)² over all customers, or the root mean
    square difference over those who have both.
    """
    histories = history_values(inputs.read(SCORING_ROWS), params.value)
    return product_neighbours(histories, inputs.product_ids, "euclidean", params)


def scorer(neighbours: DataFrame, inputs: ScorerInputs, params: EuclideanParams) -> NeighbourScorer:
    """Scores by the fitted rows: Σ similarity · value over a product's neighbours in the history."""
    return neighbour_scorer(neighbours, inputs.product_ids, params, REASON)


SPEC = ModelSpec(
    name="euclidean",
    table=PRODUCT_NEIGHBOURS,
    params=EuclideanParams,
    step="train_pearson",
    reads=(SCORING_ROWS, PRODUCT_INDEX_TABLE),
    scorer=scorer,
    fit=fit,
)
