"""Measure campaigns whose window is over: what they brought in yuan beyond what would have been taken anyway."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.campaigns.measurement.outcomes import PROGRAMME, campaign_outcomes, programme_outcomes
from finrec_spark.campaigns.measurement.statistics import collect_statistics
from finrec_spark.campaigns.measurement.verdicts import Measured, measured
from finrec_spark.pipeline.cli import Command, decided_month, run_command, step_body
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.publication import publish
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.steps.campaign_inputs import sent_or_empty
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
        step_run.log(f"measure: no campaign's window ended before {step_run.month:%Y-%m}")
        return 0
    rows = [row for start in months for row in _rows(step_run, start)]
    columns = CAMPAIGN_OUTCOMES.ddl_without("month", "run_id")
    return publish(step_run, {CAMPAIGN_OUTCOMES: step_run.spark.createDataFrame(rows, columns)})


def _rows(step_run: StepRun, start: date) -> Iterator[dict[str, object]]:
    """What the campaigns of ``start`` brought; the programme carries its month like every campaign."""
    found, config = _measured(step_run, start), step_run.config
    for check in (check for check in found.checks if not check.passed):
        figures = f"{check.check} is {check.value:.3g}, at most {check.limit:.3g}"
        step_run.log(f"measure: {check.campaign_id}, {start:%Y-%m}: {figures}")
    for row in found.rows(config.measure, config.recommend.language):
        name = row["campaign_id"]
        yield {**row, "campaign_id": f"{start:%Y-%m}-{PROGRAMME}" if name == PROGRAMME else name}


def _measured(step_run: StepRun, start: date) -> Measured:
    interactions, params = step_run.read(INTERACTIONS), step_run.config.measure
    contacts = sent_or_empty(step_run, CONTACTS)
    targets, known = step_run.read(CAMPAIGN_TARGETS, start), step_run.read(SCORING_ROWS, start)
    customers, arms = known.select("customer_id", "segment"), step_run.config.campaign.arms
    of_campaigns = campaign_outcomes(targets, interactions, contacts, start, params)
    of_programme = programme_outcomes(customers, interactions, contacts, start, arms, params)
    outcomes = reduce(DataFrame.unionByName, (of_campaigns, of_programme)).persist()
    cells = collect_statistics(outcomes, params.winsor_quantile)
    outcomes.unpersist()
    return measured(cells, params)


STEP = Step(
    name="measure",
    run=run,
    reads=reads,
    writes=(Writes(CAMPAIGN_OUTCOMES), Writes(CHECKS), Writes(PUBLICATIONS)),
    params=lambda config: {
        "measure": config.measure,
        "arms": config.campaign.arms,
        "language": config.recommend.language,
    },
)


def body(context: RunContext, options: argparse.Namespace) -> None:
    """Measure, then print what all campaigns so far brought."""
    month = decided_month(context, options)
    step_body(STEP, lambda *_: month)(context, options)
    print_outcomes(context, month)


if __name__ == "__main__":
    run_command(Command(STEP.name, __doc__, body))
