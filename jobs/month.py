"""The whole month: every step in order, each skipped where this month's result already stands."""

import argparse
from datetime import date

from pyspark.sql import functions as F

from finrec_spark.cli import (
    Command,
    delivered_month,
    outcome_line,
    plan_line,
    run_command,
    source_options,
)
from finrec_spark.config import Config
from finrec_spark.job import Outcome, Program, Step, perform
from finrec_spark.months import months_before
from finrec_spark.summary import print_summary
from finrec_spark.tables import INTERACTIONS
from jobs import build_matrix, evaluate, generate, ingest, recommend, train_als, train_pearson, train_popularity

TRAINING = (
    (train_popularity.STEP, ("popularity",)),
    (train_als.STEP, ("als",)),
    (train_pearson.STEP, ("pearson_item", "pearson_user", "euclidean")),
)


def run(program: Program, options: argparse.Namespace) -> None:
    """Take the delivery in, hold the month before out, then decide the month."""
    if program.source == "generator":
        _go(program, generate.STEP, generate.generated_month(program, options), options.dry_run)
    month = delivered_month(program, options)
    outcomes = [*_go(program, ingest.STEP, month, options.dry_run)]

    plan = plan_of(program.config, month, with_validation=_has_history(program, months_before(month, 1)))
    for place, (step, decided) in enumerate(plan, start=1):
        outcomes += _go(program, step, decided, options.dry_run, f"[{place}/{len(plan)}] ")

    if not options.dry_run:
        print_summary(program, month, outcomes)


def plan_of(config: Config, month: date, with_validation: bool) -> list[tuple[Step, date]]:
    """The steps after ingest, each with its month; validation decides the month before and looks at what came."""
    training = [step for step, models in TRAINING if set(models) & set(config.models)]
    models_of = [build_matrix.STEP, *training]
    before = [(step, months_before(month, 1)) for step in models_of] if with_validation else []
    validation = [(evaluate.STEP, month)] if with_validation else []
    return [*before, *validation, *((step, month) for step in models_of), (recommend.STEP, month)]


def _go(program: Program, step: Step, month: date, dry_run: bool, place: str = "") -> list[Outcome]:
    """Perform the step and say how it went; on a dry run only what would happen."""
    if dry_run:
        program.tell(place + plan_line(step, program, month))
        return []
    outcome = perform(step, program, month)
    program.tell(place + outcome_line(outcome))
    return [outcome]


def _has_history(program: Program, month: date) -> bool:
    """Whether there are interactions before ``month``, so that it can be held out."""
    known = program.lake.exists(INTERACTIONS)
    return known and not program.lake.read(INTERACTIONS).where(F.col("event_time") < F.lit(month)).isEmpty()


def _options(parser: argparse.ArgumentParser) -> None:
    source_options(parser)
    generate.options(parser)


if __name__ == "__main__":
    run_command(Command("month", __doc__, run, _options, generate.configure))
