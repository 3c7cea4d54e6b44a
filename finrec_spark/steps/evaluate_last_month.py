"""The month before held out: every model's list against what customers took."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.evaluation.calibration_metrics import calibration_metrics
from finrec_spark.evaluation.held_out import (
    ENSEMBLE,
    PROTOCOL,
    EvaluationPlan,
    best_scores,
    differences_from,
    held_out_lists,
    measured_customers,
    share_of_truth,
)
from finrec_spark.evaluation.list_contents import content_metrics
from finrec_spark.evaluation.metrics import COLD, WARM, mean_metrics, per_customer_metrics
from finrec_spark.evaluation.reach import reach_metrics
from finrec_spark.models.calibration import AS_IT_IS
from finrec_spark.models.trees.voting import Vote
from finrec_spark.months import months_before
from finrec_spark.pipeline.context import GENERATOR, RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.ranking.ensemble import Ensemble, forest_of
from finrec_spark.ranking.pair_rows import scored_pairs
from finrec_spark.steps.deciding_trees import ALL_TREES, VOTERS, read_trees, vote_reads
from finrec_spark.steps.earlier_months import label_months, newest_label_month
from finrec_spark.steps.earlier_trees import earlier_trees
from finrec_spark.steps.scoring_inputs import (
    MonthTables,
    month_reads,
    pair_sample,
    read_month_tables,
    rows_with_taken,
    scoring_code,
    taken_in_month,
)
from finrec_spark.tables import (
    INTERACTIONS,
    METRICS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_PROFILE,
    PRODUCTS,
    TREES,
)
from finrec_spark.transforms.ids import collect_product_order
from finrec_spark.transforms.labels import taken_values


def evaluate_last_month(run: StepRun) -> int:
    """Hold out the month before: what every model would have listed, against what customers took."""
    tables = read_month_tables(run, months_before(run.month, 1))
    params = run.config.last_month
    customers = measured_customers(rows_with_taken(run, tables), tables.customers, params).persist()
    taken = measured_customers(taken_in_month(run, tables), tables.customers, params).persist()
    if params.customers < tables.customers:
        run.log(f"evaluate: measured on about {params.customers:,} of {tables.customers:,} customers, drawn by chance")

    propensities = true_propensities(run, tables)
    takers = customers.where(F.size("taken") > 0)
    rows = takers if propensities is None else takers.join(propensities, "customer_id")
    place = None if propensities is None else _place_in_truth(run, tables)
    ensemble, beside = _uncalibrated(run, tables)
    plan = EvaluationPlan(ensemble, tables.catalogue, params, beside, place)
    products = F.broadcast(_products(run, tables))
    lists = held_out_lists(rows, plan).join(products, "product_index").persist()
    per_customer = per_customer_metrics(lists, taken, params.k, plan.models, params.shorter).persist()

    of_lists = _list_figures(lists, taken.join(products, "product_id"), per_customer, plan, _segments(takers))
    scored = best_scores(customers, plan).join(_purchases(run, tables, customers, taken), "customer_id")
    measured = (of_lists, reach_metrics(scored, params.capacities, ENSEMBLE), _calibration(run, tables, customers))

    of_month = reduce(DataFrame.unionByName, measured).withColumn("origin", F.lit(tables.month))
    written = run.write(METRICS, of_month, protocol=PROTOCOL, run_id=run.run_id)
    for held in (customers, taken, lists, per_customer):
        held.unpersist()
    return written


def _list_figures(
    lists: DataFrame, taken: DataFrame, per_customer: DataFrame, plan: EvaluationPlan, segments: DataFrame
) -> DataFrame:
    """Everything that is measured of the lists."""
    params = plan.params
    means = mean_metrics(per_customer, params.k, params.shorter, segments)
    sold = int(plan.catalogue.rules.on_sale.sum())
    contents = content_metrics(lists, taken, params.k, sold, plan.models, params.shorter, segments)
    gains = differences_from(per_customer, ENSEMBLE, "ndcg", segments).unionByName(share_of_truth(per_customer))
    return means.unionByName(contents).unionByName(gains.withColumn("k", F.lit(params.k)))


def _segments(customers: DataFrame) -> DataFrame:
    """One row: a customer with the segments that the figures are told for: the bank's own, and cold or warm."""
    holds = F.exists("owned", lambda owned: owned)
    of_history = F.when(holds, WARM).otherwise(COLD)
    return customers.select("customer_id", F.array("segment", of_history).alias("segments"))


def _products(run: StepRun, tables: MonthTables) -> DataFrame:
    """One row: a product with its position and category, and the share of customers who hold it, above 0."""
    profile = run.read(PRODUCT_PROFILE, tables.month).select("product_id", "category", "holders")
    held_by = F.greatest(F.coalesce("holders", F.lit(0)), F.lit(1)) / max(tables.customers, 1)
    known = run.read(PRODUCT_INDEX_TABLE).join(profile, "product_id", "left")
    return known.select("product_id", "product_index", "category", held_by.alias("held_by"))


def _purchases(run: StepRun, tables: MonthTables, customers: DataFrame, taken: DataFrame) -> DataFrame:
    """One row: a customer with what was bought in the month: ``purchases`` and their ``value`` in yuan."""
    values = taken_values(run.read(INTERACTIONS), taken, tables.month, run.config.matrix.opening_types)
    counted = customers.select("customer_id", F.size("taken").alias("purchases"))
    return counted.join(values, "customer_id", "left").withColumn("value", F.coalesce("value", F.lit(0.0)))


def _uncalibrated(run: StepRun, tables: MonthTables) -> tuple[Ensemble, dict[str, Vote]]:
    """The month's models under trees that decide the month after, and by name each of these trees alone.

    They learned from the months before this one, so this one's outcome is new to them; only their calibration, which
    changes no order, has seen it. What would vote alone is the ensemble, and no model beside it.
    """
    found = {model: read_trees(run, tables.features.names, model, run.month) for model in ALL_TREES}
    there = {model: trees for model, trees in found.items() if trees is not None}
    voters = [model for model in VOTERS if model in there]
    if not voters:
        return Ensemble(tables.scorers), {}
    vote = Vote(tuple(there[model] for model in voters))
    forest = forest_of(tables.features, vote, AS_IT_IS, run.config.ensemble.candidates)
    return Ensemble(tables.scorers, forest), {model: Vote((there[model],)) for model in there if [model] != voters}


def _calibration(run: StepRun, tables: MonthTables, customers: DataFrame) -> DataFrame:
    """How good the promised probabilities are, by trees and a curve of earlier months; no row without such."""
    earlier = earlier_trees(run, tables)
    if earlier is None:
        return run.spark.createDataFrame([], METRICS.ddl_without("run_id", "protocol", "origin"))
    scored = scored_pairs(customers, pair_sample(run, tables), earlier.vote, earlier.curve)
    return calibration_metrics(scored, earlier.base_rate)


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

    The trees that decided the held-out month and the month of their curve are read where they are there.
    """
    held_out = months_before(month, 1)
    trees = [Read(TREES, month, model) for model in ALL_TREES] if label_months(context, month) else []
    earlier = newest_label_month(context, held_out)
    of_earlier = [replace(read, optional=True) for read in month_reads(context.config, earlier)] if earlier else []
    promised = vote_reads(held_out, optional=True)
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
