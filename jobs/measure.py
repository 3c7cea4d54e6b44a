"""Measure campaigns whose window is over: what they brought in yuan beyond what would have been taken anyway."""

import argparse
from collections.abc import Sequence
from datetime import date

from finrec_spark.pipeline.cli import Command, decided_month, run_command, step_body
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.publication import publish
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.steps.campaign_measurement import collect_outcome_rows
from finrec_spark.steps.campaign_results import print_outcomes
from finrec_spark.steps.finished_campaigns import measured_in
from finrec_spark.tables import (
    CAMPAIGN_OUTCOMES,
    CAMPAIGN_TARGETS,
    CHECKS,
    CONTACTS,
    INTERACTIONS,
    PUBLICATIONS,
    SCORING_ROWS,
)


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """Targets and customers of every campaign that is over, and what happened since."""
    tables = (CAMPAIGN_TARGETS, SCORING_ROWS)  # as they are: what was sent is never decided anew to be measured
    finished = [Read(t, m, optional=True) for m in measured_in(context, month) for t in tables]
    return (Read(INTERACTIONS), Read(CONTACTS, optional=True), *finished)


def run(step_run: StepRun) -> int:
    """Each month's campaigns, and all of them together against the hold-out."""
    months = measured_in(step_run.context, step_run.month)
    if not months:
        step_run.log(
            f"measure: no campaign's window ended in the month before {step_run.month:%Y-%m} and was delivered whole"
        )
        return 0
    rows = [row for start in months for row in collect_outcome_rows(step_run, start)]
    columns = CAMPAIGN_OUTCOMES.ddl_without("month", "run_id")
    return publish(step_run, {CAMPAIGN_OUTCOMES: step_run.spark.createDataFrame(rows, columns)})


STEP = Step(
    name="measure",
    run=run,
    reads=reads,
    writes=(Writes(CAMPAIGN_OUTCOMES), Writes(CHECKS), Writes(PUBLICATIONS)),
    params=lambda config: {"measure": config.measure, "language": config.recommend.language},
)


def body(context: RunContext, options: argparse.Namespace) -> None:
    """Measure, then print what all campaigns so far brought."""
    month = decided_month(context, options)
    step_body(STEP, lambda *_: month)(context, options)
    print_outcomes(context, month)


if __name__ == "__main__":
    run_command(Command(STEP.name, __doc__, body))
