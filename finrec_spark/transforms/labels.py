"""What customers took in a month: the outcome that recommendations are held against."""

from collections.abc import Collection, Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.months import months_before
from finrec_spark.transforms.splits import event_month, within_month

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


def taken_values(interactions: DataFrame, taken: DataFrame, month: date, event_types: Collection[str]) -> DataFrame:
    """One row: a customer who took something in ``month``, and the money that it was taken with.

    Args:
        interactions: silver interactions.
        taken: ``customer_id``, ``product_id``: result of ``taken_products``.
        month: first day of the month.
        event_types: types that start ownership.

    Returns:
        ``customer_id``, ``value`` (double; 0 where no amount is known).
    """
    opened = within_month(interactions, month).where(F.col("event_type").isin(list(event_types)))
    amounts = opened.select("customer_id", "product_id", "value").join(
        taken, ["customer_id", "product_id"], "left_semi"
    )
    return amounts.groupBy("customer_id").agg(F.coalesce(F.sum("value").cast("double"), F.lit(0.0)).alias("value"))


def event_months(interactions: DataFrame, event_types: Collection[str]) -> DataFrame:
    """One row: one month of interactions, as ``silver.event_months``.

    What it says of a month does not change with what happens later, so a month reads of it what lies before.

    Args:
        interactions: silver interactions.
        event_types: types that start ownership.

    >>> rows = [("2022-01-05", 1, "open"), ("2022-02-03", 1, "open"), ("2022-02-04", 2, "open"), ("2022-02-05", 2, "")]
    >>> events = spark.createDataFrame(rows, "event_time string, customer_id int, event_type string").selectExpr(
    ...     "to_timestamp(event_time) event_time", "customer_id", "'card' product_id", "event_type")
    >>> event_months(events, {"open"}).orderBy("event_month").show()
    +-----------+------+------------+
    |event_month|events|acquisitions|
    +-----------+------+------------+
    | 2022-01-01|     1|           1|
    | 2022-02-01|     3|           1|
    +-----------+------+------------+
    <BLANKLINE>
    """
    month, one = event_month(interactions).alias("event_month"), F.lit(1)
    opened = interactions.where(F.col("event_type").isin(list(event_types)))
    first = opened.groupBy("customer_id", "product_id").agg(F.min(event_month(opened)).alias("event_month"))
    acquired = first.select("event_month", F.lit(0).alias("events"), one.alias("acquisitions"))
    happened = interactions.select(month, one.alias("events"), F.lit(0).alias("acquisitions"))
    counts = (F.sum(name).alias(name) for name in ("events", "acquisitions"))
    return happened.unionByName(acquired).groupBy("event_month").agg(*counts)


def teaching_months(acquisitions: Mapping[date, int], month: date) -> tuple[date, ...]:
    """The newest months before ``month`` whose outcomes can teach, oldest first; at most ``LABEL_MONTHS``.

    In such a month customers took, for the first time, at least ``LEAST_TAKEN`` products, and some history lies before
    it. A month that a bank delivered in part, or in which it sold nothing, is passed over.

    Args:
        acquisitions: month with interactions → products that a customer acquired in it for the first time.
        month: first day of the month being decided.

    >>> teaching_months({date(2022, 1, 1): 90, date(2022, 2, 1): 11, date(2022, 3, 1): 1}, date(2022, 4, 1))
    (datetime.date(2022, 2, 1),)
    """
    known = sorted(of for of in acquisitions if of < month)
    in_time = [of for of in known[1:] if of >= months_before(month, LONGEST_BACK)]
    return tuple([of for of in in_time if acquisitions[of] >= LEAST_TAKEN][-LABEL_MONTHS:])


def with_taken(rows: DataFrame, taken: DataFrame) -> DataFrame:
    """The rows, with ``taken``: positions of the products that the customer took, ascending; empty for none.

    Args:
        rows: ``customer_id``, one row a customer.
        taken: ``customer_id``, ``product_index``.
    """
    lists = taken.groupBy("customer_id").agg(F.array_sort(F.collect_set("product_index")).alias("taken"))
    nothing = F.array().cast("array<int>")
    return rows.join(lists, "customer_id", "left").withColumn("taken", F.coalesce("taken", nothing))
