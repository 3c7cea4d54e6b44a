"""Euclidean distance between products: products that the same customers value alike are close.

Cold start: a customer without history and a product that too few customers have score 0, so other models decide.
"""

from collections.abc import Sequence

from pydantic import Field
from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.neighbour_scorer import neighbour_scorer
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.models.neighbours.similarity import Over, SimilarityParams
from finrec_spark.models.scorer import Scorer

NAME = "euclidean"
REASON = "close_product"


class EuclideanParams(SimilarityParams):
    """Parameters of ``euclidean``.

    Over all customers the distance grows with a product's holders, which holds popular products apart
    whatever they share; over co-rated entries it does not, and shrinkage brings the support in.
    """

    over: Over = Field(
        "co_rated", description="co_rated: customers who have both; all: everyone, missing entries are 0"
    )
    minimum_support: int = Field(3, ge=1, description="Customers who must have both products")
    shrinkage: float = Field(10.0, ge=0, description="similarity · n / (n + shrinkage), n being those customers")


def fit(histories: DataFrame, product_ids: Sequence[str], params: EuclideanParams) -> DataFrame:
    """One row: one of the closest products of one product (``model.product_neighbours``, less month and model).

    Similarity is 1 / (1 + d), shrunk by support; d = √Σ(x − y)² over all customers, or the root mean
    square difference over those who have both.

    Args:
        histories: one row a customer: ``product_index`` array<int>, ascending, and ``value`` array<double> beside it.
        product_ids: product IDs by position.

    >>> histories = spark.createDataFrame(
    ...     [([0, 1], [1.0, 1.0]), ([0, 1, 2], [2.0, 2.0, 5.0])], "product_index array<int>, value array<double>")
    >>> close = EuclideanParams(minimum_support=1, shrinkage=0, neighbours=1)
    >>> fit(histories, ["card", "loan", "fund"], close).show()
    +----------+------------+----------+-------+
    |product_id|neighbour_id|similarity|support|
    +----------+------------+----------+-------+
    |      card|        loan|       1.0|      2|
    |      fund|        card|      0.25|      1|
    |      loan|        card|       1.0|      2|
    +----------+------------+----------+-------+
    <BLANKLINE>
    """
    return product_neighbours(histories, product_ids, "euclidean", params)


def scorer(neighbours: DataFrame, product_ids: Sequence[str], params: EuclideanParams) -> Scorer:
    """Scores by the fitted rows: Σ similarity · value over a product's neighbours in the history."""
    return neighbour_scorer(neighbours, product_ids, params, REASON)
