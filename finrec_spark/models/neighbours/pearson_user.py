"""Pearson correlation between customers: what the most similar customers have is recommended.

Cold start: a customer without history, or whom nobody is similar to, has no evidence and scores 0; a product
that no similar customer has scores 0. Other models decide there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.similar_customers import CustomerSimilarityParams, customer_neighbours
from finrec_spark.models.scorer import CustomerBatch, Explanation, Scorer

NAME = "pearson_user"
REASON = "similar_customers"


class PearsonUserParams(CustomerSimilarityParams):
    """Parameters of ``pearson_user``."""


def fit(histories: DataFrame, product_ids: Sequence[str], params: PearsonUserParams) -> DataFrame:
    """One row: one customer with the nearest customers and their evidence (``model.customer_neighbours``, less month).

    Exact up to ``params.exact_up_to`` customers, beyond it among the nearest clusters; see
    ``similarity_customers``. Runs small jobs before it returns.

    Args:
        histories: one row a customer: ``customer_id``, ``customer_index``, ``product_index`` array<int>,
            ascending, and ``value`` array<double> beside it.
        product_ids: product IDs by position.

    >>> rows = [("ann", 0, [0, 1]), ("bob", 1, [0, 1, 2]), ("eve", 2, [3])]
    >>> histories = spark.createDataFrame(rows, "customer_id string, customer_index int, product_index array<int>")
    >>> histories = histories.selectExpr("*", "transform(product_index, p -> 1d) AS value")
    >>> nearest = fit(histories, ["card", "loan", "fund", "gold"], PearsonUserParams())
    >>> nearest.select("customer_id", "neighbours").orderBy("customer_id").show()
    +-----------+------------------+
    |customer_id|        neighbours|
    +-----------+------------------+
    |        ann|[{1, 0.577350269}]|
    |        bob|[{0, 0.577350269}]|
    |        eve|                []|
    +-----------+------------------+
    <BLANKLINE>
    """
    return customer_neighbours(histories, len(product_ids), params)


@dataclass(frozen=True)
class PearsonUserScorer:
    """Score of a product: Σ similarity · value over the similar customers who have it."""

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores, B × P: the batch's evidence."""
        return np.asarray(batch.evidence.toarray())

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """How many similar customers have the product (``count``); no product of the history carries it."""
        rows = np.repeat(np.arange(products.shape[0]), products.shape[1])
        count = np.asarray(batch.holders[rows, products.ravel()]).reshape(products.shape).astype(np.int64)
        return Explanation(REASON, np.full(products.shape, -1, np.int64), np.ones(products.shape), count)


def scorer() -> Scorer:
    """The scorer; what it needs of the fitted rows comes with every batch."""
    return PearsonUserScorer()
