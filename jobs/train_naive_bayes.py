"""Train naive Bayes: what each value of a customer's profile says about liking each product."""

from pyspark.sql import DataFrame

from finrec_spark.models import naive_bayes
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import (
    CONTACTS,
    CUSTOMER_PROFILE,
    INTERACTIONS,
    NAIVE_BAYES,
    PRODUCT_INDEX_TABLE,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    REGISTRY,
    RESPONSES,
)
from finrec_spark.transforms.ids import collect_product_ids
from finrec_spark.transforms.likes import declined_products, liked_products
from finrec_spark.transforms.profiles.vector import collect_profile_features, profile_vector


def run(job: Job) -> int:
    """The odds of liking every product that was taken before the month, by profile."""
    features = collect_profile_features(job.read(PROFILE_FEATURES), job.read(PROFILE_VALUES))
    profiles = job.read(CUSTOMER_PROFILE).select("customer_id", profile_vector(features).alias("profile"))
    product_ids = collect_product_ids(job.read(PRODUCT_INDEX_TABLE))
    params = job.config.parameters.naive_bayes

    opening = job.config.matrix.opening_types
    liked = liked_products(job.read(INTERACTIONS), job.month, params.like_days, opening)

    fitted = naive_bayes.liking_odds(profiles, liked, _declined(job), features, product_ids, params)

    job.register_model(naive_bayes.SPEC.name, params)
    return job.write(NAIVE_BAYES, fitted, model=naive_bayes.SPEC.name)


def _declined(job: Job) -> DataFrame | None:
    """What customers declined; None at a bank that delivers no contacts."""
    contacts, responses = job.read_if_there(CONTACTS), job.read_if_there(RESPONSES)
    return None if contacts is None or responses is None else declined_products(contacts, responses, job.month)


STEP = Step(
    name="train_naive_bayes",
    run=run,
    writes=(NAIVE_BAYES, REGISTRY),
    after=(After("build_matrix"), After("build_profile")),
    params=lambda config: [config.matrix, config.parameters.naive_bayes],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
