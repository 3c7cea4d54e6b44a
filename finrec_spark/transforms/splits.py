"""Interactions → what a model may learn from, and what it is measured on."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.months import month_after
from finrec_spark.sampling import bucket, seed_of


def before(rows: DataFrame, month: date, time: str = "event_time") -> DataFrame:
    """One row: one interaction, or another row, that was known when ``month`` began; the month rule.

    Of a table partitioned by ``event_month`` only the months before are read.

    Args:
        rows: ``time`` (a timestamp or a day) and any other columns; where it is null the row was not known.
        month: the month's first day; its midnight already belongs to the month.
        time: the column that says when the row became known.
    """
    known = rows.where(F.col(time) < F.lit(month))
    return known.where(F.col("event_month") < F.lit(month)) if _is_partitioned(rows) else known


def between(interactions: DataFrame, first: date, month: date) -> DataFrame:
    """One row: one interaction from the day ``first`` on that was known when ``month`` began."""
    begun = interactions.where(F.col("event_time") >= F.lit(first))
    in_time = begun.where(F.col("event_month") >= F.lit(first.replace(day=1))) if _is_partitioned(begun) else begun
    return before(in_time, month)


def within_month(interactions: DataFrame, month: date) -> DataFrame:
    """One row: one interaction of the calendar month that begins on ``month``; disjoint from ``before``."""
    return between(interactions, month, month_after(month))


def event_month(interactions: DataFrame) -> Column:
    """First day of the month that each interaction happened in: the partition, or made from the event's time."""
    return F.col("event_month") if _is_partitioned(interactions) else F.trunc("event_time", "month")


def numbered_month(time: str) -> Column:
    """``months.month_number`` of the month that the column's day or time lies in."""
    return F.year(time) * 12 + F.month(time) - 1


def _is_partitioned(interactions: DataFrame) -> bool:
    return "event_month" in interactions.columns


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
    made = bucket(n, seed_of(seed), "event_id")
    if "fold" not in interactions.columns:
        return interactions.withColumn("fold", made)
    return interactions.withColumn("fold", F.coalesce("fold", made))
