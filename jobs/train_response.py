"""Train acceptance on earlier contacts and their answers: what a campaign weighs an offer by."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.models import naive_bayes, response
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import (
    CALIBRATION,
    CONTACTS,
    CUSTOMER_PROFILE,
    NAIVE_BAYES,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    REGISTRY,
    RESPONSES,
    TREES,
)
from finrec_spark.transforms.acceptances import answered_contacts
from finrec_spark.transforms.profiles.vector import collect_profile_features, profile_vector

LEAST = 50
"""Contacts of either answer that make it worth learning."""


def run(job: Job) -> int:
    """A calibrated forest over profile, product category and channel; naive Bayes for each product and channel."""
    params = job.config.acceptance
    profile = collect_profile_features(job.read(PROFILE_FEATURES), job.read(PROFILE_VALUES))
    vectors = job.read(CUSTOMER_PROFILE).select("customer_id", profile_vector(profile).alias("profile"))
    contacts, responses = job.read_if_there(CONTACTS), job.read_if_there(RESPONSES)
    if contacts is None or responses is None:
        raise InputMissing("train_response: the bank delivers no contacts or no campaign_responses; leave this job out")

    products = job.read(PRODUCTS)
    rows = answered_contacts(contacts, responses, products, vectors, job.month, params.answer_days).persist()
    categories, channels = collect_offers(job, rows)
    names = response.feature_names(profile, categories, channels, params)
    fitted = response.fit(rows, profile, names, params, f"{job.scratch}/trees")
    offers = rows.withColumn("offer", F.concat_ws(" by ", "product_id", "channel"))
    odds = naive_bayes.fit_answers(offers, profile, job.config.parameters.naive_bayes)

    job.register_model(response.NAME, params)
    written = job.write(TREES, fitted.trees, model=response.NAME)
    written += job.write(NAIVE_BAYES, odds, model=response.NAME)
    rows.unpersist()
    return written + job.write(CALIBRATION, fitted.calibration, model=response.NAME)


def collect_offers(job: Job, contacts: DataFrame) -> tuple[set[str], set[str]]:
    """Product categories and channels of the contacts: a few.

    Raises:
        ModelNotFound: there are too few contacts of either answer.
    """
    counts = contacts.groupBy("category", "channel").agg(F.count("*").alias("n"), F.sum("label").alias("accepted"))
    offers = counts.collect()
    n, accepted = sum(row["n"] for row in offers), int(sum(row["accepted"] for row in offers))
    response.require_both_answers(accepted, n, LEAST)
    job.tell(f"train_response: {n:,} contacts, {accepted:,} of them accepted")
    return {row["category"] for row in offers}, {row["channel"] for row in offers}


STEP = Step(
    name="train_response",
    run=run,
    writes=(TREES, CALIBRATION, NAIVE_BAYES, REGISTRY),
    after=(After("ingest", months_back=None), After("build_profile")),
    params=lambda config: [config.acceptance, config.parameters.naive_bayes],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
