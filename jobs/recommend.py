"""Recommend N products to every known customer, with reasons, in one pass over the customers."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import functions as F

from finrec_spark.pipeline.checks import Check
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.publication import publish
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.ranking.publishing import collect_list_counts, exclusions, offers, recommendations
from finrec_spark.ranking.scoring import ScoringPlan, score_customers
from finrec_spark.steps.campaign_offers import offer_plan, offer_reads
from finrec_spark.steps.deciding_trees import vote_reads
from finrec_spark.steps.earlier_months import label_months
from finrec_spark.steps.scoring_inputs import month_reads, read_ensemble, read_month_tables, scoring_code, wording_of
from finrec_spark.tables import CHECKS, EXCLUSIONS, OFFERS, PRODUCT_INDEX_TABLE, PUBLICATIONS, RECOMMENDATIONS


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """The month's customers, products and models, the trees on top where there are any, and what is worth offering."""
    trees = vote_reads() if label_months(context, month) else ()
    return (*month_reads(context.config), *trees, *offer_reads(context))


def run(step_run: StepRun) -> int:
    """Score, stage, check that no customer was lost and no rule broken, then publish lists and exclusions."""
    tables = read_month_tables(step_run, step_run.month)
    products, params = step_run.read(PRODUCT_INDEX_TABLE), step_run.config.recommend

    ensemble, wording = read_ensemble(step_run, tables), wording_of(step_run, tables)
    offered, pairs = offer_plan(step_run, tables), params.exclusions == "pairs"
    plan = ScoringPlan(ensemble, tables.catalogue, params.n, params.reasons, wording, pairs, offered)
    scored = step_run.stage(score_customers(tables.rows, plan), "scored")

    counts = collect_list_counts(scored, tables.rows, tables.catalogue, tables.customers)
    checks = [Check(RECOMMENDATIONS.name, name, broken) for name, broken in counts.faults.items()]
    step_run.log(f"recommend: {counts.scored:,} customers scored, {counts.listed:,} got a list")

    version = F.lit(f"ensemble-{step_run.month:%Y-%m}-{step_run.fingerprint[:8]}")
    lists = recommendations(scored, products).withColumn("model_version", version)
    staged = {EXCLUSIONS: exclusions(scored, products), RECOMMENDATIONS: lists}
    written = publish(step_run, staged, checks, by=STEP.name, recommendations=counts.rows)
    return written if offered is None else written + step_run.write(OFFERS, offers(scored, products))


STEP = Step(
    name="recommend",
    run=run,
    reads=reads,
    writes=(*map(Writes, (RECOMMENDATIONS, EXCLUSIONS, CHECKS, PUBLICATIONS)), Writes(OFFERS)),
    params=lambda config: {
        "recommend": config.recommend,
        "offers": config.campaign.offers,
        "ensemble": config.ensemble,
        "models": config.models,
        "parameters": {spec.name: config.of(spec) for spec in config.specs},
    },
    code=scoring_code,
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
