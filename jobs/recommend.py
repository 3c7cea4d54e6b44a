"""Recommend N products to every known customer, with reasons, in one pass over the customers."""

from pyspark import StorageLevel
from pyspark.sql import functions as F

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.ranking.publishing import collect_listed, exclusions, recommendations
from finrec_spark.ranking.scoring import Pass, score_customers
from finrec_spark.steps.scoring_inputs import after_models, read_ensemble, read_month_tables, wording_of
from finrec_spark.tables import CUSTOMER_PROFILE, EXCLUSIONS, PRODUCT_INDEX_TABLE, RECOMMENDATIONS
from finrec_spark.warehouse.publication import CURRENT_RECOMMENDATIONS


def run(job: Job) -> int:
    """Score, check that no customer was lost, then write lists and exclusions."""
    tables = read_month_tables(job, job.month)
    products = job.read(PRODUCT_INDEX_TABLE)
    params = job.config.recommend

    ensemble, wording = read_ensemble(job, tables), wording_of(job, tables)
    decide = Pass(ensemble, tables.catalogue, params.n, params.reasons, wording, pairs=params.exclusions == "pairs")
    scored = score_customers(tables.rows, decide).persist(StorageLevel.DISK_ONLY)

    customers, listed = collect_listed(scored, job.read(CUSTOMER_PROFILE).count())
    job.tell(f"recommend: {customers:,} customers scored, {listed:,} got a list")

    job.write(EXCLUSIONS, exclusions(scored, products))
    version = F.lit(f"ensemble-{job.month:%Y-%m}-{job.fingerprint[:8]}")
    rows = job.write(RECOMMENDATIONS, recommendations(scored, products).withColumn("model_version", version))
    scored.unpersist()
    job.program.lake.define_view(*CURRENT_RECOMMENDATIONS)
    return rows


STEP = Step(
    name="recommend",
    run=run,
    writes=(RECOMMENDATIONS, EXCLUSIONS),
    after=(*after_models(), After("train_forest", optional=True)),
    params=lambda config: [config.recommend, config.ensemble, config.models, config.parameters],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
