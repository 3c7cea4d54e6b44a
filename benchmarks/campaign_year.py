"""A year of campaigns on a synthetic bank: each month decided, answered by its customers, and measured.

    .venv/bin/python benchmarks/campaign_year.py [--customers 100000] [--months 12] [--models NAME…] [--folder DIR]

The bank has three years of history, and then answers to what the campaigns did, month after month, with effects of
contacts and amounts as the generator always had them. Prints for every month the incremental yuan as measured, with its
interval, and as it truly was, and the sums so far. What was done lies in DIR: the same command goes on from there, also
after a kill.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import yaml
from profile_job import ROOT, table
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from finrec_spark.campaigns.measurement.estimates import METHODS, YUAN
from finrec_spark.evaluation.campaign_truth import Truth, with_true_value
from finrec_spark.months import months_before
from finrec_spark.pipeline.config import config_of
from finrec_spark.pipeline.properties import spark_properties
from finrec_spark.sources.generator import GeneratorParams
from finrec_spark.tables import CAMPAIGN_OUTCOMES, CAMPAIGN_TARGETS, PRODUCTS
from finrec_spark.transforms.ids import collect_product_order
from finrec_spark.vocabulary import TREATMENT
from finrec_spark.warehouse import Lake

HISTORY = 36
Figures = dict[date, tuple[float, ...]]


def main(argv: Sequence[str]) -> int:
    """Decide the months, then print what they brought."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=GeneratorParams().seed)
    parser.add_argument("--conf", default="workstation", help="environment's file of conf/, without its ending")
    parser.add_argument("--models", nargs="*", help="models of the lists; default: the month's own")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/campaign_year", metavar="DIR")
    options = parser.parse_args(argv)
    folder = options.folder.resolve()
    truths = folder / "truth.yaml"
    true: dict[str, float] = yaml.safe_load(truths.read_text()) if truths.exists() else {}
    for position in range(HISTORY, HISTORY + options.months + 1):
        generator = bank(options, position)
        month = generator.month(position)
        submit(folder, settings(options), generator)
        if month.isoformat() not in true and position < HISTORY + options.months:
            true[month.isoformat()] = true_volume(folder, month)
            truths.write_text(yaml.safe_dump(true))
    report(folder, true)
    return 0


def bank(options: argparse.Namespace, known: int) -> GeneratorParams:
    """The bank, of whose history so many months are known."""
    start = GeneratorParams()
    months = HISTORY + options.months
    return GeneratorParams(
        customers=options.customers,
        seed=options.seed,
        months=months,
        last_month=months_before(start.last_month, -options.months),
        known_months=known,
        own_campaigns=HISTORY,
    )


def settings(options: argparse.Namespace) -> dict[str, object]:
    """What the environment's file of conf/ says, with the models of the command line; base.yaml is laid below it."""
    values: dict[str, object] = yaml.safe_load((ROOT / f"conf/{options.conf}.yaml").read_text()) or {}
    return values | ({"models": options.models} if options.models else {})


def submit(folder: Path, values: Mapping[str, object], generator: GeneratorParams) -> Path:
    """Decide one month of the lake below ``folder``, if it is not up to date; the configuration that decides it."""
    shutil.copytree(ROOT / "conf", folder / "conf", dirs_exist_ok=True)
    conf = folder / "conf" / f"known-{generator.known}.yaml"
    conf.write_text(yaml.safe_dump({**values, "generator": generator.model_dump(mode="json")}))
    command = [str(ROOT / "spark-submit.sh"), "month", "--conf", str(conf), "--lake", str(folder / "lake")]
    command += ["--without", "evaluate", "report"]
    print(f"{folder.name}: {generator.month(generator.known):%Y-%m} …", flush=True)
    with (folder / f"month-{generator.known}.log").open("ab") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    if code:
        sys.exit(f"exit code {code}; see {log.name}")
    return conf


def true_volume(folder: Path, month: date) -> float:
    """Expected yuan that the month's treated truly bring beyond what they would bring anyway."""
    spark = session()
    lake = Lake(spark, str(folder / "lake"))
    treated = lake.read(CAMPAIGN_TARGETS, month=month).where(F.col("arm") == TREATMENT)
    named = treated.join(lake.read(PRODUCTS).select("product_id", "category"), "product_id")
    truth = true_month(spark, folder / "lake", month)
    total = with_true_value(named, truth).agg(F.sum("true_value").alias("yuan")).collect()[0]["yuan"]
    spark.stop()
    return float(total or 0.0)


def true_month(spark: SparkSession, lake: Path, month: date) -> Truth:
    """The truth about the bank of a lake in the month that its newest history leads up to."""
    files = {name: spark.read.parquet(f"{lake}/truth/{name}.parquet") for name in ("effects", "spending", "amounts")}
    of_month = spark.read.parquet(f"{lake}/truth/propensities.parquet").where(F.col("month") == F.lit(month))
    products = collect_product_order(Lake(spark, str(lake)).read(PRODUCTS))
    return Truth(of_month.drop("month"), **files, product_ids=products)


def report(folder: Path, true: dict[str, float]) -> None:
    """Print what each month's campaigns brought, as measured and in truth, and the sums."""
    spark = session()
    rows = Lake(spark, str(folder / "lake")).collect(CAMPAIGN_OUTCOMES)
    spark.stop()
    lines, sums = {}, [0.0, 0.0]
    for month, (measured, low, high) in sorted(whole_campaigns(rows)):
        truly = true.get(f"{month}-01", float("nan"))
        sums = [sums[0] + measured, sums[1] + truly]
        lines[month] = f"{measured:,.0f} | {low:,.0f} to {high:,.0f} | {truly:,.0f} | {sums[0]:,.0f} | {sums[1]:,.0f}"
    table(("month", "measured, yuan", "95 % interval", "true", "measured so far", "true so far"), lines)


def whole_campaigns(rows: Sequence[dict[str, object]]) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Month and figures of every campaign, without the programme."""
    for row in rows:
        whole = (row["dimension"], row["measure"], row["method"]) == ("all", YUAN, METHODS[-1])
        if whole and not str(row["campaign_id"]).endswith("programme") and row["incremental"] is not None:
            figures = tuple(float(str(row[name])) for name in ("incremental", "low", "high"))
            yield str(row["campaign_id"])[:7], figures  # type: ignore[misc]


def session() -> SparkSession:
    """A session on the lake, whose workers are this Python."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    values = yaml.safe_load((ROOT / "conf/base.yaml").read_text())
    builder = SparkSession.builder.master("local[2]")
    for name, value in spark_properties({**values, "models": list(config_of({}).models)}).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
