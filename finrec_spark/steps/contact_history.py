"""What was sent and what came back, as silver and the profiles know it: read by training and evaluation alike."""

from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.errors import InputMissing
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.steps.objections import without_objectors_of
from finrec_spark.tables import (
    CONSENTS,
    CONTACTS,
    CUSTOMER_PROFILE,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    RESPONSES,
)
from finrec_spark.transforms.acceptances import answered_contacts
from finrec_spark.transforms.profiles.vector import ProfileFeature, collect_profile_features, profile_vector


@dataclass(frozen=True)
class ContactHistory:
    """All that response models read.

    Attributes:
        profile: the places of the profile vector.
        contacts: silver contacts, without those of customers who objected to profiling.
        responses: silver campaign responses.
        products: silver products.
        profiles: ``month``, ``customer_id``, ``profile`` of every month that was decided, up to the run's.
    """

    profile: tuple[ProfileFeature, ...]
    contacts: DataFrame
    responses: DataFrame
    products: DataFrame
    profiles: DataFrame

    def known_at(self, day: date, answer_days: int) -> DataFrame:
        """The answered contacts as they were known when ``day`` began; see ``answered_contacts``."""
        return answered_contacts(self.contacts, self.responses, self.products, self.profiles, day, answer_days)


def history_reads(context: RunContext, month: date) -> tuple[Read, ...]:
    """What ``read_contact_history`` reads: the month's profiles, and those of every earlier month that was decided."""
    sent = (*(Read(table, optional=True) for table in (CONTACTS, RESPONSES, CONSENTS)), Read(PRODUCTS))
    return (*sent, Read(PROFILE_FEATURES), Read(PROFILE_VALUES), *profile_reads(context, month))


def profile_reads(context: RunContext, month: date) -> tuple[Read, ...]:
    """What ``read_profiles`` reads."""
    decided = {attempt.month for attempt in context.ledger.attempts if attempt.step == "build_profile"}
    earlier = (Read(CUSTOMER_PROFILE, other, optional=True) for other in sorted(decided) if other < month)
    return (Read(CUSTOMER_PROFILE), *earlier)


def read_contact_history(run: StepRun) -> ContactHistory:
    """The tables of the lake.

    Raises:
        InputMissing: the bank delivers no contacts or answers, or the month has no profiles.
    """
    contacts, responses = run.read_if_there(CONTACTS), run.read_if_there(RESPONSES)
    if contacts is None or responses is None:
        raise InputMissing(f"{run.step.name}: the bank delivers no contacts or no campaign_responses; leave it out")
    profile = collect_profile_features(run.read(PROFILE_FEATURES), run.read(PROFILE_VALUES))
    agreed = without_objectors_of(run, contacts)
    return ContactHistory(profile, agreed, responses, run.read(PRODUCTS), read_profiles(run, profile))


def read_profiles(run: StepRun, profile: tuple[ProfileFeature, ...]) -> DataFrame:
    """One row: ``profile``, the vector of one customer (``customer_id``) in one month that was decided (``month``)."""
    months = [run.read_if_there(CUSTOMER_PROFILE, read.month) for read in run.reads if read.table == CUSTOMER_PROFILE]
    of_months = reduce(DataFrame.unionByName, (rows for rows in months if rows is not None))
    return of_months.select("month", "customer_id", profile_vector(profile).alias("profile"))
