"""What each customer bought, and from which day on it was known.

Days are whole numbers since 1970-01-01. At a date t, what has a known day of at most t is the past.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.evaluation.backtest.pasts import Pasts, pasts_of, ranges

EVENTS = "array<struct<known_day:int,product_index:int,first:boolean>>"

_BUYERS_DDL = f"day int, customer_id string, events {EVENTS}, wait int"

Batches = Iterable[pa.RecordBatch]


def known_buys(buys: DataFrame, approximate: DataFrame, products: DataFrame) -> DataFrame:
    """One row: one customer who bought one product on one day, and from when on that was known.

    A buy on a day is known from the day after; a first buy that lies somewhere before its day, on that day.

    Args:
        buys: ``customer_id``, ``product_id``, ``day`` (date); repeats on a day count once.
        approximate: ``customer_id``, ``product_id`` whose first buy lies somewhere before its day.
        products: ``product_id``, ``product_index``.

    Returns:
        ``customer_id``, ``product_index``, ``known_day``, ``first`` (whether it is the first of the product).

    >>> buys = spark.createDataFrame([("ann", "card", "1970-01-03"), ("ann", "card", "1970-01-05")],
    ...     "customer_id string, product_id string, day string").withColumn("day", F.to_date("day"))
    >>> approximate = spark.createDataFrame([("ann", "card")], "customer_id string, product_id string")
    >>> products = spark.createDataFrame([("card", 0)], "product_id string, product_index int")
    >>> known_buys(buys, approximate, products).orderBy("known_day").show()
    +-----------+-------------+---------+-----+
    |customer_id|product_index|known_day|first|
    +-----------+-------------+---------+-----+
    |        ann|            0|        2| true|
    |        ann|            0|        5|false|
    +-----------+-------------+---------+-----+
    <BLANKLINE>
    """
    pair = ["customer_id", "product_id"]
    marked = approximate.select(*pair).distinct().withColumn("is_approximate", F.lit(True))
    days = F.array_sort(F.collect_set(F.unix_date("day"))).alias("days")
    each_day = (
        buys.groupBy(*pair)
        .agg(days)
        .join(marked, pair, "left")
        .join(F.broadcast(products), "product_id", "inner")
        .select("customer_id", "product_index", "is_approximate", F.posexplode("days").alias("place", "day"))
    )
    first = F.col("place") == 0
    wait = F.when(first & F.col("is_approximate"), 0).otherwise(1)
    return each_day.select(
        "customer_id", "product_index", (F.col("day") + wait).alias("known_day"), first.alias("first")
    )


def buy_histories(known: DataFrame) -> DataFrame:
    """One row: all that one customer ever bought; ``customer_id`` and ``events``, ascending by known day and product.

    Args:
        known: result of ``known_buys``.
    """
    events = F.array_sort(F.collect_list(F.struct("known_day", "product_index", "first")))
    return known.groupBy("customer_id").agg(events.cast(EVENTS).alias("events"))


def until(histories: DataFrame, day: int) -> DataFrame:
    """The histories as they were known at a date; ``events`` may be empty."""
    return histories.withColumn("events", F.filter("events", lambda event: event["known_day"] <= day))


def buyers_at(histories: DataFrame, days: Sequence[int], horizons_days: Sequence[int], most: int) -> DataFrame:
    """One row: one customer at one date who bought something new within the longest horizon after it.

    Of more than ``most`` buyers within a horizon a sample stays, drawn from those buyers alone: what happens after the
    horizon does not change who is in it.

    Args:
        histories: ``customer_id``, ``events``.
        days: the dates.
        horizons_days: lengths of the time after each date.
        most: customers a date and horizon.

    Returns:
        ``day``, ``customer_id``, ``events``, ``draw`` (bigint, the sample's order), ``wait`` (days to the first new
        buy).
    """
    soon = histories.select("customer_id", "events").mapInArrow(
        _buyers(np.asarray(days), max(horizons_days)), _BUYERS_DDL
    )
    drawn = F.struct(F.xxhash64("day", "customer_id").alias("draw"), "customer_id", "wait", "events")
    of_date = soon.groupBy("day").agg(F.array_sort(F.collect_list(drawn)).alias("buyers"))
    samples = [F.slice(F.filter("buyers", _within(horizon)), 1, most) for horizon in horizons_days]
    kept = of_date.select("day", F.inline(F.array_distinct(F.concat(*samples))))
    return kept.select("day", "customer_id", "events", "draw", "wait")


def _buyers(days: Ints, horizon_days: int) -> Callable[[Batches], Batches]:
    def buyers(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            customer, place, wait = dates_before_buys(pasts_of(batch["events"], 0), days, horizon_days)
            rows = batch.take(pa.array(customer))
            columns = [pa.array(days[place].astype(np.int32)), *rows.columns, pa.array(wait.astype(np.int32))]
            yield pa.RecordBatch.from_arrays(columns, names=["day", "customer_id", "events", "wait"])

    return buyers


def dates_before_buys(pasts: Pasts, days: Ints, horizon_days: int) -> tuple[Ints, Ints, Ints]:
    """Customer, place of the date, and days to the first new buy, of every date that a new buy follows soon enough.

    Args:
        pasts: all that the customers bought.
        days: the dates, ascending.
        horizon_days: the time after a date; a buy known on the date itself does not follow it.
    """
    new = pasts.where(pasts.first)
    start, stop = (np.searchsorted(days, new.known_day - back) for back in (horizon_days, 0))
    buy, place = ranges(start, stop)
    customer = new.customer[buy]
    soonest = np.unique(customer * len(days) + place, return_index=True)[1]  # buys are in the order of their days
    return customer[soonest], place[soonest], new.known_day[buy[soonest]] - days[place[soonest]]


def _within(horizon_days: int) -> Callable[[Column], Column]:
    return lambda buyer: buyer["wait"] <= horizon_days
