"""Explicit ratings predicted fold by fold."""

from finrec_spark.evaluation.ratings import explicit_ratings, rating_errors
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.sources.reading import read_delivery, source_of
from finrec_spark.sources.told import told_in_one_line
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.screening import screened_customers, screened_interactions, screened_products


def evaluate_ratings(run: StepRun) -> int:
    """Predict delivered ratings fold by fold; the lake is only written to."""
    context = run.context
    landing = read_delivery(run.spark, context.source, context.delivery_directory, run.config.files)
    products, customers = screened_products(landing.products).valid, screened_customers(landing.customers).valid
    interactions = screened_interactions(landing.interactions, products, customers).valid

    types = dict.fromkeys((*run.config.matrix.rating_types, run.config.files.default_event_type))
    with told_in_one_line(run.spark, *source_of(landing, "interactions", run.config.files)):
        # From files: else every query of every fold plans the reading and screening of the delivery once more.
        rated = run.stage(explicit_ratings(interactions, tuple(types)), "ratings")
    errors = rating_errors(rated, run.config.ratings)

    return run.write(METRICS, errors, protocol="ratings", run_id=run.run_id)


STEP = Step(
    name="evaluate_ratings",
    run=evaluate_ratings,
    writes=(Writes(METRICS),),
    params=lambda config: {"ratings": config.ratings, "files": config.files, "events": config.matrix.rating_types},
    delivery=lambda context: context.delivery_fingerprint(),
    monthly=False,
)
