"""Build the month's profiles of customers and products, and the places of their features."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import (
    CONTACTS,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMER_PROFILE,
    CUSTOMERS,
    INTERACTIONS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_PROFILE,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    RESPONSES,
)
from finrec_spark.transforms.profiles.customer_profiles import (
    ProfileSources,
    collect_categories,
    collect_kinds,
    customer_profiles,
)
from finrec_spark.transforms.profiles.product_profiles import product_profiles
from finrec_spark.transforms.profiles.vector import assign_profile_features, assign_profile_values


def run(job: Job) -> int:
    """Write the month's profiles, then give new features and values their places."""
    sources = ProfileSources(
        customers=job.read(CUSTOMERS),
        products=job.read(PRODUCTS),
        interactions=job.read(INTERACTIONS),
        matrix=job.read(CUSTOMER_PRODUCT_MATRIX),
        contacts=job.read_if_there(CONTACTS),
        responses=job.read_if_there(RESPONSES),
    )
    positions = job.read(PRODUCT_INDEX_TABLE)
    rules, params = job.config.matrix, job.config.profile

    kinds = collect_kinds(sources.customers, job.month, params)
    categories = collect_categories(sources.products, params)
    customers = customer_profiles(sources, job.month, kinds, categories, rules, params)
    products = product_profiles(sources.interactions, sources.matrix, sources.products, positions, job.month, rules)

    rows = job.write(CUSTOMER_PROFILE, customers) + job.write(PRODUCT_PROFILE, products)

    profiles = job.read(CUSTOMER_PROFILE)
    earlier_features, earlier_values = job.read_if_there(PROFILE_FEATURES), job.read_if_there(PROFILE_VALUES)
    job.write(PROFILE_FEATURES, assign_profile_features(earlier_features, profiles))
    features = job.read(PROFILE_FEATURES)
    job.write(PROFILE_VALUES, assign_profile_values(earlier_values, profiles, features, params))
    return rows


STEP = Step(
    name="build_profile",
    run=run,
    writes=(CUSTOMER_PROFILE, PRODUCT_PROFILE, PROFILE_FEATURES, PROFILE_VALUES),
    after=(After("build_matrix"),),
    params=lambda config: (config.profile, config.matrix),
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
