"""What a SIGKILL costs the month, and that it changes no table: killed at seeded random moments and submitted again.

    .venv/bin/python benchmarks/killed_month.py [--kills 10] [--seed 17] [--customers 5000] [--lake DIR] [--one-lake]

The landing files are generated once, the month is run on them undisturbed, then once more for every kill: each on its
own copy of the landing files, killed with its whole process group after a uniform share of the undisturbed seconds and
submitted again until it ends; with --one-lake all kills follow each other on one lake, and only then it may finish.
Prints a line a kill: how many steps the ledger says were done before it and after it, which of its rows are not done,
and whether every other table of the mart has the rows of the undisturbed run. What was measured lies in DIR: the same
command goes on from there. Ends with 1 where a table differs.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

from delta import configure_spark_with_delta_pip
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
STORY = ("runs", "checks", "publications")  # what an attempt says of itself
OF_ATTEMPT = ("run_id", "attempt_id", "seconds", "started_at", "finished_at", "published_at")


@dataclass(frozen=True)
class Bench:
    """Where and how submissions are made: in ``folder`` lie the lakes and the logs."""

    folder: Path
    conf: Path
    customers: int

    def lake(self, name: str) -> Path:
        """The lake of that name."""
        return self.folder / name

    def start(self, job: str, name: str) -> subprocess.Popen[bytes]:
        """A submission in a process group of its own, whose words go to a log beside its lake."""
        options = ["--conf", str(self.conf), "--lake", str(self.lake(name)), "--customers", str(self.customers)]
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [str(ROOT / "spark-submit.sh"), job, *options]
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def finish(self, job: str, name: str) -> float:
        """Submit and wait; the seconds that it took.

        Raises:
            CalledProcessError: it failed.
        """
        start = time.monotonic()
        process = self.start(job, name)
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, process.args)
        return time.monotonic() - start

    def kill(self, name: str, moment: float) -> bool:
        """Submit the month and kill its whole group after ``moment`` seconds; False where it had ended by then."""
        process = self.start("month", name)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        return False


@dataclass(frozen=True)
class Kill:
    """One kill and what came after it.

    Attributes:
        lake: name of the lake that it happened on.
        moment: seconds after the submission.
        hit: whether the month was still running.
        at: when, ISO 8601 in UTC.
        again: seconds of the submission that ended; None where another kill followed on the same lake.
    """

    lake: str
    moment: float
    hit: bool
    at: str
    again: float | None = None


def undisturbed_seconds(bench: Bench) -> float:
    """Generate the landing files and run the month on a copy of them, unless both were done before."""
    noted = bench.folder / "undisturbed.json"
    if not noted.exists():
        for name in ("landing", "undisturbed"):
            shutil.rmtree(bench.lake(name), ignore_errors=True)
        bench.finish("generate", "landing")
        shutil.copytree(bench.lake("landing"), bench.lake("undisturbed"))
        noted.write_text(json.dumps(bench.finish("month", "undisturbed")))
    return float(json.loads(noted.read_text()))


def killed(bench: Bench, moments: Sequence[float], one_lake: bool) -> list[Kill]:
    """Every kill, those that were noted before not again."""
    noted = bench.folder / ("one_lake.jsonl" if one_lake else "kills.jsonl")
    lines = noted.read_text().splitlines() if noted.exists() else []
    done = [Kill(**json.loads(line)) for line in lines]
    for number in range(len(done), len(moments)):
        last = number == len(moments) - 1
        name = "killed" if one_lake else f"killed-{number + 1:02}"
        done.append(_kill(bench, name, moments[number], fresh=number == 0 or not one_lake, finish=last or not one_lake))
        with noted.open("a") as file:
            file.write(json.dumps(asdict(done[-1])) + "\n")
    return done


def _kill(bench: Bench, name: str, moment: float, fresh: bool, finish: bool) -> Kill:
    if fresh:
        shutil.rmtree(bench.lake(name), ignore_errors=True)
        shutil.copytree(bench.lake("landing"), bench.lake(name))
    hit = bench.kill(name, moment)
    kill = Kill(name, moment, hit, datetime.now(UTC).isoformat())
    return replace(kill, again=bench.finish("month", name)) if finish else kill


def report(spark: SparkSession, bench: Bench, kills: Sequence[Kill], undisturbed: float) -> bool:
    """Print a line a kill; whether every table of every finished lake is equal to the undisturbed run's."""
    title = f"{bench.customers:,} customers, undisturbed {undisturbed:.0f} s"
    sheet = Table("kill", "after s", "then s", "steps done before, after", "rows not done", "mart", title=title)
    different: list[str] = []
    for number, kill in enumerate(kills, start=1):
        verdict = "" if kill.again is None else collect_differences(spark, bench, kill.lake)
        different += [verdict] if verdict not in ("", "equal") else []
        again = "–" if kill.again is None else f"{kill.again:.0f}"
        after = f"{kill.moment:.0f}" + ("" if kill.hit else " (had ended)")
        sheet.add_row(str(number), after, again, *collect_story(spark, bench.lake(kill.lake), kill), verdict)
    Console(width=140).print(sheet)
    return not different


