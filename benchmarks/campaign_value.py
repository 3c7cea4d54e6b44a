"""What a month's allocation truly brings, beside a plain policy and beside one that knows the truth.

    .venv/bin/python benchmarks/campaign_value.py [--seeds 10] [--customers 100000] [--models NAME…] [--folder DIR]

For each seed a synthetic bank, its month decided (``./spark-submit.sh month``), and three policies. All keep the
month's rules and use no more contacts, by channel too, and yuan than the month's own targets did:

======= =================================================================================================
ours    the month's targets
plain   the most popular product that each customer may be offered, to the likeliest responders
truth   the offers with the greatest true value, over all products
======= =================================================================================================

Prints the true incremental yuan of each, their differences and ratios, and over the seeds their means with 95 %
intervals. All arms count, as if everyone were contacted. What is known of a seed lies in DIR: the same command goes on
from there, also after a kill.
"""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml
from campaign_year import session, settings, submit, true_month
from profile_job import ROOT, table
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.campaigns.allocation.campaign import allocated
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.contact_values import with_values
from finrec_spark.evaluation.campaign_truth import Truth, with_true_value
from finrec_spark.evaluation.ratings import mean_with_interval
from finrec_spark.pipeline.config import load_config
from finrec_spark.pipeline.context import GENERATOR, RunContext
from finrec_spark.pipeline.step import StepRun
from finrec_spark.sources.generator import GeneratorParams
from finrec_spark.steps.campaign_decision import judged_options
from finrec_spark.steps.campaign_inputs import option_sources, profiles, read_profile, read_valuer
from finrec_spark.steps.campaign_sizes import only_reads
from finrec_spark.tables import CAMPAIGN_TARGETS, POPULARITY, PRODUCTS, SCORING_ROWS
from finrec_spark.warehouse import Lake

POLICIES = ("ours", "plain", "truth")
_OPTION = ("customer_id", "segment", "product_id", "channel", "category", "cost")


def main(argv: Sequence[str]) -> int:
    """Value the three policies on one bank after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=10, help="how many banks")
    parser.add_argument("--conf", default="workstation", help="environment's file of conf/, without its ending")
    parser.add_argument("--models", nargs="*", help="models of the lists; default: the month's own")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/campaign_value", metavar="DIR")
    options = parser.parse_args(argv)
    found = {}
    for seed in range(1, options.seeds + 1):
        bank = GeneratorParams(customers=options.customers, seed=seed)
        found[seed] = volumes_of(options.folder.resolve() / f"seed-{seed}", settings(options), bank)
        report(found)
    return 0


def volumes_of(folder: Path, values: Mapping[str, object], bank: GeneratorParams) -> dict[str, float]:
    """Policy → true incremental yuan of one bank's month, worked out once; its lake is removed then."""
    known = folder / "volumes.yaml"
    if not known.exists():
        config = load_config(submit(folder, values, bank), {})
        spark, month = session(), bank.month(bank.known)
        context = RunContext(spark, config, Lake(spark, str(folder / "lake")), GENERATOR, None)
        volumes = collect_volumes(
            only_reads("campaign_value", context, month), true_month(spark, folder / "lake", month)
        )
        spark.stop()
        known.write_text(yaml.safe_dump(volumes))
        shutil.rmtree(folder / "lake")
    found: dict[str, float] = yaml.safe_load(known.read_text())
    return found


def collect_volumes(run: StepRun, truth: Truth) -> dict[str, float]:
    """Policy → true incremental yuan less what its contacts cost."""
    targets = run.context.lake.read(CAMPAIGN_TARGETS, month=run.month).join(_costs(run), "channel")
    limits = collect_limits(targets)
    everything = run.stage(all_options(run), "everything")
    named = targets.join(run.read(PRODUCTS).select("product_id", "category"), "product_id")
    return {
        "ours": collect_volume(named, truth),
        "plain": collect_volume(_chosen(run, plain(run, everything), limits, "plain"), truth),
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


def plain(run: StepRun, everything: DataFrame) -> DataFrame:
    """The most popular product that may be offered, valued by the probability of a response alone."""
    scores = run.read(POPULARITY).where("segment = 'all'").select("product_id", F.col("score").alias("popularity"))
    popular = everything.join(F.broadcast(scores), "product_id")
    first = Window.partitionBy("customer_id", "channel").orderBy(F.desc("popularity"), "product_id")
    chosen = popular.withColumn("place", F.row_number().over(first)).where("place = 1")
    profile = read_profile(run)
    valuer = read_valuer(run, profile)
    if valuer is None or valuer.response is None:
        sys.exit("the lake has no model of responses for the month")
    unlisted = chosen.join(profiles(run, profile), "customer_id").withColumn("score", F.lit(0.0))
    likely = with_values(unlisted, replace(valuer, uplift=None))
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


def report(found: Mapping[int, Mapping[str, float]]) -> None:
    """Print the policies side by side, seed by seed, and the means with the intervals that the seeds give."""
    print("\ntrue incremental yuan less the contacts' cost\n")
    rows = {seed: (of["ours"], of["plain"], of["truth"]) for seed, of in found.items()}
    lines = {
        str(
            seed
        ): f"{ours:,.0f} | {plain:,.0f} | {truth:,.0f} | {ours - plain:,.0f} | {ours / plain:.2f} | {ours / truth:.2f}"
        for seed, (ours, plain, truth) in rows.items()
    }
    ours, plain, truth = np.array(list(rows.values())).T
    if len(found) > 1:
        yuan = (_mean(of, ",.0f") for of in (ours, plain, truth, ours - plain))
        ratios = (_mean(of, ".2f") for of in (ours / plain, ours / truth))
        lines["mean"] = " | ".join([*yuan, *ratios])
    table(("seed", "ours", "plain", "truth", "ours − plain", "ours ÷ plain", "ours ÷ truth"), lines)


def _mean(values: Floats, form: str) -> str:
    mean, low, high = mean_with_interval(values.tolist())
    return f"{mean:{form}} ({low:{form}} to {high:{form}})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
