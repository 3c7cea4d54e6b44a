"""Build the month's customer-product matrix from silver interactions."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import (
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


def run(job: Job) -> int:
    """Give new customers and products their positions, then write the month's matrix."""
    interactions = before(job.read(INTERACTIONS), job.month)
    customers = known_before(job.month, job.read(CUSTOMERS), interactions, "customer_id")
    products = known_before(job.month, job.read(PRODUCTS), interactions, "product_id")

    earlier_customers = job.read_if_there(CUSTOMER_INDEX_TABLE)
    earlier_products = job.read_if_there(PRODUCT_INDEX_TABLE)
    job.write(CUSTOMER_INDEX_TABLE, assign_positions(earlier_customers, customers, "customer_id", "customer_index"))
    job.write(PRODUCT_INDEX_TABLE, assign_positions(earlier_products, products, "product_id", "product_index"))

    matrix = customer_product_matrix(
        interactions, job.read(CUSTOMER_INDEX_TABLE), job.read(PRODUCT_INDEX_TABLE), job.month, job.config.matrix
    )

    return job.write(CUSTOMER_PRODUCT_MATRIX, matrix)


STEP = Step(
    name="build_matrix",
    run=run,
    writes=(CUSTOMER_PRODUCT_MATRIX, CUSTOMER_INDEX_TABLE, PRODUCT_INDEX_TABLE),
    after=(After("ingest", months_back=None),),
    params=lambda config: config.matrix,
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