def collect_story(spark: SparkSession, lake: Path, kill: Kill) -> tuple[str, str]:
    """What the ledger says: steps done before and after the kill, and its rows that are not done."""
    if not (lake / "mart/runs/_delta_log").exists():
        return "0, 0", ""
    runs = spark.read.format("delta").load(str(lake / "mart/runs"))
    early = F.col("finished_at") < F.lit(datetime.fromisoformat(kill.at))
    done = Counter(row["early"] for row in runs.where("status = 'done'").select(early.alias("early")).collect())
    others = runs.where("status != 'done'").select("step", "month", "status").distinct().orderBy("month", "step")
    told = [f"{row['step']} {row['month']:%Y-%m} {row['status']}" for row in others.collect()]
    return f"{done[True]}, {done[False]}", "; ".join(told) or "none"


def collect_differences(spark: SparkSession, bench: Bench, name: str) -> str:
    """Which tables of the mart have other rows than the undisturbed run's; equal where none has."""
    wanted, found = (bench.lake(lake) / "mart" for lake in ("undisturbed", name))
    tables = sorted({folder.name for mart in (wanted, found) for folder in mart.iterdir()} - set(STORY))
    faults = [f"{table}: {rows:,} rows" for table in tables if (rows := _differing(spark, wanted, found, table))]
    return "; ".join(faults) or "equal"


def _differing(spark: SparkSession, wanted: Path, found: Path, table: str) -> int:
    """Rows that only one of the two has, whatever the attempt."""
    if not all((mart / table / "_delta_log").exists() for mart in (wanted, found)):
        return 1
    one, other = (_rows(spark.read.format("delta").load(str(mart / table))) for mart in (wanted, found))
    return one.exceptAll(other).count() + other.exceptAll(one).count()


def _rows(table: DataFrame) -> DataFrame:
    """Each row as one text, since a map cannot be compared."""
    return table.select(F.to_json(F.struct(*[name for name in table.columns if name not in OF_ATTEMPT])).alias("row"))


def reading_session() -> SparkSession:
    """A session that reads the lakes once all submissions have ended."""
    settings = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
    builder = reduce(lambda so_far, setting: so_far.config(*setting), settings.items(), SparkSession.builder)
    spark = configure_spark_with_delta_pip(builder).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def main(argv: Sequence[str] | None = None) -> int:
    """Run, kill, compare; 0 where no table differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--customers", type=int, default=5_000, metavar="N")
    parser.add_argument("--lake", type=Path, default=ROOT / "build/killed_month", metavar="DIR", help="folder of lakes")
    parser.add_argument("--conf", type=Path, default=ROOT / "conf/local.yaml", metavar="FILE")
    parser.add_argument("--one-lake", action="store_true", help="all kills on one lake, which then finishes")
    options = parser.parse_args(argv)

    options.lake.mkdir(parents=True, exist_ok=True)
    bench = Bench(options.lake.resolve(), options.conf.resolve(), options.customers)
    seconds = undisturbed_seconds(bench)
    draws = random.Random(options.seed)
    moments = [draws.uniform(0, seconds) for _ in range(options.kills)]
    kills = killed(bench, moments, options.one_lake)
    return 0 if report(reading_session(), bench, kills, seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
