"""Train the recurrent network on sequences and text, then keep what it makes of customers and products."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.models import gru
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.steps.network_inputs import discard_trainings, network_content, network_layout, training_plan
from finrec_spark.tables import (
    CUSTOMER_STATES,
    INTERACTIONS,
    METRICS,
    NETWORK_WEIGHTS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_STATES,
    REGISTRY,
    SEQUENCES,
    TOKEN_VECTORS,
)
from finrec_spark.training.product_content import collect_tokens
from finrec_spark.training.trained import CurvePoint
from finrec_spark.training.weights import weight_rows
from finrec_spark.transforms.ids import collect_product_ids
from finrec_spark.transforms.sequences.customer_sequences import feed_rows
from finrec_spark.transforms.sequences.newcomers import collect_newcomer_share


def run(job: Job) -> int:
    """Learn from the earlier cuts, stop early by the last month, then read every customer's events."""
    from finrec_spark.training.launch import train  # torch is asked for by this job alone, when it runs
    from finrec_spark.training.scoring import NetworkState
    from finrec_spark.training.states import collect_mean_state, customer_states, product_states

    params = job.config.parameters.gru
    sequences, positions = job.read(SEQUENCES), job.read(PRODUCT_INDEX_TABLE)
    product_ids = collect_product_ids(positions)
    layout = network_layout(job, sequences, len(product_ids))
    content = network_content(job, product_ids, layout)
    is_scored = F.col("cut") == F.lit(job.month)
    learned = sequences.where(~is_scored)

    trained = train(job.spark, training_plan(job, learned, layout, content, params, gru.NAME))
    job.tell(f"train_gru: the network of epoch {trained.best_epoch} is kept")

    state = NetworkState(layout, content, params.network, trained.weights)
    scored = feed_rows(sequences.where(is_scored), layout, "customer_id")
    rows = job.write(CUSTOMER_STATES, customer_states(scored, state))
    mean, tokens = collect_mean_state(job.read(CUSTOMER_STATES)), collect_tokens(job.read(TOKEN_VECTORS))
    newcomers = collect_newcomer_share(learned, job.read(INTERACTIONS), positions)
    products = product_states(state, mean, tokens, product_ids, newcomers)

    job.write(PRODUCT_STATES, job.spark.createDataFrame(products, PRODUCT_STATES.ddl_without("month")))
    weights = job.spark.createDataFrame(weight_rows(trained.weights), NETWORK_WEIGHTS.ddl_without("month", "model"))
    job.write(NETWORK_WEIGHTS, weights, model=gru.NAME)
    job.write(METRICS, _curve(job, trained.curve), protocol="training", run_id=job.run_id)
    job.register_model(gru.NAME, params)
    discard_trainings(job)
    return rows


def _curve(job: Job, curve: Sequence[CurvePoint]) -> DataFrame:
    """The learning curve as metrics; the epoch stands in ``k``."""
    points = [
        (gru.NAME, f"{point.split}_{name}", point.epoch, "all", job.month, float(value), None, None)
        for point in curve
        for name, value in (("loss", point.loss), ("recall", point.recall))
        if value is not None
    ]
    return job.spark.createDataFrame(points, METRICS.ddl_without("run_id", "protocol"))


STEP = Step(
    name="train_gru",
    run=run,
    writes=(PRODUCT_STATES, CUSTOMER_STATES, NETWORK_WEIGHTS, REGISTRY),
    after=(After("build_matrix"), After("build_sequences"), After("embed_text")),
    params=lambda config: [config.parameters.gru, config.sequences, config.matrix],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
