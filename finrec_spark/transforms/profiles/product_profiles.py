"""Product profiles: each product as the bank knew it before the month."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.months import months_before
from finrec_spark.tables import PRODUCT_PROFILE
from finrec_spark.transforms.eligibility import on_sale
from finrec_spark.transforms.ingest.customers import ALWAYS
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.profiles.delivered import days_back
from finrec_spark.transforms.profiles.events import WINDOWS
from finrec_spark.transforms.splits import before, between

_COUNTS = ("holders", *(f"takers_{days}d" for days in WINDOWS), "takers_same_month")
_UNKNOWN = "unknown"


def product_profiles(
    interactions: DataFrame,
    matrix: DataFrame,
    products: DataFrame,
    positions: DataFrame,
    month: date,
    rules: MatrixParams,
) -> DataFrame:
    """One row: one product of the index that was sold or dealt in before ``month``, whatever came into the index later.

    One that the bank does not know any more has the category ``unknown``.

    Takers are different customers, whatever they took of it before; days count back from the eve of ``month``, day 0.

    Args:
        interactions: silver interactions; what happened on or after ``month`` is not read.
        matrix: the customer-product matrix of ``month``.
        products: silver products.
        positions: ``product_id``, ``product_index``.
        rules: the types that start ownership take a product.

    Returns:
        The columns of ``gold.product_profile`` without ``month``; ``age_days`` is null where the product was
        neither dealt in nor on sale since a known day.
    """
    holders = matrix.where("owned").groupBy("product_id").agg(F.count("*").alias("holders"))
    rows = (
        positions.join(_described(products, month), "product_id", "left")
        .join(_first_days(interactions, month), "product_id", "left")
        .join(_takers(interactions, month, rules), "product_id", "left")
        .join(holders, "product_id", "left")
        .where(F.col("is_known") | F.col("dealt_days").isNotNull())
        .withColumn("category", F.coalesce("category", F.lit(_UNKNOWN)))
        .withColumn("on_sale", F.coalesce("on_sale", F.lit(False)))
        .withColumn("age_days", F.greatest("sold_days", "dealt_days"))
    )
    counts = {name: F.coalesce(F.col(name), F.lit(0)).cast("int") for name in _COUNTS}
    return rows.withColumns(counts).select(*[name for name in PRODUCT_PROFILE.column_names if name != "month"])


def _described(products: DataFrame, month: date) -> DataFrame:
    """One row: a product as it is described, whether it may be taken, whether and since when it was sold."""
    is_known = F.col("valid_from") < F.lit(month)
    sold = F.when(is_known & (F.col("valid_from") > F.lit(ALWAYS)), days_back(month, F.col("valid_from")))
    price = F.col("price").cast("double")
    return products.select(
        "product_id",
        "category",
        "risk_level",
        price.alias("price"),
        is_known.alias("is_known"),
        sold.alias("sold_days"),
        on_sale(month).alias("on_sale"),
    )


def _first_days(interactions: DataFrame, month: date) -> DataFrame:
    """One row: a product and the days since it was first dealt in."""
    first = before(interactions, month).groupBy("product_id").agg(F.min("event_time").alias("first_event"))
    return first.select("product_id", days_back(month, F.col("first_event")).alias("dealt_days"))


def _takers(interactions: DataFrame, month: date, rules: MatrixParams) -> DataFrame:
    """One row: a product's takers of the last year.

    A customer's newest acquisition tells every window that he belongs to, so pairs are enough, and no customer is
    counted twice.
    """
    first = min(month - timedelta(max(WINDOWS)), months_before(month, 12))
    taken = between(interactions, first, month).where(F.col("event_type").isin(list(rules.opening_types)))
    day = F.to_date("event_time")
    pairs = taken.groupBy("product_id", "customer_id").agg(
        F.max(day).alias("taken_day"),
        F.max(_same_month_last_year(day, month)).alias("same_month"),
    )
    age = days_back(month, F.col("taken_day"))
    return pairs.groupBy("product_id").agg(
        *[F.count_if(age < days).alias(f"takers_{days}d") for days in WINDOWS],
        F.count_if("same_month").alias("takers_same_month"),
    )


def _same_month_last_year(day: Column, month: date) -> Column:
    return (day >= F.lit(months_before(month, 12))) & (day < F.lit(months_before(month, 11)))
