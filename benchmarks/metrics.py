"""Seconds and the driver's greatest memory of the ranking metrics on many lists, at two sizes, to see that it is flat.

    .venv/bin/python benchmarks/metrics.py [ROWS]

ROWS (20,000,000) recommendations in lists of ten against a quarter as many purchases by half of the customers;
a tenth of the size first. Two cores. Needs the development environment.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
from profile_job import table
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.evaluation.list_contents import coverage_metrics
from finrec_spark.evaluation.metrics import mean_metrics, per_customer_metrics

LENGTH, PRODUCTS, BOUGHT = 10, 200, 5
SETTINGS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "16",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def main(argv: Sequence[str]) -> int:
    """Measure a tenth of the rows, then all."""
    rows = int(argv[0]) if argv else 20_000_000
    lines = {}
    for size in (rows // 10, rows):
        seconds, memory, ndcg = measured(size)
        lines[f"{size:,}"] = f"{seconds:.0f} | {memory / 2**30:.1f} | {ndcg:.4f}"
    table(("recommendations", "seconds", "driver's memory, GiB", "nDCG"), lines)
    return 0


def measured(rows: int) -> tuple[float, float, float]:
    """Seconds, greatest bytes of the driver's Java (one session a size), and the nDCG."""
    builder = SparkSession.builder
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        customers = rows // LENGTH
        lists_of(spark, customers).write.parquet(str(Path(folder, "lists")))
        truth_of(spark, customers).write.parquet(str(Path(folder, "truth")))
        lists, truth = (spark.read.parquet(str(Path(folder, name))) for name in ("lists", "truth"))
        start = time.perf_counter()
        found = {row["metric"]: row["value"] for row in all_metrics(lists, truth).collect()}
        seconds = time.perf_counter() - start
        memory = max(child.memory_info().rss for child in psutil.Process().children(recursive=True))
    spark.stop()
    return seconds, memory, found["ndcg"]


def all_metrics(lists: DataFrame, truth: DataFrame) -> DataFrame:
    """Means over the customers, and coverage, as the FAR-Trans protocol puts them together."""
    means = mean_metrics(per_customer_metrics(lists, truth, LENGTH, ["als"]), LENGTH)
    return means.unionByName(coverage_metrics(lists, LENGTH, PRODUCTS, ["als"]))


def lists_of(spark: SparkSession, customers: int) -> DataFrame:
    """Ten different products for each customer."""
    first = F.pmod(F.xxhash64("id"), F.lit(PRODUCTS))
    ranked = spark.range(customers).select("id", F.explode(F.sequence(F.lit(1), F.lit(LENGTH))).alias("rank"))
    product = F.pmod(first + 7 * F.col("rank"), F.lit(PRODUCTS))
    return ranked.select(F.lit("als").alias("model"), _customer(), "rank", _product(product))


def truth_of(spark: SparkSession, customers: int) -> DataFrame:
    """Five purchases by chance of every second customer, as customers who took nothing do not count."""
    buyers = spark.range(0, customers, 2).select("id", F.explode(F.sequence(F.lit(1), F.lit(BOUGHT))).alias("n"))
    return buyers.select(_customer(), _product(F.pmod(F.xxhash64("id", "n"), F.lit(PRODUCTS))))


def _customer() -> Column:
    return F.concat(F.lit("C"), F.col("id").cast("string")).alias("customer_id")


def _product(number: Column) -> Column:
    return F.concat(F.lit("P"), number.cast("string")).alias("product_id")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
