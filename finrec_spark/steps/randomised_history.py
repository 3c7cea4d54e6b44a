"""The bank's own campaigns as randomised trials, read from the lake: by training and evaluation alike."""

from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.campaigns.trials import assigned_contacts, assigned_targets, finished_months, randomised_trials
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.steps.contact_history import profile_reads, read_profiles
from finrec_spark.steps.finished_campaigns import campaign_months
from finrec_spark.steps.objections import without_objectors_of
from finrec_spark.tables import (
    CAMPAIGN_TARGETS,
    CONSENTS,
    CONTACTS,
    INTERACTIONS,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
)
from finrec_spark.transforms.profiles.vector import ProfileFeature, collect_profile_features


@dataclass(frozen=True)
class RandomisedHistory:
    """What uplift is learned from.

    Attributes:
        profile: the places of the profile vector.
        trials: the columns of ``models.uplift.trials`` and ``known_before``; None where the bank has neither finished
            campaigns nor contacts.
    """

    profile: tuple[ProfileFeature, ...]
    trials: DataFrame | None


def randomised_reads(context: RunContext, month: date) -> tuple[Read, ...]:
    """What ``read_randomised_history`` reads: targets of months whose campaigns are finished, contacts, profiles."""
    months = finished_months(campaign_months(context), month, context.config.measure)
    targets = (Read(CAMPAIGN_TARGETS, start, optional=True) for start in months)
    others = (Read(CONTACTS, optional=True), Read(CONSENTS, optional=True), Read(PRODUCTS), Read(INTERACTIONS))
    return (*others, Read(PROFILE_FEATURES), Read(PROFILE_VALUES), *profile_reads(context, month), *targets)


def read_randomised_history(run: StepRun) -> RandomisedHistory:
    """The trials of finished campaigns and of delivered contacts."""
    profile = collect_profile_features(run.read(PROFILE_FEATURES), run.read(PROFILE_VALUES))
    assigned = _assigned(run)
    if assigned is None:
        return RandomisedHistory(profile, None)
    interactions, products = run.read(INTERACTIONS), run.read(PRODUCTS)
    profiles = read_profiles(run, profile)
    trials = randomised_trials(assigned, interactions, products, profiles, run.month, run.config.measure)
    return RandomisedHistory(profile, trials)


def _assigned(run: StepRun) -> DataFrame | None:
    """Who was contacted or kept back by chance; None where the lake knows of no campaign."""
    months = [run.read_if_there(CAMPAIGN_TARGETS, read.month) for read in run.reads if read.table == CAMPAIGN_TARGETS]
    there = [rows for rows in months if rows is not None]
    targets = reduce(DataFrame.unionByName, there) if there else None
    contacts = run.read_if_there(CONTACTS)
    sources = [] if targets is None else [assigned_targets(targets)]
    if contacts is not None:
        sources.append(assigned_contacts(contacts, targets, run.month, run.config.measure))
    return without_objectors_of(run, reduce(DataFrame.unionByName, sources)) if sources else None
