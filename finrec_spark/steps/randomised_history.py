"""The bank's own campaigns as randomised trials, read from the lake: by training and evaluation alike."""

from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.campaigns.trials import finished_months, randomised_trials
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.steps.finished_campaigns import campaign_months
from finrec_spark.tables import (
    CAMPAIGN_TARGETS,
    CUSTOMER_PROFILE,
    INTERACTIONS,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    Table,
)
from finrec_spark.transforms.profiles.vector import ProfileFeature, collect_profile_features, profile_vector


@dataclass(frozen=True)
class RandomisedHistory:
    """What uplift is learned from.

    Attributes:
        profile: the places of the profile vector.
        trials: the columns of ``models.uplift.trials``; None where no campaign is finished.
    """

    profile: tuple[ProfileFeature, ...]
    trials: DataFrame | None


def randomised_reads(context: RunContext, month: date) -> tuple[Read, ...]:
    """What ``read_randomised_history`` reads: targets and profiles of every month whose campaigns are finished."""
    months = finished_months(campaign_months(context), month, context.config.measure)
    of_months = (Read(t, m, optional=True) for m in months for t in (CAMPAIGN_TARGETS, CUSTOMER_PROFILE))
    return (Read(PRODUCTS), Read(INTERACTIONS), Read(PROFILE_FEATURES), Read(PROFILE_VALUES), *of_months)


def read_randomised_history(run: StepRun) -> RandomisedHistory:
    """The finished campaigns' trials."""
    profile = collect_profile_features(run.read(PROFILE_FEATURES), run.read(PROFILE_VALUES))
    targets, profiles = (_of_months(run, table) for table in (CAMPAIGN_TARGETS, CUSTOMER_PROFILE))
    if targets is None or profiles is None:
        return RandomisedHistory(profile, None)
    months = sorted({read.month for read in run.reads if read.table == CAMPAIGN_TARGETS and read.month is not None})
    vectors = profiles.select("month", "customer_id", profile_vector(profile).alias("profile"))
    interactions, products = run.read(INTERACTIONS), run.read(PRODUCTS)
    trials = randomised_trials(targets, interactions, products, vectors, months, run.config.measure)
    return RandomisedHistory(profile, trials)


def _of_months(run: StepRun, table: Table) -> DataFrame | None:
    """The table's rows of all months that are read; None where there are none."""
    of_months = [run.read_if_there(table, read.month) for read in run.reads if read.table == table]
    there = [rows for rows in of_months if rows is not None]
    return reduce(DataFrame.unionByName, there) if there else None
