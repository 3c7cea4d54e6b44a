"""The month before held out: every model's list against what customers took."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.evaluation.held_out import (
    ENSEMBLE,
    PROTOCOL,
    EvaluationPlan,
    calibration_metrics,
    differences_from,
    held_out_lists,
    share_of_truth,
)
from finrec_spark.evaluation.metrics import per_customer_metrics, ranking_metrics
from finrec_spark.models.calibration import AS_IT_IS
from finrec_spark.months import months_before
from finrec_spark.pipeline.context import GENERATOR, RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.ranking.ensemble import Ensemble, forest_of
from finrec_spark.ranking.pair_rows import scored_pairs
from finrec_spark.steps.earlier_forest import earlier_forest
from finrec_spark.steps.earlier_months import label_months, newest_label_month
from finrec_spark.steps.scoring_inputs import (
    DECISION_TREE,
    RANDOM_FOREST,
    MonthTables,
    month_reads,
    pair_sample,
    read_month_tables,
    read_trees,
    rows_with_taken,
    scoring_code,
    taken_in_month,
)
from finrec_spark.tables import CALIBRATION, INTERACTIONS, METRICS, PRODUCT_INDEX_TABLE, PRODUCTS, TREES
from finrec_spark.transforms.ids import collect_product_order


def evaluate_last_month(run: StepRun) -> int:
    """Hold out the month before: what every model would have listed, against what customers took."""
    tables = read_month_tables(run, months_before(run.month, 1))
    customers = rows_with_taken(run, tables).persist()
    taken = taken_in_month(run, tables).persist()
    params = run.config.last_month

    propensities = true_propensities(run, tables)
    takers = customers.where(F.size("taken") > 0)
    rows = takers if propensities is None else takers.join(propensities, "customer_id")
    place = None if propensities is None else _place_in_truth(run, tables)
    tree = read_trees(run, tables, DECISION_TREE, run.month)
    plan = EvaluationPlan(_uncalibrated(run, tables), tables.catalogue, params, tree, place)
    lists = held_out_lists(rows, plan).join(F.broadcast(run.read(PRODUCT_INDEX_TABLE)), "product_index").persist()

    sold = int(tables.catalogue.rules.on_sale.sum())
    metrics = ranking_metrics(lists, taken, params.k, sold, plan.models, takers.select("customer_id", "segment"))
    per_customer = per_customer_metrics(lists, taken, params.k, plan.models)
    gains = differences_from(per_customer, ENSEMBLE, "ndcg")
    of_lists = metrics.unionByName(gains.unionByName(share_of_truth(per_customer)).withColumn("k", F.lit(params.k)))
    measured = of_lists.unionByName(_calibration(run, tables, customers))

    of_month = measured.withColumn("origin", F.lit(tables.month))
    written = run.write(METRICS, of_month, protocol=PROTOCOL, run_id=run.run_id)
    for held in (customers, taken, lists):
        held.unpersist()
    return written


def _uncalibrated(run: StepRun, tables: MonthTables) -> Ensemble:
    """The month's models under the forest that decides the month after.

    The forest learned from the months before this one, so this one's outcome is new to it; only its calibration,
    which changes no order, has seen it.
    """
    trees = read_trees(run, tables, RANDOM_FOREST, run.month)
    if trees is None:
        return Ensemble(tables.scorers)
    return Ensemble(tables.scorers, forest_of(tables.features, trees, AS_IT_IS, run.config.ensemble.candidates))


def _calibration(run: StepRun, tables: MonthTables, customers: DataFrame) -> DataFrame:
    """How good the promised probabilities are, by a forest and a curve of earlier months; no row without such."""
    k, earlier = F.lit(None).cast("int").alias("k"), earlier_forest(run, tables)
    if earlier is None:
        nothing = METRICS.ddl_without("run_id", "protocol", "origin", "k")
        return run.spark.createDataFrame([], nothing).select("*", k)
    scored = scored_pairs(customers, pair_sample(run, tables), earlier.trees, earlier.curve)
    return calibration_metrics(scored, earlier.base_rate).select("*", k)


def true_propensities(run: StepRun, tables: MonthTables) -> DataFrame | None:
    """``customer_id`` and ``truth``: the generated bank's true propensities in the month; None where nobody knows them.

    Nothing but this protocol reads them.
    """
    if run.context.source != GENERATOR:
        return None
    truth = run.spark.read.parquet(f"{run.context.lake.root.rstrip('/')}/truth/propensities.parquet")
    of_month = truth.where(F.col("month") == F.lit(tables.month))
    return None if of_month.isEmpty() else of_month.select("customer_id", F.col("propensities").alias("truth"))


def _place_in_truth(run: StepRun, tables: MonthTables) -> Ints:
    """Where each product stands in the propensities, which lie in the order of all the bank's product IDs."""
    order = {product_id: place for place, product_id in enumerate(collect_product_order(run.read(PRODUCTS)))}
    return np.array([order[product_id] for product_id in tables.product_ids], dtype=np.int64)


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """The held-out month as it was decided, what came of it, and the trees of ``month``, which have not seen it.

    The forest that decided the held-out month and the month that its curve was fitted on are read where they are there.
    """
    held_out = months_before(month, 1)
    trees = (
        [Read(TREES, month, model) for model in (RANDOM_FOREST, DECISION_TREE)] if label_months(context, month) else []
    )
    earlier = newest_label_month(context, held_out)
    of_earlier = [replace(read, optional=True) for read in month_reads(context.config, earlier)] if earlier else []
    promised = [Read(table, held_out, RANDOM_FOREST, optional=True) for table in (TREES, CALIBRATION)]
    return (Read(INTERACTIONS), *month_reads(context.config, held_out), *trees, *of_earlier, *promised)


STEP = Step(
    name="evaluate",
    run=evaluate_last_month,
    reads=reads,
    writes=(Writes(METRICS, protocol=PROTOCOL),),
    params=lambda config: {
        "last_month": config.last_month,
        "ensemble": config.ensemble,
        "models": config.models,
        "parameters": {spec.name: config.of(spec) for spec in config.specs},
        "risk_level_where_unknown": config.recommend.risk_level_where_unknown,
        "opening_types": list(config.matrix.opening_types),
    },
    delivery=lambda context: context.source if context.source == GENERATOR else "",
    code=scoring_code,
)
