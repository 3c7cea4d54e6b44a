"""Seconds of the similarity models on made-up histories; argument: products, exact, clusters or screened.

screened: the nearest customers of one cluster with and without screening, in turn, without Spark.
"""

import sys
import time
from unittest import mock

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.models.neighbours import similar_customers
from finrec_spark.models.neighbours.recall import neighbour_recall
from finrec_spark.models.neighbours.similar_customers import (
    CustomerSimilarityParams,
    customer_neighbours,
    neighbourhood,
)
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
    found = customer_neighbours(histories, np.arange(n_products), params).persist()
    rows = found.count()
    print(f"customers: {n:,} × {n_products} × {entries}: {time.perf_counter() - start:.1f} s, {rows} rows", flush=True)
    start = time.perf_counter()
    recall = neighbour_recall(histories, found, np.arange(n_products), params)
    print(f"recall {recall:.4f}, measured in {time.perf_counter() - start:.1f} s")


def screened(customers: int, n_products: int, queries: int) -> None:
    """Print the CPU seconds of both ways, three times in turn, and whether they find the same."""
    rng = np.random.default_rng(0)
    held = rng.random((customers, n_products)) < np.minimum(0.9, 2.0 / np.arange(1, n_products + 1))
    histories, own = csr_matrix(held * (rng.random(held.shape) + 0.1)), np.arange(queries)
    for _ in range(3):
        ways = {}
        for name, most_dense in (("screened", similar_customers.MOST_DENSE), ("all pairs", 0)):
            with mock.patch.object(similar_customers, "MOST_DENSE", most_dense):
                start = time.process_time()
                found = [part for _, part in neighbourhood(histories, own, CustomerSimilarityParams())]
                seconds = time.process_time() - start
            ways[name] = (seconds, np.concatenate([part.reference for part in found]))
        (one, near), (other, exact) = ways.values()
        told = f"{queries} of {customers:,} customers × {n_products}: {one:.3f} s screened, {other:.3f} s all pairs"
        print(f"{told} ({one / other:.2f}); {'the same' if np.array_equal(near, exact) else 'other'} neighbours")


if __name__ == "__main__":
    if sys.argv[1] == "screened":
        screened(8_000, 120, 500)
        screened(16_000, 833, 500)
        sys.exit()
    session = SparkSession.builder.config("spark.sql.execution.arrow.pyspark.enabled", "true").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    if sys.argv[1] == "products":
        products(session)
    elif sys.argv[1] == "exact":
        customers(session, 29_000, 800, 4)
    else:
        customers(session, 200_000, 200, 10)
