"""The scoring pass's rows → the mart's tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.scoring import COUNTS, NOTHING_ELIGIBLE, SCORED


def recommendations(scored: DataFrame, products: DataFrame) -> DataFrame:
    """One row: one recommended product, as ``mart.recommendations`` without month, run and version.

    Args:
        scored: result of ``ranking.scoring.score_customers``.
        products: ``product_id``, ``product_index``.
    """
    chosen = scored.where(F.col("rank").isNotNull())
    placed = chosen.join(F.broadcast(products), "product_index")
    return placed.select("customer_id", "rank", "product_id", "score", "reasons")


def offers(scored: DataFrame, products: DataFrame) -> DataFrame:
    """One row: one product that campaigns may offer to one customer, as ``gold.offers`` without the month.

    Args:
        scored, products: as for ``recommendations``.
    """
    placed = scored.where(F.col("offer_rank").isNotNull()).join(F.broadcast(products), "product_index")
    return placed.select("customer_id", F.col("offer_rank").alias("rank"), "product_id", "score", "listed")


def exclusions(scored: DataFrame, products: DataFrame) -> DataFrame:
    """One row: how many customers one rule kept one product from, or one such customer.

    Returns:
        ``customer_id`` (null where counted), ``product_id``, ``rule``, ``customers``.
    """
    excluded = scored.where(~F.col("rule").isin(*COUNTS))
    placed = excluded.join(F.broadcast(products), "product_index")
    return placed.groupBy("customer_id", "product_id", "rule").agg(F.sum("customers").alias("customers"))


@dataclass(frozen=True)
class ListCounts:
    """What was counted of a month's lists before they are published.

    Attributes:
        scored: customers who were scored.
        listed: customers who got a list.
        rows: products in all lists.
        faults: check → how often it is broken; all 0 in a sound month.
    """

    scored: int
    listed: int
    rows: int
    faults: Mapping[str, int]


def collect_list_counts(scored: DataFrame, rows: DataFrame, catalogue: Catalogue, customers: int) -> ListCounts:
    """What the lists are held against; one aggregation by customer.

    Nobody may be lost: every customer is scored once, and whoever gets no list is one whom the rules kept from every
    product. A list's ranks are 1, 2, 3 … as far as its length, smallest, largest and summed rank can tell. Nothing in
    it is owned, off sale or too risky; that is looked up in the scoring rows again and not in what the pass worked out.

    Args:
        scored: result of ``ranking.scoring.score_customers``.
        rows: the scoring rows that were scored.
        catalogue: the products by position.
        customers: how many customers there are, counted before the joins that the pass reads them through.
    """
    owned = F.filter(F.arrays_zip("product_index", "owned"), lambda held: held["owned"])["product_index"]
    known = rows.select("customer_id", owned.alias("held"), F.col("risk_level").alias("suits"))
    lists = _lists(scored.join(F.broadcast(_product_rules(scored.sparkSession, catalogue)), "product_index", "left"))
    listed = F.count_if(F.col("ranks") > 0).alias("listed")
    faults = [F.count_if(broken).alias(name) for name, broken in _broken(catalogue.rules.risk_where_unknown).items()]
    row = lists.join(known, "customer_id", "left").agg(*map(_total, (*COUNTS, "ranks")), listed, *faults).collect()[0]
    of_customers = {
        "customers_scored": abs(row[SCORED] - customers),
        "listed_or_explained": abs(row["listed"] + row[NOTHING_ELIGIBLE] - row[SCORED]),
        "somebody_listed": 0 if row["listed"] else 1,
    }
    broken = {name: row[name] for name in _broken(0)}
    return ListCounts(row[SCORED], row["listed"], row["ranks"], {**of_customers, **broken})


def _product_rules(spark: SparkSession, catalogue: Catalogue) -> DataFrame:
    """One row a product: ``product_index``, whether it is ``sold``, and its ``risk``."""
    rules = zip(catalogue.rules.on_sale.tolist(), catalogue.rules.risk_level.tolist(), strict=True)
    rows = [(position, sold, risk) for position, (sold, risk) in enumerate(rules)]
    return spark.createDataFrame(rows, "product_index int, sold boolean, risk int")


def _lists(scored: DataFrame) -> DataFrame:
    """One row a customer, and one for the rows that count: what the checks ask of them."""
    counted = [F.sum(F.when(F.col("rule") == rule, F.col("customers"))).alias(rule) for rule in COUNTS]
    ends = (F.min("rank").alias("first"), F.max("rank").alias("last"), F.sum("rank").alias("total"))
    chosen = F.col("rank").isNotNull()
    products = F.collect_list(F.when(chosen, F.col("product_index"))).alias("products")
    risk, unsold = F.max(F.when(chosen, F.col("risk"))), F.count_if(chosen & ~F.coalesce("sold", F.lit(False)))
    of_products = (products, risk.alias("risk"), unsold.alias("unsold"))
    return scored.groupBy("customer_id").agg(*counted, F.count("rank").alias("ranks"), *ends, *of_products)


def _total(column: str) -> Column:
    return F.coalesce(F.sum(column), F.lit(0)).alias(column)


def _broken(risk_where_unknown: int) -> dict[str, Column]:
    """Check → whether one customer's list breaks it; a customer with two lists has one with wrong ranks."""
    is_listed = F.col("ranks") > 0
    whole = (F.col("first") == 1) & (F.col("last") == F.col("ranks"))
    exact = F.col("total") * 2 == F.col("ranks") * (F.col("ranks") + 1)
    suits = F.when(F.col("suits") > 0, F.col("suits")).otherwise(F.lit(risk_where_unknown))
    return {
        "ranks_contiguous": is_listed & ~(whole & exact),
        "products_distinct": F.size(F.array_distinct("products")) < F.size("products"),
        "nothing_owned": F.coalesce(F.arrays_overlap("products", "held"), F.lit(False)),
        "nothing_off_sale": F.col("unsold") > 0,
        "nothing_too_risky": F.coalesce(F.col("risk") > suits, F.lit(False)),
    }
