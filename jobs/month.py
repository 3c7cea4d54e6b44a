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
from finrec_spark.plan import perform_all
from finrec_spark.protocols import last_month
from finrec_spark.summary import print_summary
from finrec_spark.tables import INTERACTIONS
from jobs import (
    build_matrix,
    build_profile,
    build_sequences,
    embed_text,
    generate,
    ingest,
    recommend,
    train_als,
    train_content,
    train_forest,
    train_gru,
    train_naive_bayes,
    train_pearson,
    train_popularity,
)

TRAINING = (
    (train_popularity.STEP, ("popularity",)),
    (train_als.STEP, ("als",)),
    (train_pearson.STEP, ("pearson_item", "pearson_user", "euclidean")),
    (train_content.STEP, ("content",)),
    (train_naive_bayes.STEP, ("naive_bayes",)),
    (embed_text.STEP, ("gru",)),
    (build_sequences.STEP, ("gru",)),
    (train_gru.STEP, ("gru",)),
)


def run(program: Program, options: argparse.Namespace) -> None:
    """Take the delivery in, hold the month before out, then decide the month."""
    if program.source == "generator":
        _go(program, generate.STEP, generate.generated_month(program, options), options.dry_run)
    month = delivered_month(program, options)
    outcomes = [*_go(program, ingest.STEP, month, options.dry_run)]

    plan = plan_of(program.config, month, first_month=_first_month(program, month))
    if options.dry_run:
        for step, decided in plan:
            program.tell(plan_line(step, program, decided))
        return
    outcomes += perform_all(plan, program, lambda n, done: program.tell(f"[{n}/{len(plan)}] {outcome_line(done)}"))
    print_summary(program, month, outcomes)


def plan_of(config: Config, month: date, first_month: date) -> list[tuple[Step, date]]:
    """The steps after ingest, each with its month.

    The months before are decided too: the trees learn from what came of them, and the newest measures every model.
    What the bank's history, from ``first_month`` on, is too short for is left out.
    """
    training = [step for step, models in TRAINING if set(models) & set(config.models)]
    before, oldest = months_before(month, 1), months_before(month, train_forest.LABEL_MONTHS)
    has_forest = oldest > first_month
    earlier = [months_before(month, back) for back in range(train_forest.LABEL_MONTHS, 0, -1)]
    months = [decided for decided in earlier if has_forest or decided == before > first_month]

    models = [
        (step, decided) for decided in (*months, month) for step in (build_matrix.STEP, build_profile.STEP, *training)
    ]
    trees = [(train_forest.STEP, month)] if has_forest else []
    validation = [(last_month.STEP, month)] if months else []
    return [*models, *trees, *validation, (recommend.STEP, month)]


def _go(program: Program, step: Step, month: date, dry_run: bool) -> list[Outcome]:
    """Perform the step and say how it went; on a dry run only what would happen."""
    if dry_run:
        program.tell(plan_line(step, program, month))
        return []
    outcome = perform(step, program, month)
    program.tell(outcome_line(outcome))
    return [outcome]


def _first_month(program: Program, month: date) -> date:
    """First day of the month of the oldest interaction; ``month`` where there is none."""
    if not program.lake.exists(INTERACTIONS):
        return month
    oldest = program.lake.read(INTERACTIONS).agg(F.min(F.trunc("event_time", "month")).alias("month")).head()
    first: date | None = oldest["month"] if oldest else None
    return first or month


def _options(parser: argparse.ArgumentParser) -> None:
    source_options(parser)
    generate.options(parser)


if __name__ == "__main__":
    run_command(Command("month", __doc__, run, _options, generate.configure))
