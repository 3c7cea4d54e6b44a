"""What a month's allocation truly brings, beside a plain policy and beside one that knows the truth.

    .venv/bin/python benchmarks/campaign_value.py --lake DIR --conf FILE [--month YYYY-MM]

The lake is a synthetic bank's whose month is decided (``./spark-submit.sh month``, or a year of
benchmarks/campaign_year.py). All three policies keep the month's rules and use no more contacts, by channel too, and
yuan than the month's own targets did:

======= =================================================================================================
ours    the month's targets
plain   the most popular product that each customer may be offered, to the likeliest responders
truth   the offers with the greatest true value, over all products
======= =================================================================================================

Prints the true incremental yuan of each, their differences and ratios. All arms count, as if everyone were contacted.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from campaign_year import session, true_month
from profile_job import table
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.campaigns.allocation.campaign import allocated
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.contact_values import with_values
from finrec_spark.evaluation.campaign_truth import Truth, with_true_value
from finrec_spark.months import parse_month
from finrec_spark.pipeline.config import load_config
from finrec_spark.pipeline.context import GENERATOR, RunContext
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_decision import judged_options
from finrec_spark.steps.campaign_inputs import option_sources, profiles, read_profile, read_valuer
from finrec_spark.tables import CAMPAIGN_TARGETS, POPULARITY, PRODUCTS, SCORING_ROWS
from finrec_spark.warehouse import Lake
from jobs import campaign

_OPTION = ("customer_id", "segment", "product_id", "channel", "category", "cost")


def main(argv: Sequence[str]) -> int:
    """Value the three policies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", required=True, type=Path)
    parser.add_argument("--conf", required=True, type=Path)
    parser.add_argument("--month", help="default: the month that the bank's history leads up to")
    options = parser.parse_args(argv)
    config = load_config(options.conf, {})
    month = parse_month(options.month) if options.month else config.generator.month(config.generator.known)
    spark = session()
    context = RunContext(spark, config, Lake(spark, str(options.lake.resolve())), GENERATOR, None)
    volumes = collect_volumes(StepRun(context, campaign.STEP, month), true_month(spark, options.lake, month))
    spark.stop()
    report(month, volumes)
    return 0


def collect_volumes(run: StepRun, truth: Truth) -> dict[str, float]:
    """Policy → true incremental yuan less what its contacts cost."""
    targets = run.context.lake.read(CAMPAIGN_TARGETS, month=run.month).join(_costs(run), "channel")
    limits = collect_limits(targets)
    everything = run.stage(all_options(run), "everything")
    named = targets.join(run.read(PRODUCTS).select("product_id", "category"), "product_id")
    return {
        "ours": collect_volume(named, truth),
        "plain": collect_volume(_chosen(run, plain(run), limits, "plain"), truth),
        "truth": collect_volume(_chosen(run, best_by_truth(everything, truth), limits, "truth"), truth),
    }


def collect_limits(targets: DataFrame) -> AllocationParams:
    """What the targets used: contacts, contacts by channel, yuan."""
    rows = targets.groupBy("channel").agg(F.count("*").alias("n"), F.sum("cost").alias("yuan")).collect()
    by_channel = {row["channel"]: row["n"] for row in rows}
    return AllocationParams(
        contacts=sum(by_channel.values()), budget_yuan=sum(row["yuan"] for row in rows), by_channel=by_channel
    )


def all_options(run: StepRun) -> DataFrame:
    """Every product for every customer over every channel, as far as the rules let it through."""
    sources = option_sources(run)
    customers, products = run.read(SCORING_ROWS).select("customer_id"), run.read(PRODUCTS).select("product_id")
    every = customers.crossJoin(F.broadcast(products)).selectExpr("*", "1 as rank", "0.0D as score", "true as personal")
    judged = judged_options(run, replace(sources, offers=every)).where(F.col("rule").isNull())
    return judged.join(F.broadcast(_costs(run)), "channel").select(*_OPTION)


def plain(run: StepRun) -> DataFrame:
    """The most popular product that may be offered, valued by the probability of a response alone."""
    scores = run.read(POPULARITY).where("segment = 'all'").select("product_id", F.col("score").alias("popularity"))
    popular = run.stage(all_options(run), "everything").join(F.broadcast(scores), "product_id")
    first = Window.partitionBy("customer_id", "channel").orderBy(F.desc("popularity"), "product_id")
    chosen = popular.withColumn("place", F.row_number().over(first)).where("place = 1")
    profile = read_profile(run)
    valuer = read_valuer(run, profile)
    if valuer is None or valuer.response is None:
        sys.exit("the lake has no model of responses for the month")
    likely = with_values(chosen.join(profiles(run, profile), "customer_id"), replace(valuer, uplift=None))
    return likely.select(*_OPTION, F.col("probability").alias("value"))


def best_by_truth(options: DataFrame, truth: Truth) -> DataFrame:
    """Of each customer and channel the product that truly brings most: no product has a limit of its own."""
    valued = with_true_value(options, truth).withColumn("value", F.col("true_value") - F.col("cost"))
    best = F.max_by(F.struct(*_OPTION, "value"), "value").alias("best")
    return valued.groupBy("customer_id", "channel").agg(best).select("best.*")


def collect_volume(contacts: DataFrame, truth: Truth) -> float:
    """True incremental yuan of these contacts, less their cost."""
    value = F.sum(F.col("true_value") - F.col("cost")).alias("yuan")
    return float(with_true_value(contacts, truth).agg(value).collect()[0]["yuan"] or 0.0)


def _chosen(run: StepRun, candidates: DataFrame, limits: AllocationParams, name: str) -> DataFrame:
    """The candidates that an allocation within the limits chooses."""
    staged = run.stage(candidates.withColumn("branch", F.lit(None).cast("string")), f"{name}_candidates")
    with allocated(staged, limits) as allocation:
        offers = run.stage(allocation.offers.select("customer_id", "product_id", "channel"), name)
    return staged.join(offers, ["customer_id", "product_id", "channel"], "left_semi")


def _costs(run: StepRun) -> DataFrame:
    costs = [(channel, float(cost)) for channel, cost in run.config.campaign.costs.items()]
    return run.spark.createDataFrame(costs, "channel string, cost double")


def report(month: date, volumes: Mapping[str, float]) -> None:
    """Print the policies side by side."""
    ours = volumes["ours"]
    print(f"{month:%Y-%m}, true incremental yuan less the contacts' cost\n")
    lines = {name: f"{yuan:,.0f} | {ours - yuan:,.0f} | {ours / yuan:.2f}" for name, yuan in volumes.items()}
    table(("policy", "yuan", "ours less it", "ours ÷ it"), lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
