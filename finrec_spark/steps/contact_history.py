"""What was sent and what came back, as silver and the profiles know it: read by training and evaluation alike."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.pipeline.step import Job
from finrec_spark.tables import (
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
        contacts: silver contacts.
        responses: silver campaign responses.
        products: silver products.
        profiles: ``month``, ``customer_id``, ``profile`` of every month that was decided, up to the job's.
    """

    profile: tuple[ProfileFeature, ...]
    contacts: DataFrame
    responses: DataFrame
    products: DataFrame
    profiles: DataFrame

    def known_at(self, day: date, answer_days: int) -> DataFrame:
        """The answered contacts as they were known when ``day`` began; see ``answered_contacts``."""
        return answered_contacts(self.contacts, self.responses, self.products, self.profiles, day, answer_days)


def read_contact_history(job: Job) -> ContactHistory:
    """The tables of the job's lake.

    Raises:
        InputMissing: the bank delivers no contacts or answers, or the month has no profiles.
    """
    contacts, responses = job.read_if_there(CONTACTS), job.read_if_there(RESPONSES)
    if contacts is None or responses is None:
        raise InputMissing(f"{job.step.name}: the bank delivers no contacts or no campaign_responses; leave it out")
    job.read(CUSTOMER_PROFILE)  # the job's own month must be there; the earlier ones are read where they are
    profile = collect_profile_features(job.read(PROFILE_FEATURES), job.read(PROFILE_VALUES))
    months = job.program.lake.read(CUSTOMER_PROFILE).where(F.col("month") <= F.lit(job.month))
    profiles = months.select("month", "customer_id", profile_vector(profile).alias("profile"))
    return ContactHistory(profile, contacts, responses, job.read(PRODUCTS), profiles)
