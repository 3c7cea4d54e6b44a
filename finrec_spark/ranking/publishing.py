"""The scoring pass's rows → the mart's tables."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.ranking.scoring import SCORED


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
    excluded = scored.where(F.col("rule") != SCORED)
    placed = excluded.join(F.broadcast(products), "product_index")
    return placed.groupBy("customer_id", "product_id", "rule").agg(F.sum("customers").alias("customers"))


def collect_listed(scored: DataFrame) -> tuple[int, int]:
    """How many customers were scored, and how many of them got a list.

    A customer for whom no product is eligible gets none, and is counted by the exclusions alone.

    Raises:
        DataQualityError: nobody got a list, or somebody got two.
    """
    first = F.col("rule").isNull() & (F.col("rank") == 1)
    row = scored.agg(
        F.coalesce(F.sum(F.when(F.col("rule") == SCORED, F.col("customers"))), F.lit(0)).alias("scored"),
        F.count_if(first).alias("listed"),
        F.count_distinct(F.when(first, F.col("customer_id"))).alias("distinct"),
    ).collect()[0]
    if row["listed"] == 0 or row["listed"] > row["distinct"]:
        raise DataQualityError(
            f"mart.recommendations: {row['scored']:,} customers were scored, {row['distinct']:,} of them got"
            f" {row['listed']:,} lists; nothing was published"
        )
    return row["scored"], row["listed"]
