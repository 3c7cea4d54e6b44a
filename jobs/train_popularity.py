"""Train the popularity model: the baseline, and what customers without a history are offered."""

from finrec_spark.models import popularity
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import CUSTOMER_PRODUCT_MATRIX, CUSTOMERS, POPULARITY, REGISTRY
from finrec_spark.transforms.ingest.customers import customers_as_of


def run(job: Job) -> int:
    """Popularity of every product by segment."""
    matrix = job.read(CUSTOMER_PRODUCT_MATRIX)
    segments = customers_as_of(job.read(CUSTOMERS), job.month).select("customer_id", "segment")

    params = job.config.parameters.popularity
    fitted = popularity.segment_popularity(matrix.join(segments, "customer_id", "left"), params)

    job.register_model("popularity", params)
    return job.write(POPULARITY, fitted)


STEP = Step(
    name="train_popularity",
    run=run,
    writes=(POPULARITY, REGISTRY),
    after=(After("build_matrix"),),
    params=lambda config: config.parameters.popularity,
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
