"""The scoring pass's rows → the mart's tables."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError


def recommendations(scored: DataFrame, products: DataFrame) -> DataFrame:
    """One row: one recommended product, as ``mart.recommendations`` without month, run and version.

    Args:
        scored: result of ``ranking.scoring.score_customers``.
        products: ``product_id``, ``product_index``.
    """
    chosen = scored.where(F.col("rule").isNull())
    placed = chosen.join(F.broadcast(products), "product_index")
    return placed.select("customer_id", "rank", "product_id", "score", "reasons")


def exclusions(scored: DataFrame, products: DataFrame) -> DataFrame:
    """One row: how many customers one rule kept one product from, or one such customer.

    Returns:
        ``customer_id`` (null where counted), ``product_id``, ``rule``, ``customers``.
    """
    excluded = scored.where(F.col("rule").isNotNull())
    placed = excluded.join(F.broadcast(products), "product_index")
    return placed.groupBy("customer_id", "product_id", "rule").agg(F.sum("customers").alias("customers"))


def checked_customers(scored: DataFrame, rows: DataFrame) -> int:
    """The number of customers who got a list.

    A customer for whom no product is eligible gets none, and is counted by the exclusions alone.

    Raises:
        DataQualityError: nobody got a list, or more customers came out than went in.
    """
    first = scored.where(F.col("rule").isNull() & (F.col("rank") == 1))
    listed, known = first.count(), rows.count()
    if listed == 0 or listed > known:
        raise DataQualityError(
            f"mart.recommendations: {known:,} customers went in, {listed:,} got a list; nothing was published"
        )
    return listed
