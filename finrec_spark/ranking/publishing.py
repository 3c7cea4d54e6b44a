"""The scoring pass's rows → the mart's tables."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.ranking.scoring import COUNTS, NOTHING_ELIGIBLE, SCORED


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
    excluded = scored.where(~F.col("rule").isin(*COUNTS))
    placed = excluded.join(F.broadcast(products), "product_index")
    return placed.groupBy("customer_id", "product_id", "rule").agg(F.sum("customers").alias("customers"))


def collect_listed(scored: DataFrame, customers: int) -> tuple[int, int]:
    """How many customers were scored, and how many of them got a list; one aggregation by customer.

    Nobody may be lost: every customer is scored once, and whoever gets no list is one whom the rules kept from every
    product. A list's ranks are 1, 2, 3 … as far as its length, smallest, largest and summed rank can tell.

    Args:
        scored: result of ``ranking.scoring.score_customers``.
        customers: how many customers there are, counted before the joins that the pass reads them through.

    Raises:
        DataQualityError: somebody was lost, came twice, or has a list with a gap; or nobody got a list.
    """
    listed = F.count_if(F.col("ranks") > 0).alias("listed")
    row = _lists(scored).agg(*map(_total, COUNTS), listed, _broken()).collect()[0]
    faults = _faults(customers, row[SCORED], row[NOTHING_ELIGIBLE], row["listed"], row["broken"])
    if faults:
        raise DataQualityError(f"mart.recommendations: {'; '.join(faults)}; nothing was published")
    return row[SCORED], row["listed"]


def _lists(scored: DataFrame) -> DataFrame:
    """One row a customer, and one for the rows that count: what the checks ask of them."""
    counted = [F.sum(F.when(F.col("rule") == rule, F.col("customers"))).alias(rule) for rule in COUNTS]
    ends = (F.min("rank").alias("first"), F.max("rank").alias("last"), F.sum("rank").alias("total"))
    return scored.groupBy("customer_id").agg(*counted, F.count("rank").alias("ranks"), *ends)


def _total(rule: str) -> Column:
    return F.coalesce(F.sum(rule), F.lit(0)).alias(rule)


def _broken() -> Column:
    """Lists whose ranks are not 1 … their length; a customer with two lists has one of these."""
    whole = (F.col("first") == 1) & (F.col("last") == F.col("ranks"))
    exact = F.col("total") * 2 == F.col("ranks") * (F.col("ranks") + 1)
    return F.count_if((F.col("ranks") > 0) & ~(whole & exact)).alias("broken")


def _faults(customers: int, scored: int, nothing_eligible: int, listed: int, broken: int) -> list[str]:
    checks = (
        (scored == customers, f"{customers:,} customers, {scored:,} of them scored"),
        (
            listed + nothing_eligible == scored,
            f"{scored:,} scored, but {listed:,} lists and {nothing_eligible:,} customers with nothing eligible",
        ),
        (broken == 0, f"{broken:,} lists whose ranks are not 1, 2, 3 …"),
        (listed > 0, "nobody got a list"),
    )
    return [fault for holds, fault in checks if not holds]
