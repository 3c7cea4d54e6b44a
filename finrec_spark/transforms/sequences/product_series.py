"""Product time series: what became of each product month by month."""

from collections.abc import Collection
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.months import months_before
from finrec_spark.transforms.ingest.parsing import clean
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.numerals import as_percentage
from finrec_spark.transforms.splits import before, event_month

SPANS = (1, 3, 12)
"""Calendar months before a cut that a figure of the series is looked at over."""


def product_series(
    interactions: DataFrame,
    products: DataFrame,
    positions: DataFrame,
    month: date,
    rules: MatrixParams,
    outflows: Collection[str],
    months: int,
    rate: str,
) -> DataFrame:
    """One row: a product of the index in each of the last ``months`` calendar months before ``month``.

    - ``price``: the median amount that the product was taken with in the month; where it was not taken, that of the
      newest month in which it was, however long ago; before the first, the delivered price. Ratings are no amounts.
    - ``change``: the price's return since the month before, 0.1 for ten per cent; null where one of both is not known
      from what was taken, or the earlier is 0.
    - ``rate``: the delivered interest rate, a number with or without %; the bank delivers no history of it.
    - ``buys``: how often it was taken; ``sells``: how often it was given back, at least in part; ``amount``: money
      that it was taken with, in whole cents before they become a double.
    - ``holders``: customers who hold it at the month's end.

    Args:
        interactions: silver interactions; what happened on or after ``month`` is not read.
        products: silver products.
        positions: ``product_id`` of the index.
        rules: which types start and end ownership and which are ratings.
        outflows: types that give back beside those that end ownership.
        rate: name of the delivered column with the interest rate.

    Returns:
        ``product_id`` and ``series``, oldest month first, as ``gold.product_series``.
    """
    known = before(interactions, month).withColumn("in_month", event_month(interactions))
    price, delivered_rate = F.col("price").cast("double"), as_percentage(clean(F.col("attributes")[rate]))
    delivered = products.select("product_id", price.alias("delivered"), delivered_rate.alias("rate"))
    first = months_before(month, months)
    grid = positions.select("product_id", _months(first, month).alias("in_month"))
    rows = (
        grid.unionByName(_days_before_window(known, first))
        .join(_sums(known, rules, outflows), ["product_id", "in_month"], "left")
        .join(_net_holders(known, rules), ["product_id", "in_month"], "left")
        .join(F.broadcast(delivered), "product_id", "left")
    )
    series = _running(rows).where(F.col("in_month") >= F.lit(first))
    lists = series.groupBy("product_id").agg(F.array_sort(F.collect_list(_entry())).alias("series"))
    return positions.select("product_id").join(lists, "product_id").select("product_id", "series")


def _months(first: date, month: date) -> Column:
    """The calendar months from ``first`` to the one before ``month``."""
    last = months_before(month, 1)
    return F.explode(F.sequence(F.lit(first), F.lit(last), F.expr("interval 1 month")))


def _days_before_window(known: DataFrame, first: date) -> DataFrame:
    """One row: a product in an older month in which something happened."""
    return known.where(F.col("in_month") < F.lit(first)).select("product_id", "in_month").distinct()


def _sums(known: DataFrame, rules: MatrixParams, outflows: Collection[str]) -> DataFrame:
    """One row: what was done with a product in a month."""
    opens = F.col("event_type").isin(list(rules.opening_types))
    gives_back = F.col("event_type").isin([*rules.closing_types, *outflows])
    cents = F.rint(F.col("value").cast("double") * 100).cast("long")
    taken = F.when(opens & ~F.col("event_type").isin(list(rules.rating_types)), cents)
    return known.groupBy("product_id", "in_month").agg(
        F.count_if(opens).cast("int").alias("buys"),
        F.count_if(gives_back).cast("int").alias("sells"),
        F.coalesce(F.sum(taken), F.lit(0)).alias("cents"),
        F.percentile(taken, 0.5).alias("median_cents"),
    )


def _net_holders(known: DataFrame, rules: MatrixParams) -> DataFrame:
    """One row: by how much the number of a product's holders grew in a month.

    The newest event that starts or ends ownership decides, an opening before a closing at the same instant.
    """
    deciding = [*rules.opening_types, *rules.closing_types]
    opens = F.col("event_type").isin(list(rules.opening_types)).cast("long")
    state = F.max(F.unix_micros("event_time") * 2 + opens)
    ends = (
        known.where(F.col("event_type").isin(deciding))
        .groupBy("customer_id", "product_id", "in_month")
        .agg(F.pmod(state, F.lit(2)).alias("holds"))
    )
    of_pair = Window.partitionBy("customer_id", "product_id").orderBy("in_month")
    grown = F.col("holds") - F.coalesce(F.lag("holds").over(of_pair), F.lit(0))
    changes = ends.select("product_id", "in_month", grown.alias("grown"))
    return changes.groupBy("product_id", "in_month").agg(F.sum("grown").alias("grown"))


def _running(rows: DataFrame) -> DataFrame:
    """The rows with what follows from the months before: holders, price and its change."""
    by_month = Window.partitionBy("product_id").orderBy("in_month")
    so_far = by_month.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    implied = F.last("median_cents", ignorenulls=True).over(so_far) / 100
    priced = rows.withColumns(
        {
            "holders": F.sum(F.coalesce("grown", F.lit(0))).over(so_far).cast("int"),
            "implied": implied,
            "price": F.coalesce(implied, "delivered"),
        }
    )
    earlier = F.lag("implied").over(by_month)
    return priced.withColumn("change", F.when(earlier > 0, F.col("implied") / earlier - 1))


def _entry() -> Column:
    """A month of the series."""
    return F.struct(
        F.col("in_month").alias("month"),
        "price",
        "change",
        "rate",
        F.coalesce("buys", F.lit(0)).alias("buys"),
        F.coalesce("sells", F.lit(0)).alias("sells"),
        "holders",
        (F.coalesce("cents", F.lit(0)) / 100).alias("amount"),
    )
