"""The whole month: every step in order, each skipped where this month's result already stands."""

import argparse
from collections.abc import Sequence
from datetime import date

from finrec_spark.months import months_before
from finrec_spark.pipeline.cli import Command, delivered_month, outcome_line, plan_line, run_command, source_options
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.scheduler import perform_all
from finrec_spark.pipeline.step import Outcome, Program, Step, perform
from finrec_spark.steps import evaluate_last_month as last_month
from finrec_spark.steps.summary import print_summary
from finrec_spark.tables import INTERACTIONS
from finrec_spark.transforms.labels import LABEL_MONTHS, collect_label_months
from finrec_spark.transforms.splits import before
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

    plan = planned(program, month)
    if options.dry_run:
        for step, decided in plan:
            program.tell(plan_line(step, program, decided))
        return
    outcomes += perform_all(plan, program, lambda n, done: program.tell(f"[{n}/{len(plan)}] {outcome_line(done)}"))
    print_summary(program, month, outcomes)


def plan_of(config: Config, month: date, labels: Sequence[date], measured: bool) -> list[tuple[Step, date]]:
    """The steps after ingest, each with its month.

    Args:
        config: the models that are used.
        month: first day of the month to decide.
        labels: months whose outcomes the trees learn from, decided too; fewer than two make no trees.
        measured: whether the month before has a history, so that every model can be measured on it.
    """
    training = [step for step, models in TRAINING if set(models) & set(config.models)]
    teaching = labels if len(labels) == LABEL_MONTHS else ()
    earlier = sorted({*teaching, *([months_before(month, 1)] if measured else [])})
    steps = (build_matrix.STEP, build_profile.STEP, *training)

    models = [(step, decided) for decided in (*earlier, month) for step in steps]
    trees = [(train_forest.STEP, month)] if teaching else []
    validation = [(last_month.STEP, month)] if measured else []
    return [*models, *trees, *validation, (recommend.STEP, month)]


def planned(program: Program, month: date) -> list[tuple[Step, date]]:
    """The plan that the bank's history allows."""
    if not program.lake.exists(INTERACTIONS):
        return plan_of(program.config, month, (), measured=False)
    interactions = program.lake.read(INTERACTIONS)
    labels = collect_label_months(interactions, month, program.config.matrix.opening_types)
    measured = not before(interactions, months_before(month, 1)).isEmpty()
    return plan_of(program.config, month, labels, measured)


def _go(program: Program, step: Step, month: date, dry_run: bool) -> list[Outcome]:
    """Perform the step and say how it went; on a dry run only what would happen."""
    if dry_run:
        program.tell(plan_line(step, program, month))
        return []
    outcome = perform(step, program, month)
    program.tell(outcome_line(outcome))
    return [outcome]


def _options(parser: argparse.ArgumentParser) -> None:
    source_options(parser)
    generate.options(parser)


if __name__ == "__main__":
    run_command(Command("month", __doc__, run, _options, generate.configure))
