"""Build the month's customer-product matrix from silver interactions."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.months import months_before
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.runner import earlier_result
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.steps.objections import has_returned, without_objectors_of
from finrec_spark.tables import (
    CONSENTS,
    CUSTOMER_INDEX_TABLE,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMERS,
    INTERACTIONS,
    PRODUCT_INDEX_TABLE,
    PRODUCTS,
)
from finrec_spark.transforms.ids import assign_positions, known_before
from finrec_spark.transforms.matrix import customer_product_matrix
from finrec_spark.transforms.splits import before


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """What is known before the month."""
    return (Read(INTERACTIONS), Read(CUSTOMERS), Read(PRODUCTS), Read(CONSENTS, optional=True))


def run(step_run: StepRun) -> int:
    """Give new customers and products their positions, then write the month's matrix, without who objected to it."""
    month, interactions = step_run.month, step_run.read(INTERACTIONS)
    known = before(interactions, month)
    customers = known_before(month, step_run.read(CUSTOMERS), known, "customer_id")
    products = known_before(month, step_run.read(PRODUCTS), known, "product_id")

    earlier_customers = step_run.read_if_there(CUSTOMER_INDEX_TABLE)
    earlier_products = step_run.read_if_there(PRODUCT_INDEX_TABLE)
    step_run.write(
        CUSTOMER_INDEX_TABLE, assign_positions(earlier_customers, customers, "customer_id", "customer_index")
    )
    step_run.write(PRODUCT_INDEX_TABLE, assign_positions(earlier_products, products, "product_id", "product_index"))

    matrix = customer_product_matrix(
        interactions,
        step_run.read(CUSTOMER_INDEX_TABLE),
        step_run.read(PRODUCT_INDEX_TABLE),
        month,
        step_run.config.matrix,
        previous=previous_matrix(step_run),
    )

    return step_run.write(CUSTOMER_PRODUCT_MATRIX, without_objectors_of(step_run, matrix))


def previous_matrix(step_run: StepRun) -> DataFrame | None:
    """The matrix of the month before, where it still holds and has everyone whom the month's has."""
    earlier = months_before(step_run.month, 1)
    if has_returned(step_run, earlier):
        return None
    return earlier_result(step_run, CUSTOMER_PRODUCT_MATRIX, earlier)


STEP = Step(
    name="build_matrix",
    run=run,
    reads=reads,
    writes=(Writes(CUSTOMER_PRODUCT_MATRIX), Writes(CUSTOMER_INDEX_TABLE), Writes(PRODUCT_INDEX_TABLE)),
    params=lambda config: {"matrix": config.matrix},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
