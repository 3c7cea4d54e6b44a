"""Pearson correlation between products: a customer's products recommend those that the same customers hold.

Cold start: a customer without history and a product that too few customers have score 0, so other models decide.
"""

from collections.abc import Sequence

from pydantic import Field
from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.neighbour_scorer import neighbour_scorer
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.models.neighbours.similarity import SimilarityParams
from finrec_spark.models.scorer import Scorer

NAME = "pearson_item"
REASON = "holders_also_hold"


class PearsonItemParams(SimilarityParams):
    """Parameters of ``pearson_item``."""

    minimum_support: int = Field(3, ge=1, description="Customers who must have both products")
    shrinkage: float = Field(10.0, ge=0, description="similarity · n / (n + shrinkage), n being those customers")


def fit(histories: DataFrame, product_ids: Sequence[str], params: PearsonItemParams) -> DataFrame:
    """One row: one of the most similar products of one product (``model.product_neighbours``, less month and model).

    Args:
        histories: one row a customer: ``product_index`` array<int>, ascending, and ``value`` array<double> beside it.
        product_ids: product IDs by position.

    >>> rows = [([0, 1],), ([0, 1],), ([2],), ([0, 2],)]
    >>> histories = spark.createDataFrame(rows, "product_index array<int>").selectExpr(
    ...     "product_index", "transform(product_index, p -> 1d) AS value")
    >>> fit(histories, ["card", "loan", "fund"], PearsonItemParams(minimum_support=1, shrinkage=0)).show()
    +----------+------------+-----------+-------+
    |product_id|neighbour_id| similarity|support|
    +----------+------------+-----------+-------+
    |      card|        loan|0.577350269|      2|
    |      loan|        card|0.577350269|      2|
    +----------+------------+-----------+-------+
    <BLANKLINE>
    """
    return product_neighbours(histories, product_ids, "pearson", params)


def scorer(neighbours: DataFrame, product_ids: Sequence[str], params: PearsonItemParams) -> Scorer:
    """Scores by the fitted rows: Σ similarity · value over a product's neighbours in the history."""
    return neighbour_scorer(neighbours, product_ids, params, REASON)
