"""Train the recurrent network on sequences and text, then keep what it makes of customers and products."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.models import gru
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.steps.network_inputs import discard_trainings, network_content, network_layout, training_plan
from finrec_spark.tables import (
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMER_STATES,
    INTERACTIONS,
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
from finrec_spark.training.product_content import collect_tokens
from finrec_spark.training.trained import CurvePoint
from finrec_spark.training.weights import weight_rows
from finrec_spark.transforms.ids import collect_product_ids
from finrec_spark.transforms.sequences.customer_sequences import feed_rows
from finrec_spark.transforms.sequences.newcomers import collect_newcomer_share


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """Sequences, text, figures, and which products have a history."""
    products = (PRODUCT_INDEX_TABLE, PRODUCT_TEXT, TOKEN_VECTORS, PRODUCT_SERIES, PRODUCTS)
    return tuple(map(Read, (SEQUENCES, *products, CUSTOMER_PRODUCT_MATRIX, INTERACTIONS)))


def run(step_run: StepRun) -> int:
    """Learn from the earlier cuts, stop early by the last month, then read every customer's events."""
    from finrec_spark.training.launch import train  # torch is asked for by this job alone, when it runs
    from finrec_spark.training.network_state import NetworkState
    from finrec_spark.training.states import collect_mean_state, customer_states, product_states

    params = step_run.config.of(gru.SPEC)
    sequences, positions = step_run.read(SEQUENCES), step_run.read(PRODUCT_INDEX_TABLE)
    product_ids = collect_product_ids(positions)
    layout = network_layout(step_run, sequences, len(product_ids))
    content = network_content(step_run, product_ids, layout)
    is_scored = F.col("cut") == F.lit(step_run.month)
    learned = sequences.where(~is_scored)

    trained = train(step_run.spark, training_plan(step_run, learned, layout, content, params, gru.NAME))
    step_run.log(f"train_gru: the network of epoch {trained.best_epoch} is kept")

    state = NetworkState(layout, content, params.network, trained.weights)
    scored = feed_rows(sequences.where(is_scored), layout, "customer_id")
    rows = step_run.write(CUSTOMER_STATES, customer_states(scored, state))
    mean, tokens = collect_mean_state(step_run.read(CUSTOMER_STATES)), collect_tokens(step_run.read(TOKEN_VECTORS))
    newcomers = collect_newcomer_share(learned, step_run.read(INTERACTIONS), positions)
    products = product_states(state, mean, tokens, product_ids, newcomers)

    step_run.write(PRODUCT_STATES, step_run.spark.createDataFrame(products, PRODUCT_STATES.ddl_without("month")))
    weights = step_run.spark.createDataFrame(
        weight_rows(trained.weights), NETWORK_WEIGHTS.ddl_without("month", "model")
    )
    step_run.write(NETWORK_WEIGHTS, weights, model=gru.NAME)
    step_run.write(METRICS, _curve(step_run, trained.curve), protocol=gru.LEARNING_CURVE, run_id=step_run.run_id)
    step_run.register_model(gru.NAME, params)
    discard_trainings(step_run)
    return rows


def _curve(step_run: StepRun, curve: Sequence[CurvePoint]) -> DataFrame:
    """The learning curve as metrics; the epoch stands in ``k``."""
    points = [
        (gru.NAME, f"{point.split}_{name}", point.epoch, "all", step_run.month, float(value), None, None)
        for point in curve
        for name, value in (("loss", point.loss), ("recall", point.recall))
        if value is not None
    ]
    return step_run.spark.createDataFrame(points, METRICS.ddl_without("run_id", "protocol"))


STEP = Step(
    name="train_gru",
    run=run,
    reads=reads,
    writes=(
        Writes(PRODUCT_STATES),
        Writes(CUSTOMER_STATES),
        Writes(NETWORK_WEIGHTS, gru.NAME),
        Writes(REGISTRY, gru.NAME),
        Writes(METRICS, protocol=gru.LEARNING_CURVE),
    ),
    params=lambda config: {"gru": config.of(gru.SPEC), "sequences": config.sequences, "matrix": config.matrix},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
