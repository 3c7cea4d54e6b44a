"""Build the customers' sequences and the products' time series that the recurrent network reads."""

from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.months import months_before
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
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
from finrec_spark.transforms.profiles.vector import ProfileFeature, collect_profile_features, profile_vector
from finrec_spark.transforms.sequences.customer_sequences import MOST_CUTS, customer_sequences, sequence_layout
from finrec_spark.transforms.sequences.product_series import product_series


def run(job: Job) -> int:
    """Write the product series, then the sequences of the month and of the cuts before it."""
    interactions, positions = job.read(INTERACTIONS), job.read(PRODUCT_INDEX_TABLE)
    rules, params, profile = job.config.matrix, job.config.sequences, job.config.profile
    cuts = [months_before(job.month, back) for back in range(params.cuts, -1, -1)]
    features = [f for f in _features(job) if f.name not in job.config.ensemble.excluded]
    profiles = _profiles(job, cuts, features)
    layout = sequence_layout(positions.count(), width(features), rules, params)

    series = product_series(
        interactions,
        job.read(PRODUCTS),
        positions,
        job.month,
        rules,
        profile.outflow_events,
        params.series_months,
        params.rate,
    )
    customers = job.read(CUSTOMER_INDEX_TABLE).join(job.read(CUSTOMER_PROFILE), "customer_id", "left_semi")
    sequences = customer_sequences(interactions, customers, positions, profiles, cuts, rules, layout)

    job.write(PRODUCT_SERIES, series)
    return job.write(SEQUENCES, sequences)


def _features(job: Job) -> tuple[ProfileFeature, ...]:
    return collect_profile_features(job.read(PROFILE_FEATURES), job.read(PROFILE_VALUES))


def _profiles(job: Job, cuts: list[date], features: list[ProfileFeature]) -> DataFrame:
    """The profiles of those cuts that have them, on the scale of the month that is decided."""
    months = [job.read(CUSTOMER_PROFILE, cut) for cut in cuts if job.program.lake.has_month(CUSTOMER_PROFILE, cut)]
    vectors = [rows.select("month", "customer_id", profile_vector(features).alias("profile")) for rows in months]
    scales = collect_scales(vectors[-1], features)
    numbers = profile_numbers(features, scales).alias("profile")
    return reduce(DataFrame.unionByName, vectors).select("month", "customer_id", numbers)


_EARLIER = tuple(After("build_profile", back, optional=True) for back in range(1, MOST_CUTS + 1))

STEP = Step(
    name="build_sequences",
    run=run,
    writes=(SEQUENCES, PRODUCT_SERIES),
    after=(After("build_matrix"), After("build_profile"), *_EARLIER),
    params=lambda config: (config.sequences, config.matrix, config.profile.outflow_events, config.ensemble.excluded),
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
