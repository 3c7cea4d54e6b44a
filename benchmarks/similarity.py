"""Seconds of the similarity models on made-up histories; argument: products, exact or clusters."""

import sys
import time

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.models.neighbours.recall import neighbour_recall
from finrec_spark.models.neighbours.similar_customers import CustomerSimilarityParams, customer_neighbours
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.models.neighbours.similarity import SimilarityParams

KINDS = 30


def made_up_histories(spark: SparkSession, customers: int, n_products: int, entries: int) -> DataFrame:
    """One row a customer of one of ``KINDS`` kinds, with about ``entries`` products, few of which are popular."""
    kind = F.col("id") % KINDS
    drawn = F.transform(F.sequence(F.lit(1), F.lit(entries)), lambda draw: _product(kind, draw, n_products))
    products = F.array_sort(F.array_distinct(drawn))
    value = F.transform("product_index", lambda product: _fraction(F.col("customer_index"), product) * 2 + 0.5)
    return (
        spark.range(customers, numPartitions=8)
        .select(
            F.col("id").cast("string").alias("customer_id"),
            F.col("id").cast("int").alias("customer_index"),
            products.alias("product_index"),
        )
        .withColumn("value", value)
    )


def _product(kind: Column, draw: Column, n_products: int) -> Column:
    """Half of the products are drawn from everyone's favourites, half from those of the kind."""
    favourite = F.pow(_fraction(F.col("id"), draw), F.lit(3.0)) * n_products
    shift = F.when(draw % 2 == 0, kind * F.lit(n_products / KINDS)).otherwise(0)
    return F.pmod(F.floor(favourite + shift), F.lit(n_products)).cast("int")


def _fraction(*columns: Column) -> Column:
    return F.pmod(F.xxhash64(*columns), F.lit(1_000_003)) / 1_000_003


def products(spark: SparkSession) -> None:
    histories = made_up_histories(spark, 1_000_000, 200, 10).persist()
    histories.count()
    ids = [f"p{p:03}" for p in range(200)]
    for over in ("all", "co_rated"):
        start = time.perf_counter()
        rows = product_neighbours(histories, ids, "pearson", SimilarityParams(over=over, minimum_support=3)).count()
        print(f"products, over {over}: 1,000,000 × 200 × 10: {time.perf_counter() - start:.1f} s, {rows} rows")


def customers(spark: SparkSession, n: int, n_products: int, entries: int) -> None:
    histories = made_up_histories(spark, n, n_products, entries).persist()
    histories.count()
    params = CustomerSimilarityParams()
    start = time.perf_counter()
    found = customer_neighbours(histories, n_products, params).persist()
    rows = found.count()
    print(f"customers: {n:,} × {n_products} × {entries}: {time.perf_counter() - start:.1f} s, {rows} rows", flush=True)
    start = time.perf_counter()
    recall = neighbour_recall(histories, found, n_products, params)
    print(f"recall {recall:.4f}, measured in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    session = SparkSession.builder.config("spark.sql.execution.arrow.pyspark.enabled", "true").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    if sys.argv[1] == "products":
        products(session)
    elif sys.argv[1] == "exact":
        customers(session, 29_000, 800, 4)
    else:
        customers(session, 200_000, 200, 10)
