"""Pearson correlation between customers: what the most similar customers have is recommended.

Cold start: a customer without history, or whom nobody is similar to, has no evidence and scores 0; a product
that no similar customer has scores 0. Other models decide there.
"""

from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.recall import neighbour_recall
from finrec_spark.models.neighbours.similar_customers import CustomerSimilarityParams, customer_neighbours
from finrec_spark.models.scorer import CustomerBatch, Explanation
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.tables import CUSTOMER_INDEX_TABLE, CUSTOMER_NEIGHBOURS, PRODUCT_PROFILE, SCORING_ROWS
from finrec_spark.transforms.histories import history_values

REASON = "similar_customers"


class PearsonUserParams(CustomerSimilarityParams):
    """Parameters of ``pearson_user``."""


def fit(inputs: FitInputs, params: PearsonUserParams) -> DataFrame:
    """One row: one customer with the nearest customers and their evidence (``model.customer_neighbours``, less month).

    Exact up to ``params.exact_up_to`` customers, beyond it among the nearest clusters; see ``similar_customers``.
    Runs small jobs before it returns.
    """
    return customer_neighbours(_histories(inputs, params), collect_products(inputs.read(PRODUCT_PROFILE)), params)


def remark(inputs: FitInputs, fitted: DataFrame, params: PearsonUserParams) -> str:
    """How many of the exact nearest customers were found, where they were not all looked at."""
    histories = _histories(inputs, params)
    customers = histories.count()
    if customers <= params.exact_up_to:
        return f"pearson_user: exact among {customers:,} customers"
    found = neighbour_recall(histories, fitted, collect_products(inputs.read(PRODUCT_PROFILE)), params)
    return f"pearson_user: found {found:.1%} of the exact nearest customers (on a sample; {customers:,} in all)"


def collect_products(products: DataFrame) -> Ints:
    """Positions of the month's products in the order of their IDs: what it knows, whatever other months know.

    Args:
        products: ``gold.product_profile`` of the month.
    """
    rows = products.select("product_id", "product_index").collect()
    return np.array([row["product_index"] for row in sorted(rows)], dtype=np.int64)


def _histories(inputs: FitInputs, params: PearsonUserParams) -> DataFrame:
    """One row: a customer with a history and the customer's index."""
    values = history_values(inputs.read(SCORING_ROWS), params.value)
    return values.join(inputs.read(CUSTOMER_INDEX_TABLE), "customer_id", "inner")


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


def scorer(neighbours: DataFrame, inputs: ScorerInputs, params: PearsonUserParams) -> PearsonUserScorer:
    """The scorer; nothing is read here, what it needs of the fitted rows comes with every batch."""
    return PearsonUserScorer()


SPEC = ModelSpec(
    name="pearson_user",
    table=CUSTOMER_NEIGHBOURS,
    params=PearsonUserParams,
    step="train_pearson",
    reads=(SCORING_ROWS, CUSTOMER_INDEX_TABLE, PRODUCT_PROFILE),
    scorer=scorer,
    fit=fit,
    customers=CUSTOMER_NEIGHBOURS,
    remark=remark,
)
