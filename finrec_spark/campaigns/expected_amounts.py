"""Purchases → the money that a product is expected to be taken with."""

from datetime import date, timedelta

from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.campaigns.measurement.outcomes import purchases
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.params import Params
from finrec_spark.transforms.splits import between


class AmountParams(Params):
    """How a product's amount is learned."""

    days: int = Field(365, ge=1, description="Days before the month whose purchases count")
    strength: float = Field(10, gt=0, description="Purchases that count as much as the mean of the product's category")
    least: int = Field(500, ge=1, description="Purchases without which everyone is expected to spend alike")
    boosting: BoostingParams = Field(
        BoostingParams(leaves=8, minimum_rows=50),
        description="Trees of the factor by which a customer's amounts differ from others'",
    )


def expected_amounts(
    interactions: DataFrame, products: DataFrame, month: date, measure: MeasureParams, params: AmountParams
) -> DataFrame:
    """One row: one product's mean amount, shrunk to its category's, and that to all products'.

        (Σ amounts + k · mean of the category) ÷ (n + k)

    Args:
        interactions: silver interactions; a purchase without an amount of the currency does not count.
        products: ``product_id``, ``category``.
        month: first day of the month that is decided; nothing of it is read.
        measure: which interactions bring money, and in what currency.
        params: days and k.

    Returns:
        ``product_id``, ``category``, ``acquisitions`` (n), ``amount`` (yuan; 0 where no product has any).

    >>> from datetime import datetime
    >>> events = [("loan", 100.0), ("loan", 300.0), ("card", 50.0)]
    >>> interactions = spark.createDataFrame([(p, "buy", datetime(2022, 5, 3), v, "CNY") for p, v in events],
    ...     "product_id string, event_type string, event_time timestamp, value double, currency string")
    >>> categories = [("loan", "a"), ("card", "b"), ("bond", "a")]
    >>> products = spark.createDataFrame(categories, "product_id string, category string")
    >>> rows = expected_amounts(interactions, products, date(2022, 6, 1), MeasureParams(), AmountParams(strength=2))
    >>> rows.withColumn("amount", F.round("amount", 2)).orderBy("product_id").show()
    +----------+--------+------------+------+
    |product_id|category|acquisitions|amount|
    +----------+--------+------------+------+
    |      bond|       a|           0| 175.0|
    |      card|       b|           1| 94.44|
    |      loan|       a|           2| 187.5|
    +----------+--------+------------+------+
    <BLANKLINE>
    """
    first = month - timedelta(days=params.days)
    bought = between(purchases(interactions, measure), first, month).where("amount > 0")
    sums = bought.groupBy("product_id").agg(F.count("*").alias("n"), F.sum("amount").cast("double").alias("total"))
    of_products = products.select("product_id", "category").join(sums, "product_id", "left").fillna(0)
    strength, everyone, category = F.lit(params.strength), Window.partitionBy(), Window.partitionBy("category")
    mean = F.coalesce(F.sum("total").over(everyone) / F.sum("n").over(everyone), F.lit(0.0))
    of_category = (F.sum("total").over(category) + strength * mean) / (F.sum("n").over(category) + strength)
    amount = (F.col("total") + strength * of_category) / (F.col("n") + strength)
    return of_products.select(
        "product_id", "category", F.col("n").alias("acquisitions"), F.round(amount, 6).alias("amount")
    )


def collect_amounts(amounts: DataFrame) -> dict[str, float]:
    """Yuan by product, from the month's rows of ``model.expected_amounts``: as many as products."""
    return {row["product_id"]: row["amount"] for row in amounts.select("product_id", "amount").collect()}
