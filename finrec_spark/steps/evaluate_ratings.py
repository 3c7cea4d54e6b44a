"""Explicit ratings predicted fold by fold."""

from finrec_spark.evaluation.ratings import explicit_ratings, rating_errors
from finrec_spark.pipeline.step import Job, Step
from finrec_spark.sources.reading import read_delivery
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.screening import screened_customers, screened_interactions, screened_products


def run(job: Job) -> int:
    """Predict delivered ratings fold by fold; the lake is only written to."""
    program = job.program
    landing = read_delivery(job.spark, program.source, program.delivery_directory, job.config.files)
    products, customers = screened_products(landing.products).valid, screened_customers(landing.customers).valid
    interactions = screened_interactions(landing.interactions, products, customers).valid

    rated = explicit_ratings(interactions, ("rating", job.config.files.default_event_type))
    errors = rating_errors(rated, job.config.ratings)

    return job.write(METRICS, errors, protocol="ratings", run_id=job.run_id)


STEP = Step(
    name="evaluate_ratings",
    run=run,
    writes=(METRICS,),
    params=lambda config: [config.ratings, config.files],
    inputs=lambda program: program.delivery_fingerprint(),
    monthly=False,
)
