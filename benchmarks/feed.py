"""How much of the training's rate the feed costs, and what a second process brings; argument: sequences (400000).

Prints sequences a second with Petastorm against the same batches in memory, and of two processes against one, each
with one thread of torch. All are run in turn, twice, in one session, so that a busy machine is busy for all.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from pyspark.ml.torch.distributor import TorchDistributor
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.training.batch import Batch
from finrec_spark.training.feed import Feed
from finrec_spark.training.feed_writing import write_for_feed
from finrec_spark.training.loop import Training
from finrec_spark.training.params import FeedParams, NetworkParams, TrainingParams, WritingParams
from finrec_spark.training.product_arrays import ProductContent
from finrec_spark.training.ranks import Ranks, joined
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.training.trained import TrainingPlan

LAYOUT = SequenceLayout(
    events=20, targets=4, owned=12, profile=24, products=200, event_types=6, amounts=16, gaps=16, ratings=False
)
ROUNDS = 2


def made_up_sequences(spark: SparkSession, n: int) -> DataFrame:
    """One row a customer with 20 events of hashed products."""
    per_event = {"product": 200, "event_type": 6, "amount": 16, "gap": 16, "month": 12}
    return spark.range(n, numPartitions=8).select(
        F.col("id").cast("int").alias("customer_index"),
        *[_drawn(name, LAYOUT.events, most).alias(name) for name, most in per_event.items()],
        F.lit(LAYOUT.events).alias("length"),
        F.lit(0).alias("age"),
        _drawn("target", LAYOUT.targets, LAYOUT.products).alias("target"),
        _drawn("owned", LAYOUT.owned, LAYOUT.products).alias("owned"),
        _drawn("profile", LAYOUT.profile, 1000).cast("array<float>").alias("profile"),
    )


def _drawn(name: str, size: int, most: int) -> Column:
    places = F.sequence(F.lit(1), F.lit(size))
    return F.transform(
        places, lambda place: (F.pmod(F.xxhash64("id", F.lit(name), place), F.lit(most)) + 1).cast("int")
    )


def made_up_content() -> ProductContent:
    """200 products with 12 tokens each out of 500, and 20 tags."""
    rng = np.random.default_rng(0)
    vectors = np.vstack([np.zeros((1, 32)), rng.normal(size=(500, 32))]).astype(np.float32)
    tags = (rng.random((200, 20)) < 0.1).astype(np.float32)
    return ProductContent(
        rng.integers(1, 501, (200, 12)), vectors, tags, np.zeros((1, 200, 0), np.float32), np.full(200, True)
    )


def rate_of_steps(training: Training, batches: Iterable[Batch], rows: int) -> float:
    """Sequences a second."""
    start = time.perf_counter()
    for batch in batches:
        training.step(training.network, batch)
    return rows / (time.perf_counter() - start)


def feed_against_memory(plan: TrainingPlan, rows: int) -> None:
    """Print the rate with Petastorm, that of the same batches in memory, and their ratio."""
    torch.set_num_threads(1)
    training = Training(plan, Ranks(0, 1, torch.device("cpu")))
    feed = Feed.open(plan.train)
    in_memory = list(feed.shard(0, 1, 1, plan.feed))
    rate_of_steps(training, in_memory[:50], rows)  # warm
    rates = [
        (rate_of_steps(training, feed.shard(0, 1, 1, plan.feed), rows), rate_of_steps(training, in_memory, rows))
        for _ in range(ROUNDS)
    ]
    fed, held = (statistics.median(column) for column in zip(*rates, strict=True))
    print(f"petastorm {fed:,.0f}, in memory {held:,.0f} sequences a second: ratio {fed / held:.2f}", flush=True)


def seconds_of_epoch(plan: TrainingPlan) -> float:
    """Seconds of one epoch in this process; the same in all."""
    with joined(plan.training) as ranks:
        training = Training(plan, ranks)
        ranks.gathered([0.0], torch.float64)  # wait for the others
        start = time.perf_counter()
        training.run()
        return time.perf_counter() - start


def two_processes_against_one(plan: TrainingPlan, rows: int) -> None:
    """Print the rate of one process, of two, and their ratio."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for processes, found in rates.items():
            settings = plan.training.model_copy(update={"processes": processes})
            fresh = replace(plan, training=settings, checkpoints=tempfile.mkdtemp())
            distributor = TorchDistributor(num_processes=processes, local_mode=True, use_gpu=False)
            found.append(rows / distributor.run(seconds_of_epoch, fresh))
    one, two = (statistics.median(found) for found in rates.values())
    print(f"one process {one:,.0f}, two {two:,.0f} sequences a second: ratio {two / one:.2f}", flush=True)


def main(rows: int) -> None:
    """Write a feed, then compare."""
    spark = SparkSession.builder.config("spark.driver.memory", "3g").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    directory = tempfile.mkdtemp()
    start = time.perf_counter()
    write_for_feed(made_up_sequences(spark, rows), directory, LAYOUT, WritingParams(ranks=2))
    print(f"{rows:,} sequences written in {time.perf_counter() - start:.1f} s", flush=True)
    plan = TrainingPlan(
        directory,
        None,
        tempfile.mkdtemp(),
        made_up_content(),
        NetworkParams(),
        FeedParams(),
        TrainingParams(epochs=1),
    )
    feed_against_memory(plan, rows)
    two_processes_against_one(plan, rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 400_000)
