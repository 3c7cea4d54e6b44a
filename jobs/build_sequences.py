"""Build the customers' sequences and the products' time series that the recurrent network reads."""

from collections.abc import Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.months import months_before
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.tables import (
    CUSTOMER_INDEX_TABLE,
    CUSTOMER_PROFILE,
    INTERACTIONS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_SERIES,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    SEQUENCES,
)
from finrec_spark.transforms.profiles.numbers import collect_scales, profile_numbers, width
from finrec_spark.transforms.profiles.vector import (
    ProfileFeature,
    collect_profile_features,
    profile_vector,
    with_changes,
)
from finrec_spark.transforms.sequences.customer_sequences import customer_sequences, sequence_layout
from finrec_spark.transforms.sequences.product_series import product_series


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """What happened, who and what is known, and the profiles of those cuts that have them."""
    cuts = [months_before(month, back) for back in range(1, context.config.sequences.cuts + 1)]
    of_month = (INTERACTIONS, PRODUCTS, PRODUCT_INDEX_TABLE, CUSTOMER_INDEX_TABLE, CUSTOMER_PROFILE)
    earlier = [Read(CUSTOMER_PROFILE, cut, optional=True) for cut in cuts]
    return (*map(Read, (*of_month, PROFILE_FEATURES, PROFILE_VALUES)), *earlier)


def run(step_run: StepRun) -> int:
    """Write the product series, then the sequences of the month and of the cuts before it."""
    interactions, positions = step_run.read(INTERACTIONS), step_run.read(PRODUCT_INDEX_TABLE)
    rules, params, profile = step_run.config.matrix, step_run.config.sequences, step_run.config.profile
    cuts = [months_before(step_run.month, back) for back in range(params.cuts, -1, -1)]
    excluded = with_changes(step_run.config.ensemble.excluded)
    features = [f for f in _features(step_run) if f.name not in excluded]
    profiles = _profiles(step_run, cuts, features)
    layout = sequence_layout(positions.count(), width(features), rules, params)

    series = product_series(
        interactions,
        step_run.read(PRODUCTS),
        positions,
        step_run.month,
        rules,
        profile.outflow_events,
        params.series_months,
        params.rate,
    )
    customers = step_run.read(CUSTOMER_INDEX_TABLE).join(step_run.read(CUSTOMER_PROFILE), "customer_id", "left_semi")
    sequences = customer_sequences(
        interactions, customers, positions, profiles, cuts, rules, layout, params.label_months
    )

    step_run.write(PRODUCT_SERIES, series)
    return step_run.write(SEQUENCES, sequences)


def _features(step_run: StepRun) -> tuple[ProfileFeature, ...]:
    return collect_profile_features(step_run.read(PROFILE_FEATURES), step_run.read(PROFILE_VALUES))


def _profiles(step_run: StepRun, cuts: list[date], features: list[ProfileFeature]) -> DataFrame:
    """The profiles of those cuts that have them, on the scale of the month that is decided."""
    months = [rows for cut in cuts if (rows := step_run.read_if_there(CUSTOMER_PROFILE, cut)) is not None]
    vectors = [rows.select("month", "customer_id", profile_vector(features).alias("profile")) for rows in months]
    scales = collect_scales(vectors[-1], features)
    numbers = profile_numbers(features, scales).alias("profile")
    return reduce(DataFrame.unionByName, vectors).select("month", "customer_id", numbers)


STEP = Step(
    name="build_sequences",
    run=run,
    reads=reads,
    writes=(Writes(SEQUENCES), Writes(PRODUCT_SERIES)),
    params=lambda config: {
        "sequences": config.sequences,
        "matrix": config.matrix,
        "outflow_events": config.profile.outflow_events,
        "excluded": config.ensemble.excluded,
    },
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
