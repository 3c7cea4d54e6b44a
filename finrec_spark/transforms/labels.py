"""What customers took in a month: the outcome that recommendations are held against."""

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.months import months_before
from finrec_spark.transforms.splits import before, event_month, within_month

LABEL_MONTHS = 2
"""Months whose outcomes teach: the newest calibrates, the others are learned from."""

LEAST_TAKEN = 10
"""Outcomes that teach more than chance."""

LONGEST_BACK = 12
"""Calendar months before the decided one in which outcomes are looked for."""


def taken_products(interactions: DataFrame, matrix: DataFrame, month: date, event_types: Collection[str]) -> DataFrame:
    """One row: a product that a customer took in ``month`` and did not own at its start.

    Args:
        interactions: silver interactions.
        matrix: the customer-product matrix of ``month``.
        month: first day of the month.
        event_types: types that start ownership.

    Returns:
        ``customer_id``, ``product_id``, distinct.
    """
    opened = within_month(interactions, month).where(F.col("event_type").isin(list(event_types)))
    owned = matrix.where("owned").select("customer_id", "product_id")
    pairs = opened.select("customer_id", "product_id").distinct()
    return pairs.join(owned, ["customer_id", "product_id"], "left_anti")


def collect_label_months(interactions: DataFrame, month: date, event_types: Collection[str]) -> tuple[date, ...]:
    """The newest months before ``month`` whose outcomes can teach, oldest first; at most ``LABEL_MONTHS`` rows.

    In such a month customers took, for the first time, at least ``LEAST_TAKEN`` products, and some history lies before
    it. A month that a bank delivered in part, or in which it sold nothing, is passed over.

    Args:
        interactions: silver interactions; what happened on or after ``month`` is not read.
        month: first day of the month being decided.
        event_types: types that start ownership.

    >>> rows = [("2022-01-05", 1), *[("2022-02-03", n) for n in range(11)], ("2022-03-01", 0), ("2022-03-02", 77)]
    >>> events = spark.createDataFrame(rows, "event_time string, customer_id int").selectExpr(
    ...     "to_timestamp(event_time) event_time", "customer_id", "'card' product_id", "'open' event_type")
    >>> collect_label_months(events, date(2022, 4, 1), {"open"})
    (datetime.date(2022, 2, 1),)
    """
    known = before(interactions, month)
    opened = known.where(F.col("event_type").isin(list(event_types)))
    first = opened.groupBy("customer_id", "product_id").agg(F.min(event_month(opened)).alias("label_month"))
    taken = first.groupBy("label_month").agg(F.count("*").alias("taken")).where(F.col("taken") >= LEAST_TAKEN)
    oldest = known.agg(F.min(event_month(known)).alias("oldest"))
    in_time = F.col("label_month") >= F.lit(months_before(month, LONGEST_BACK))
    teaching = taken.crossJoin(F.broadcast(oldest)).where(in_time & (F.col("label_month") > F.col("oldest")))
    newest = teaching.orderBy(F.desc("label_month")).limit(LABEL_MONTHS).collect()
    return tuple(sorted(row["label_month"] for row in newest))


def with_taken(rows: DataFrame, taken: DataFrame) -> DataFrame:
    """The rows, with ``taken``: positions of the products that the customer took, ascending; empty for none.

    Args:
        rows: ``customer_id``, one row a customer.
        taken: ``customer_id``, ``product_index``.
    """
    lists = taken.groupBy("customer_id").agg(F.array_sort(F.collect_set("product_index")).alias("taken"))
    nothing = F.array().cast("array<int>")
    return rows.join(lists, "customer_id", "left").withColumn("taken", F.coalesce("taken", nothing))
