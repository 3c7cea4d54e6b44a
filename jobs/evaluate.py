"""Measure the models: the last month held out, or explicit ratings in folds."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace

from pyspark.sql import functions as F
from rich.table import Table

from finrec_spark.cli import (
    Command,
    MonthOf,
    decided_month,
    delivered_month,
    outcome_line,
    plan_line,
    run_command,
    source_options,
)
from finrec_spark.evaluation.last_month import (
    ENSEMBLE,
    PROTOCOL,
    RANDOM,
    Trial,
    chosen_weights,
    held_out_lists,
    held_out_rows,
    tried_weights,
    weight_grid,
)
from finrec_spark.evaluation.metrics import ranking_metrics
from finrec_spark.evaluation.ratings import explicit_ratings, rating_errors
from finrec_spark.evaluation.report import MetricRow, metrics_table, print_table, ratings_table
from finrec_spark.job import After, Job, Program, Step, perform
from finrec_spark.month_tables import read_month_tables
from finrec_spark.months import months_before
from finrec_spark.sources.reading import read_delivery
from finrec_spark.summary import collect_measured
from finrec_spark.tables import BLEND_WEIGHTS, INTERACTIONS, METRICS, PRODUCT_INDEX_TABLE
from finrec_spark.transforms.labels import taken_products
from finrec_spark.transforms.screening import screened_customers, screened_interactions, screened_products


def run_last_month(job: Job) -> int:
    """Hold out the month before: one half of the customers chooses the ensemble's weights, the other measures."""
    held_out = months_before(job.month, 1)
    tables = read_month_tables(job, held_out)
    products = job.read(PRODUCT_INDEX_TABLE)
    opening = [name for name, rule in job.config.matrix.events.items() if rule.ownership == "opens"]
    taken = taken_products(job.read(INTERACTIONS), tables.matrix, held_out, opening).join(products, "product_id")
    rows = held_out_rows(tables.rows, taken).persist()

    trial = Trial(tables.ensemble, tables.catalogue, job.config.last_month)
    grid = weight_grid(list(tables.ensemble.scorers), job.config.last_month.weight_steps)
    weights = chosen_weights(tried_weights(rows.where("not measures"), trial), grid) or dict(tables.ensemble.weights)
    weighted = replace(trial, ensemble=replace(tables.ensemble, weights=weights))

    measured = rows.where("measures")
    metrics = ranking_metrics(
        lists=held_out_lists(measured, weighted).join(F.broadcast(products), "product_index"),
        truth=taken.join(measured.select("customer_id"), "customer_id"),
        k=job.config.last_month.k,
        n_products=int(tables.catalogue.rules.on_sale.sum()),
        models=[*tables.ensemble.scorers, ENSEMBLE, RANDOM],
        segments=measured.select("customer_id", "segment"),
    )

    job.write(BLEND_WEIGHTS, job.spark.createDataFrame(list(weights.items()), "model string, weight double"))
    written = job.write(METRICS, metrics.withColumn("month", F.lit(held_out)), protocol=PROTOCOL, run_id=job.run_id)
    rows.unpersist()
    return written


def run_ratings(job: Job) -> int:
    """Predict delivered ratings fold by fold; the lake is only written to."""
    program = job.program
    landing = read_delivery(job.spark, program.source, program.delivery_directory, job.config.files)
    products, customers = screened_products(landing.products).valid, screened_customers(landing.customers).valid
    interactions = screened_interactions(landing.interactions, products, customers).valid

    rated = explicit_ratings(interactions, ("rating", job.config.files.default_event_type))
    errors = rating_errors(rated, job.config.ratings)

    return job.write(METRICS, errors, protocol="ratings", run_id=job.run_id)


STEP = Step(
    name="evaluate",
    run=run_last_month,
    writes=(METRICS, BLEND_WEIGHTS),
    after=(
        After("ingest", months_back=None),
        After("build_matrix", months_back=1),
        After("train_popularity", months_back=1),
        After("train_als", months_back=1, optional=True),
        After("train_pearson", months_back=1, optional=True),
    ),
    params=lambda config: [config.last_month, config.models, config.parameters, config.recommend],
)

RATINGS_STEP = Step(
    name="evaluate_ratings",
    run=run_ratings,
    writes=(METRICS,),
    params=lambda config: [config.ratings, config.files],
    inputs=lambda program: program.delivery_fingerprint(),
    monthly=False,
)

PROTOCOLS: dict[str, tuple[Step, MonthOf, Callable[[Sequence[MetricRow]], Table]]] = {
    "last_month": (STEP, decided_month, metrics_table),
    "ratings": (RATINGS_STEP, delivered_month, ratings_table),
}


def evaluate(program: Program, options: argparse.Namespace) -> None:
    """Run the protocol and show its table."""
    step, month_of, table = PROTOCOLS[options.protocol]
    month = month_of(program, options)
    if options.dry_run:
        program.tell(plan_line(step, program, month))
        return
    program.tell(outcome_line(perform(step, program, month)))
    print_table(table(collect_measured(program, step.name, month, options.protocol)))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="last_month", help="how to measure")
    source_options(parser)


if __name__ == "__main__":
    run_command(Command("evaluate", __doc__, evaluate, _options))
