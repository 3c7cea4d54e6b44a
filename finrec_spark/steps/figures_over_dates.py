"""What step runs measured at several dates, summed up: one step more, up to date while those runs are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.backtest.summary import over_dates
from finrec_spark.evaluation.figures import MetricRow, metric_rows
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.ledger import Attempt, digest
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.tables import METRICS


@dataclass(frozen=True)
class OverDatesOf:
    """A protocol that measures date after date.

    Attributes:
        step: the step that measures a date.
        protocol: its rows in ``mart.metrics``.
        summary: the protocol of the rows over the dates.
        test_days: days from a date on whose purchases test its lists.
    """

    step: str
    protocol: str
    summary: str
    test_days: int


def collect_over_dates(context: RunContext, of: OverDatesOf, months: Mapping[date, date]) -> list[MetricRow]:
    """The figures over the dates, all of which were measured.

    Args:
        months: first day of what was held out → the month of the step run that measured it, oldest first.

    Raises:
        InputMissing: one of them was not measured.
    """
    attempts = {origin: _attempt(context, of, month) for origin, month in months.items()}
    last = max(months.values())
    run_step(_summary_step(of, attempts), context, last)
    return metric_rows(context.lake.collect(METRICS, protocol=of.summary, run_id=context.run_id(last)))


def _summary_step(of: OverDatesOf, attempts: Mapping[date, Attempt]) -> Step:
    """The step that sums these attempts up."""

    def sum_up(run: StepRun) -> int:
        figures = over_dates(_collect_figures(run.context, of, attempts), of.test_days)
        rows = run.spark.createDataFrame(figures, METRICS.ddl_without("run_id", "protocol", "origin"))
        dated = rows.withColumn("origin", F.lit(None).cast("date"))
        return run.write(METRICS, dated, protocol=of.summary, run_id=run.run_id)

    return Step(
        name=f"{of.step}_summary",
        run=sum_up,
        writes=(Writes(METRICS),),
        delivery=lambda _: digest(sorted(attempt.attempt_id for attempt in attempts.values())),
    )


def _collect_figures(context: RunContext, of: OverDatesOf, attempts: Mapping[date, Attempt]) -> list[dict[str, Any]]:
    """What these attempts measured of their dates: some hundred rows a date."""
    kept = {(origin, attempt.run_id) for origin, attempt in attempts.items()}
    records = context.lake.collect(METRICS, protocol=of.protocol)
    return [record for record in records if (record["origin"], record["run_id"]) in kept]


def _attempt(context: RunContext, of: OverDatesOf, month: date) -> Attempt:
    attempt = context.ledger.newest(of.step, month)
    if attempt is None:
        raise InputMissing(f"{METRICS.name}: {month} was not measured; run evaluate --protocol {of.protocol} again")
    return attempt
