"""How near to HiGHS small allocations come, and how long a large one takes.

    .venv/bin/python benchmarks/allocation.py small [INSTANCES]
    spark-submit --master 'local[2]' --driver-memory 6g benchmarks/allocation.py large [CUSTOMERS] [CANDIDATES]

``small`` solves random campaigns (200) with every kind of limit at once by prices and by HiGHS, and prints how many
broke a limit, were beyond 0.5 %, or could not be solved. ``large`` prints the seconds of staging and allocating
CUSTOMERS (1,000,000) × CANDIDATES (20) from Parquet and of writing the offers, the gap, the passes and the load. The
repository's root must be on PYTHONPATH. Ends with 1 where a promise is not kept.
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.campaigns.allocation.allocate import decide
from finrec_spark.campaigns.allocation.campaign import allocated
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.errors import FinrecError
from tests.campaigns.small_campaigns import CHANNELS, small_campaign

PRODUCTS, BRANCHES = 60, 100
MOST_GAP, MOST_SECONDS = 0.005, 180


def small(instances: int) -> bool:
    """Whether all random campaigns come within 0.5 % of HiGHS; limits are checked by ``decide`` itself."""
    gaps, refused = [], 0
    for seed in range(instances):
        candidates, params = small_campaign(seed)
        try:
            _, exact = decide(candidates, params.model_copy(update={"exact": True}))
            _, ours = decide(candidates, params)
        except FinrecError as error:
            refused += 1
            print(f"{seed}: {error}", flush=True)
            continue
        gaps.append(1 - ours.objective_yuan / exact.objective_yuan)
        if gaps[-1] > MOST_GAP:
            print(f"{seed}: {gaps[-1]:.2%} below HiGHS, {candidates.count} candidates", flush=True)
        if len(gaps) % 20 == 0:
            _print_gaps(gaps, refused)
    _print_gaps(gaps, refused)
    return max(gaps) <= MOST_GAP and not refused


def _print_gaps(gaps: list[float], refused: int) -> None:
    beyond = int((np.array(gaps) > MOST_GAP).sum())
    print(f"{len(gaps)} campaigns: mean {np.mean(gaps):.3%}, most {np.max(gaps):.3%} below HiGHS", end="; ")
    print(f"{beyond} beyond 0.5 %, {refused} refused", flush=True)


def large(customers: int, per_customer: int) -> bool:
    """Whether the gap is at most 0.5 % and the time at most three minutes; the candidates are read from Parquet."""
    spark = SparkSession.builder.appName("allocation benchmark").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        made_up_candidates(spark, customers, per_customer).write.mode("overwrite").parquet(folder)
        candidates = spark.read.parquet(folder)
        print(f"{candidates.count():,} candidates, load {os.getloadavg()[0]:.1f}", flush=True)
        start = time.perf_counter()
        with allocated(candidates, limits(customers)) as allocation:
            decided = time.perf_counter() - start
            allocation.offers.write.format("noop").mode("overwrite").save()
        seconds, report = time.perf_counter() - start, allocation.report
    print(f"decided after {decided:.1f} s, offers after {seconds:.1f} s, load {os.getloadavg()[0]:.1f}")
    print(f"{report.offers:,} offers, {report.value_yuan:,.0f} yuan, gap {report.gap:.3%}, {report.passes} passes")
    spark.stop()
    return report.gap <= MOST_GAP and seconds <= MOST_SECONDS


def made_up_candidates(spark: SparkSession, customers: int, per_customer: int) -> DataFrame:
    """Each customer has other products; values depend on customer, product and channel."""
    of_product = np.random.default_rng(0).normal(0, 0.6, PRODUCTS).tolist()
    ids = spark.range(customers, numPartitions=8).withColumn("wealth", 0.6 * F.randn(1))
    pairs = ids.withColumn("n", F.explode(F.sequence(F.lit(0), F.lit(per_customer - 1))))
    product = F.pmod(F.col("id") + F.col("n") * (PRODUCTS // per_customer), F.lit(PRODUCTS)).cast("int")
    channel = F.floor(F.rand(2) * len(CHANNELS)).cast("int")
    named = pairs.withColumn("product", product).withColumn("channel", channel)
    size = F.exp(F.col("wealth") + _at("product", of_product) + 0.6 * F.randn(3) + 3)
    return named.select(
        _name("c", "id", 9).alias("customer_id"),
        F.lit(None).cast("string").alias("segment"),
        _name("p", "product", 2).alias("product_id"),
        _at("channel", CHANNELS).alias("channel"),
        _name("b", F.pmod(F.xxhash64("id"), F.lit(BRANCHES)), 3).alias("branch"),
        (size * _at("channel", (1.0, 1.5, 0.7)) - 5).alias("value"),
        _at("channel", (0.0, 8.0, 0.035)).alias("cost"),
    )


def _name(letter: str, number: str | Column, digits: int) -> Column:
    column = F.col(number) if isinstance(number, str) else number
    return F.concat(F.lit(letter), F.lpad(column.cast("string"), digits, "0"))


def _at(position: str, values: Sequence[str | float]) -> Column:
    return F.element_at(F.array(*[F.lit(value) for value in values]), F.col(position) + 1)


def limits(customers: int) -> AllocationParams:
    """Every kind of limit, most of them tight."""
    contacts = int(0.3 * customers)
    return AllocationParams(
        contacts=contacts,
        budget_yuan=0.2 * customers,
        by_channel={"app": int(0.12 * customers), "phone": int(0.05 * customers), "sms": int(0.15 * customers)},
        by_branch={f"b{b:03d}": int(contacts / BRANCHES * (0.5 + b / BRANCHES)) for b in range(BRANCHES)},
        product_minimum={f"p{p:02d}": int(0.6 * contacts / PRODUCTS) for p in range(0, PRODUCTS, 3)},
        product_maximum={f"p{p:02d}": int(1.5 * contacts / PRODUCTS) for p in range(0, PRODUCTS, 2)},
        offers_per_customer=1,
    )


if __name__ == "__main__":
    kind, numbers = sys.argv[1], [int(value) for value in sys.argv[2:]]
    kept = small(*(numbers or [200])) if kind == "small" else large(*(numbers + [1_000_000, 20][len(numbers) :]))
    sys.exit(not kept)
