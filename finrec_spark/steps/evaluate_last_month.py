"""The month before held out: every model's list against what customers took."""

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.evaluation.held_out import (
    ENSEMBLE,
    PROTOCOL,
    Trial,
    calibration_error,
    differences_from,
    held_out_lists,
    share_of_truth,
)
from finrec_spark.evaluation.metrics import per_customer_metrics, ranking_metrics
from finrec_spark.models.calibration import AS_IT_IS, collect_curve, fit_calibration
from finrec_spark.months import months_before
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.ranking.ensemble import Ensemble, forest_of
from finrec_spark.ranking.pair_rows import scored_pairs
from finrec_spark.sampling import bucket
from finrec_spark.steps.scoring_inputs import (
    DECISION_TREE,
    RANDOM_FOREST,
    MonthTables,
    after_models,
    pair_sample,
    read_month_tables,
    read_trees,
    rows_with_taken,
    taken_in_month,
)
from finrec_spark.tables import METRICS, PRODUCT_INDEX_TABLE, PRODUCTS
from finrec_spark.transforms.ids import collect_product_order


def run(job: Job) -> int:
    """Hold out the month before: what every model would have listed, against what customers took."""
    tables = read_month_tables(job, months_before(job.month, 1))
    customers = rows_with_taken(job, tables).persist()
    taken = taken_in_month(job, tables).persist()
    params = job.config.last_month

    propensities = true_propensities(job, tables)
    takers = customers.where(F.size("taken") > 0)
    rows = takers if propensities is None else takers.join(propensities, "customer_id")
    place = None if propensities is None else _place_in_truth(job, tables)
    tree = read_trees(job, tables, DECISION_TREE, job.month)
    trial = Trial(_uncalibrated(job, tables), tables.catalogue, params, tree, place)
    lists = held_out_lists(rows, trial).join(F.broadcast(job.read(PRODUCT_INDEX_TABLE)), "product_index").persist()

    sold = int(tables.catalogue.rules.on_sale.sum())
    metrics = ranking_metrics(lists, taken, params.k, sold, trial.models, takers.select("customer_id", "segment"))
    per_customer = per_customer_metrics(lists, taken, params.k, trial.models)
    gains = differences_from(per_customer, ENSEMBLE, "ndcg")
    of_lists = metrics.unionByName(gains.unionByName(share_of_truth(metrics)).withColumn("k", F.lit(params.k)))
    measured = of_lists.unionByName(_calibration(job, tables, customers, trial.ensemble))

    of_month = measured.withColumn("month", F.lit(tables.month))
    written = job.write(METRICS, of_month, protocol=PROTOCOL, run_id=job.run_id)
    for held in (customers, taken, lists):
        held.unpersist()
    return written


def _uncalibrated(job: Job, tables: MonthTables) -> Ensemble:
    """The month's models under the forest that decides the month after.

    The forest learned from the months before this one, so this one's outcome is new to it; only its calibration,
    which changes no order, has seen it.
    """
    trees = read_trees(job, tables, RANDOM_FOREST, job.month)
    if trees is None:
        return Ensemble(tables.scorers)
    return Ensemble(tables.scorers, forest_of(tables.features, trees, AS_IT_IS, job.config.ensemble.candidates))


def _calibration(job: Job, tables: MonthTables, customers: DataFrame, ensemble: Ensemble) -> DataFrame:
    """The calibration error over all candidates: on one half of the customers with the curve of the other half."""
    k = F.lit(None).cast("int").alias("k")
    if ensemble.forest is None:
        nothing = METRICS.ddl_without("run_id", "protocol", "month", "k")
        return job.spark.createDataFrame([], nothing).select("*", k)
    trees, sample = ensemble.forest.trees, pair_sample(job, tables)
    half = bucket(2, F.lit("half"), "customer_id")
    fitted = fit_calibration(scored_pairs(customers.where(half == 0), sample, trees), job.config.ensemble.calibration)
    scored = scored_pairs(customers.where(half == 1), sample, trees, collect_curve(fitted))
    return calibration_error(scored).select("*", k)


def true_propensities(job: Job, tables: MonthTables) -> DataFrame | None:
    """``customer_id`` and ``truth``: the generated bank's true propensities in the month; None where nobody knows them.

    Nothing but this protocol reads them.
    """
    if job.program.source != "generator":
        return None
    truth = job.spark.read.parquet(f"{job.program.lake.root.rstrip('/')}/truth/propensities.parquet")
    of_month = truth.where(F.col("month") == F.lit(tables.month))
    return None if of_month.isEmpty() else of_month.select("customer_id", F.col("propensities").alias("truth"))


def _place_in_truth(job: Job, tables: MonthTables) -> Ints:
    """Where each product stands in the propensities, which lie in the order of all the bank's product IDs."""
    order = {product_id: place for place, product_id in enumerate(collect_product_order(job.read(PRODUCTS)))}
    return np.array([order[product_id] for product_id in tables.product_ids], dtype=np.int64)


STEP = Step(
    name="evaluate",
    run=run,
    writes=(METRICS,),
    after=(
        After("ingest", months_back=None),
        *after_models(months_back=1),
        After("train_forest", optional=True),
    ),
    params=lambda config: [config.last_month, config.ensemble, config.models, config.parameters, config.recommend],
)
