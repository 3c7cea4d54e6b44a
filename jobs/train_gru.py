"""Train the recurrent network on sequences and text, then keep what it makes of customers and products."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.cli import run_command, step_command
from finrec_spark.job import After, Job, Step
from finrec_spark.months import months_before
from finrec_spark.tables import (
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMER_STATES,
    METRICS,
    NETWORK_WEIGHTS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_SERIES,
    PRODUCT_STATES,
    PRODUCT_TEXT,
    PRODUCTS,
    REGISTRY,
    SEQUENCES,
    TOKEN_VECTORS,
)
from finrec_spark.training.feed_writing import write_for_feed
from finrec_spark.training.product_content import collect_content
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.training.trained import CurvePoint, TrainingPlan
from finrec_spark.training.weights import weight_rows
from finrec_spark.transforms.ids import collect_product_ids
from finrec_spark.transforms.sequences import feed_rows, sequence_layout

if TYPE_CHECKING:
    from finrec_spark.training.content import ProductContent


def run(job: Job) -> int:
    """Learn from the cuts before the last month, stop early by the last month, then read every customer's events."""
    from finrec_spark.training.launch import train  # torch is asked for by this job alone, when it runs
    from finrec_spark.training.scoring import NetworkState
    from finrec_spark.training.states import collect_mean_state, customer_states, product_states

    params = job.config.parameters.gru
    sequences, product_ids = job.read(SEQUENCES), collect_product_ids(job.read(PRODUCT_INDEX_TABLE))
    layout = _layout(job, sequences, len(product_ids))
    content = _content(job, product_ids)

    plan = _written_plan(job, sequences, layout, content)
    trained = train(job.spark, plan)
    job.tell(f"train_gru: best after {trained.best_epoch} of {len(trained.curve)} points of its learning curve")

    state = NetworkState(layout, content, params.network, trained.weights)
    scored = feed_rows(sequences.where(F.col("cut") == F.lit(job.month)), layout, "customer_id")
    rows = job.write(CUSTOMER_STATES, customer_states(scored, state))
    mean = collect_mean_state(job.read(CUSTOMER_STATES))
    tokens = _collect_tokens(job.read(TOKEN_VECTORS))
    products = product_states(state, mean, tokens, product_ids)

    job.write(PRODUCT_STATES, job.spark.createDataFrame(products, _PRODUCT_STATES))
    weights = job.spark.createDataFrame(weight_rows(trained.weights), _WEIGHTS)
    job.write(NETWORK_WEIGHTS, weights, model="gru")
    job.write(METRICS, _curve(job, trained.curve), protocol="training", run_id=job.run_id)
    job.register_model("gru", params)
    return rows


_PRODUCT_STATES = "product_id string, state array<float>, bias double, words array<string>"
_WEIGHTS = "name string, shape array<int>, values array<float>"


def _layout(job: Job, sequences: DataFrame, products: int) -> SequenceLayout:
    """The layout that the month's sequences were built with."""
    row = sequences.select(F.size("profile").alias("profile")).head()
    return sequence_layout(products, row["profile"] if row else 1, job.config.matrix, job.config.sequences)


def _content(job: Job, product_ids: Sequence[str]) -> "ProductContent":
    return collect_content(
        job.read(PRODUCT_TEXT),
        job.read(TOKEN_VECTORS),
        job.read(PRODUCT_SERIES),
        job.read(PRODUCTS),
        job.read(CUSTOMER_PRODUCT_MATRIX),
        product_ids,
    )


def _written_plan(job: Job, sequences: DataFrame, layout: SequenceLayout, content: "ProductContent") -> TrainingPlan:
    """The feeds of the earlier cuts and of the last one, written for Petastorm."""
    params, last = job.config.parameters.gru, months_before(job.month, 1)
    root = f"{job.program.lake.root.rstrip('/')}/.feed/gru-{job.month:%Y-%m}"
    parts = {"train": F.col("cut") < F.lit(last), "validation": F.col("cut") == F.lit(last)}
    for name, of_part in parts.items():
        write_for_feed(feed_rows(sequences.where(of_part), layout), f"{root}/{name}", layout, params.writing)
    return TrainingPlan(
        train=f"{root}/train",
        validation=f"{root}/validation",
        checkpoints=f"{root}/checkpoints",
        content=content,
        network=params.network,
        feed=params.feed,
        training=params.training,
    )


def _collect_tokens(vectors: DataFrame) -> list[str]:
    """Tokens by number - 1, as ``collect_content`` numbers them."""
    return [row["token"] for row in vectors.select("token").orderBy("token").collect()]


def _curve(job: Job, curve: Sequence[CurvePoint]) -> DataFrame:
    """The learning curve as metrics: the epoch stands in ``k``."""
    points = [
        ("gru", f"{point.split}_{name}", point.epoch, "all", job.month, float(value), None, None)
        for point in curve
        for name, value in (("loss", point.loss), ("recall", point.recall))
        if value is not None
    ]
    columns = "model string, metric string, k int, segment string, month date, value double, low double, high double"
    return job.spark.createDataFrame(points, columns)


STEP = Step(
    name="train_gru",
    run=run,
    writes=(PRODUCT_STATES, CUSTOMER_STATES, NETWORK_WEIGHTS, REGISTRY),
    after=(After("build_matrix"), After("build_sequences"), After("embed_text")),
    params=lambda config: [config.parameters.gru, config.sequences, config.matrix],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
