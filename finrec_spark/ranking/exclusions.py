"""Which products a customer may not be offered, and which rule says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Row

from finrec_spark.arrays import Ints
from finrec_spark.models.scorer import CustomerBatch

RULES = ("not_on_sale", "owned", "risk_too_high")
"""In the order in which they are tried; the first that applies is the one that is reported."""


@dataclass(frozen=True)
class ProductRules:
    """What the rules know of the P products.

    Attributes:
        on_sale: whether the product may be taken in the month.
        risk_level: product risk, 1 to 5; 0 where it is unknown, which suits everyone.
        risk_where_unknown: highest risk that suits a customer without a risk level.
    """

    on_sale: NDArray[np.bool_]
    risk_level: Ints
    risk_where_unknown: int

    def excluded(self, batch: CustomerBatch) -> NDArray[np.uint8]:
        """B × P: 0 where the product may be offered, else 1 + position in ``RULES`` of the rule that forbids it."""
        limit = np.where(batch.risk_level > 0, batch.risk_level, self.risk_where_unknown)
        rule = np.where(self.risk_level[None, :] > limit[:, None], 3, 0).astype(np.uint8)
        rows = np.repeat(np.arange(batch.size), np.diff(batch.owned.indptr))
        rule[rows, batch.owned.indices] = 2
        rule[:, ~self.on_sale] = 1
        return rule


def product_rules(products: Sequence[Row], risk_where_unknown: int) -> ProductRules:
    """Rules from product rows in the order of their positions (``on_sale``, ``risk_level``)."""
    return ProductRules(
        on_sale=np.array([bool(row["on_sale"]) for row in products], dtype=bool),
        risk_level=np.array([row["risk_level"] or 0 for row in products], dtype=np.int64),
        risk_where_unknown=risk_where_unknown,
    )


def rule_counts(excluded: NDArray[np.uint8]) -> tuple[Ints, Ints, Ints]:
    """Rule position, product position and number of customers, where that number is above 0."""
    counts = np.stack([(excluded == code).sum(axis=0) for code in range(1, len(RULES) + 1)])
    rule, product = np.nonzero(counts)
    return rule, product, counts[rule, product]
