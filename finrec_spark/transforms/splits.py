"""Interactions → what a model may learn from, and what it is measured on."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def before(interactions: DataFrame, month: date) -> DataFrame:
    """One row: one interaction that was known when ``month`` began; the month rule.

    Args:
        interactions: ``event_time`` and any other columns.
        month: the month's first day; its midnight already belongs to the month.
    """
    return interactions.where(F.col("event_time") < F.lit(month))


def within_month(interactions: DataFrame, month: date) -> DataFrame:
    """One row: one interaction of the calendar month that begins on ``month``; disjoint from ``before``."""
    begun = F.col("event_time") >= F.lit(month)
    over = F.col("event_time") >= F.add_months(F.lit(month), 1)
    return interactions.where(begun & ~over)


def folds(interactions: DataFrame, n: int, seed: int) -> DataFrame:
    """One row: one interaction with its ``fold`` of a cross-validation.

    A fold that is given is kept, whatever its number. Where none is, it is
    xxhash64(seed, event_id) mod n: the same for the same event however the rows are partitioned
    or ordered, and near 1/n of the rows each (± a few √rows).

    Args:
        interactions: ``event_id`` and, where the source gave it, ``fold`` (int, null: none given).
        n: number of folds to make, 0 … n-1; at least 2.
        seed: another seed deals the events out anew.

    >>> given = spark.createDataFrame([("e1", 4), ("e2", None)], "event_id string, fold int")
    >>> folds(given, n=5, seed=0).show()
    +--------+----+
    |event_id|fold|
    +--------+----+
    |      e1|   4|
    |      e2|   1|
    +--------+----+
    <BLANKLINE>
    """
    made = F.pmod(F.xxhash64(F.lit(seed).cast("bigint"), "event_id"), F.lit(n)).cast("int")
    if "fold" not in interactions.columns:
        return interactions.withColumn("fold", made)
    return interactions.withColumn("fold", F.coalesce("fold", made))
