"""What each target brought → the sums that every figure is made of, in one pass.

Money is added up in whole cents, as decimals: the sums are the same to the digit in any order.
"""

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

CELL = ("campaign_id", "product_id", "channel", "segment", "stratum", "exploration", "control_share", "arm", "taken")
"""Who is added up together."""

COUNTS = ("units", "contacted", "active")
_AMOUNTS = {"yuan": "yuan", "capped": "capped_yuan", "baseline": "baseline_yuan"}
PRODUCTS = {
    "yuan_squares": ("yuan", "yuan"),
    "capped_squares": ("capped", "capped"),
    "baseline_squares": ("baseline", "baseline"),
    "yuan_baseline": ("yuan", "baseline"),
    "capped_baseline": ("capped", "baseline"),
}
"""Sums of products: which two amounts each multiplies."""

SUMS = (*_AMOUNTS, *PRODUCTS)
_CENTS = "decimal(18,0)"  # a product of two fits into Spark's 38 digits, and the sum of a hundred million of them
_STEPS = 100  # quantiles are read from steps of 1 %, so that a group keeps few distinct values


def winsorised(outcomes: DataFrame, quantile: float) -> DataFrame:
    """One row: one outcome, with the largest amounts cut to their campaign's limit.

    The limit is that ``quantile`` of the amounts above zero, over all arms, rounded up to a step of 1 %. The money
    before the campaign, which only explains differences, is used in its cut form alone.

    Args:
        outcomes: ``campaign_id``, ``yuan``, ``baseline_yuan`` and any other columns; read twice.

    Returns:
        The columns, with ``capped_yuan`` beside ``yuan``, and ``baseline_yuan`` cut.
    """
    limits = outcomes.groupBy("campaign_id").agg(
        _limit("yuan", quantile).alias("yuan_limit"), _limit("baseline_yuan", quantile).alias("baseline_limit")
    )
    cut = outcomes.join(F.broadcast(limits), "campaign_id", "left")
    return (
        cut.withColumn("capped_yuan", _cut("yuan", "yuan_limit"))
        .withColumn("baseline_yuan", _cut("baseline_yuan", "baseline_limit"))
        .drop("yuan_limit", "baseline_limit")
    )


def sufficient_statistics(outcomes: DataFrame) -> DataFrame:
    """One row: the sums of one cell, that is of all targets that agree in ``CELL``.

    Args:
        outcomes: as ``winsorised`` returns it.

    Returns:
        ``CELL``; ``units``, ``contacted`` and ``active`` (bigint): targets, those that a message reached, those with
        money before the campaign; and each of ``SUMS`` (decimal(38,0)): Σ in cents, or in cents² of the products.
    """
    cents = outcomes.select(
        *CELL,
        "contacted",
        *[(F.col(amount) * 100).cast(_CENTS).alias(name) for name, amount in _AMOUNTS.items()],
    )
    counts = {
        "units": F.count("*"),
        "contacted": F.count_if("contacted"),
        "active": F.count_if(F.col("baseline") > 0),
    }
    sums = {name: F.sum(name) for name in _AMOUNTS}
    products = {name: F.sum(F.col(left) * F.col(right)) for name, (left, right) in PRODUCTS.items()}
    every_sum = [total.cast("decimal(38,0)").alias(name) for name, total in (sums | products).items()]
    return cents.groupBy(*CELL).agg(*[count.alias(name) for name, count in counts.items()], *every_sum)


def collect_statistics(outcomes: DataFrame, quantile: float) -> pd.DataFrame:
    """The cells' sums in yuan and yuan², in the order of ``CELL``; as many rows as there are cells.

    Args:
        outcomes: as ``outcomes.campaign_outcomes`` returns it; read twice, so worth persisting.
    """
    cells: pd.DataFrame = sufficient_statistics(winsorised(outcomes, quantile)).toPandas()
    cells[list(COUNTS)] = cells[list(COUNTS)].astype(np.float64)
    cells[list(_AMOUNTS)] = cells[list(_AMOUNTS)].astype(np.float64) / 100
    cells[list(PRODUCTS)] = cells[list(PRODUCTS)].astype(np.float64) / 100**2
    return cells.sort_values(list(CELL), ignore_index=True)


def _limit(amount: str, quantile: float) -> Column:
    step = F.when(F.col(amount) > 0, F.ceil(F.log(amount) * _STEPS))
    return F.exp(F.ceil(F.percentile(step, quantile)) / _STEPS)


def _cut(amount: str, limit: str) -> Column:
    """The amount, at most the limit; the amount itself where there is no limit."""
    return F.round(F.least(F.col(amount).cast("double"), limit), 2).cast("decimal(18,2)")
