"""Build the month's profiles of customers and products, and the row that each customer is scored from."""

from collections.abc import Sequence
from datetime import date

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.steps.objections import without_objectors_of
from finrec_spark.tables import (
    CONSENTS,
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
    SCORING_ROWS,
)
from finrec_spark.transforms.histories import customer_histories
from finrec_spark.transforms.profiles.customer_profiles import (
    ProfileSources,
    collect_categories,
    customer_profiles,
)
from finrec_spark.transforms.profiles.kinds import collect_columns
from finrec_spark.transforms.profiles.product_profiles import product_profiles
from finrec_spark.transforms.profiles.vector import (
    assign_profile_features,
    assign_profile_values,
    collect_profile_features,
    profile_vector,
)
from finrec_spark.transforms.scoring_rows import scoring_rows


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """Customers, products, what happened, what was sent and answered, and the month's matrix."""
    further = (Read(table, optional=True) for table in (CONTACTS, RESPONSES, CONSENTS))
    return (
        Read(CUSTOMERS),
        Read(PRODUCTS),
        Read(INTERACTIONS),
        *further,
        Read(CUSTOMER_PRODUCT_MATRIX),
        Read(PRODUCT_INDEX_TABLE),
    )


def run(step_run: StepRun) -> int:
    """Write the month's profiles, give new features and values their places, then write the scoring rows.

    Of customers who objected to profiling nothing is read.
    """
    sources = ProfileSources(
        customers=without_objectors_of(step_run, step_run.read(CUSTOMERS)),
        products=step_run.read(PRODUCTS),
        interactions=without_objectors_of(step_run, step_run.read(INTERACTIONS)),
        matrix=step_run.read(CUSTOMER_PRODUCT_MATRIX),
        contacts=step_run.read_if_there(CONTACTS),
        responses=step_run.read_if_there(RESPONSES),
    )
    positions = step_run.read(PRODUCT_INDEX_TABLE)
    rules, params, month = step_run.config.matrix, step_run.config.profile, step_run.month

    columns = collect_columns(sources.customers, month, params)
    categories = collect_categories(sources.products, params)
    customers = customer_profiles(sources, month, columns.kinds, categories, rules, params, columns.missing)
    products = product_profiles(sources.interactions, sources.matrix, sources.products, positions, month, rules)
    rows = step_run.write(CUSTOMER_PROFILE, customers) + step_run.write(PRODUCT_PROFILE, products)

    profiles = step_run.read(CUSTOMER_PROFILE)
    earlier_features = step_run.read_if_there(PROFILE_FEATURES)
    earlier_values = step_run.read_if_there(PROFILE_VALUES)
    step_run.write(PROFILE_FEATURES, assign_profile_features(earlier_features, profiles))
    features = step_run.read(PROFILE_FEATURES)
    step_run.write(PROFILE_VALUES, assign_profile_values(earlier_values, profiles, features, params))

    places = collect_profile_features(features, step_run.read(PROFILE_VALUES))
    vectors = profiles.withColumn("profile", profile_vector(places))
    step_run.write(SCORING_ROWS, scoring_rows(vectors, customer_histories(sources.matrix)))
    return rows


STEP = Step(
    name="build_profile",
    run=run,
    reads=reads,
    writes=tuple(map(Writes, (CUSTOMER_PROFILE, PRODUCT_PROFILE, PROFILE_FEATURES, PROFILE_VALUES, SCORING_ROWS))),
    params=lambda config: {"profile": config.profile, "matrix": config.matrix},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
