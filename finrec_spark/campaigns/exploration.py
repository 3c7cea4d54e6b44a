"""Explorers within the month's limits, and what they leave of them for the allocation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.allocation.report import LimitUse
from finrec_spark.campaigns.arms import ArmParams
from finrec_spark.sampling import seed_of
from finrec_spark.transforms.lookup import looked_up


def within_limits(explored: DataFrame, limits: AllocationParams, arms: ArmParams, month: date) -> DataFrame:
    """The explorers' offers as far as every maximum allows; chance, by a hash, says whose are left out.

    Args:
        explored: result of ``arms.exploration_offers``, with ``branch`` and ``cost``.
        limits: of the month.
    """
    draw = (F.xxhash64(F.lit("explores"), seed_of(arms.seed), F.lit(month), "customer_id"), F.col("customer_id"))
    kept = explored
    for column, maxima in _by_column(limits).items():
        place = F.row_number().over(Window.partitionBy(column).orderBy(*draw))
        if maxima:
            allowed = F.coalesce(F.col("place") <= looked_up(column, maxima), F.lit(True))
            kept = kept.withColumn("place", place).where(allowed).drop("place")
    if limits.contacts is not None:
        kept = kept.orderBy(*draw).limit(limits.contacts)
    if limits.budget_yuan is not None:
        spent = F.sum("cost").over(Window.orderBy(*draw).rowsBetween(Window.unboundedPreceding, 0))
        kept = kept.withColumn("spent", spent).where(F.col("spent") <= limits.budget_yuan).drop("spent")
    return kept


@dataclass(frozen=True)
class Used:
    """What explorers use of the month's limits: contacts, yuan, and contacts by channel, branch and product."""

    contacts: int
    yuan: float
    by_channel: Mapping[str, int]
    by_branch: Mapping[str, int]
    by_product: Mapping[str, int]

    def left_of(self, limits: AllocationParams) -> AllocationParams:
        """The limits that are left for the allocation.

        >>> used = Used(2, 1.0, {"sms": 2}, {}, {"card": 1, "loan": 1})
        >>> left = used.left_of(AllocationParams(contacts=5, by_channel={"sms": 2}, product_maximum={"card": 9}))
        >>> left.contacts, left.by_channel, left.product_maximum
        (3, {'sms': 0}, {'card': 8})
        """
        return limits.model_copy(
            update={
                "contacts": None if limits.contacts is None else limits.contacts - self.contacts,
                "budget_yuan": None if limits.budget_yuan is None else max(limits.budget_yuan - self.yuan, 0.0),
                "by_channel": _less(limits.by_channel, self.by_channel),
                "by_branch": _less(limits.by_branch, self.by_branch),
                "product_maximum": _less(limits.product_maximum, self.by_product),
                "product_minimum": _less(limits.product_minimum, self.by_product),
            }
        )

    def with_limits(self, uses: Sequence[LimitUse], limits: AllocationParams) -> tuple[LimitUse, ...]:
        """What explorers and allocation use of the month's limits together.

        >>> used = Used(2, 1.0, {"sms": 2}, {}, {"card": 2})
        >>> least = LimitUse("product card", "minimum", limit=0.0, used=1.0, price_yuan=0.0)
        >>> (both,) = used.with_limits([least], AllocationParams(product_minimum={"card": 1}))
        >>> both.limit, both.used
        (1, 3.0)
        """
        mine = {
            "contacts": self.contacts,
            "budget": self.yuan,
            **{f"channel {name}": n for name, n in self.by_channel.items()},
            **{f"branch {name}": n for name, n in self.by_branch.items()},
            **{f"product {name}": n for name, n in self.by_product.items()},
        }
        least = {f"product {name}": n for name, n in limits.product_minimum.items()}
        return tuple(
            replace(
                use,
                limit=least[use.name] if use.kind == "minimum" else use.limit + mine.get(use.name, 0),
                used=use.used + mine.get(use.name, 0),
            )
            for use in uses
        )


def collect_used(explored: DataFrame) -> Used:
    """What these offers use: as many rows as channels × branches × products."""
    sums = explored.groupBy("channel", "branch", "product_id").agg(F.count("*").alias("n"), F.sum("cost").alias("yuan"))
    rows: pd.DataFrame = sums.toPandas()
    by = {name: rows.groupby(name)["n"].sum().to_dict() for name in ("channel", "branch", "product_id")}
    yuan = float(sum(sorted(rows["yuan"])))
    return Used(int(rows["n"].sum()), yuan, by["channel"], by["branch"], by["product_id"])


def _by_column(limits: AllocationParams) -> dict[str, Mapping[str, int]]:
    return {"channel": limits.by_channel, "branch": limits.by_branch, "product_id": limits.product_maximum}


def _less(limits: Mapping[str, int], used: Mapping[str, int]) -> dict[str, int]:
    return {name: max(limit - used.get(name, 0), 0) for name, limit in limits.items()}
