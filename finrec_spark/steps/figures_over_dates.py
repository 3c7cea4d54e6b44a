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

Attempts = Mapping[tuple[str, date], Attempt]
"""The attempts that measured, by their protocol and what was held out."""


@dataclass(frozen=True)
class OverDatesOf:
    """A protocol that measures date after date.

    Attributes:
        measured: steps that measure a date → the protocol of each one's rows in ``mart.metrics``; no two of them
            measure the same models. The last one gives the summing step its name.
        summary: the protocol of the rows over the dates.
        test_days: days from a date on whose purchases test its lists.
    """

    measured: Mapping[str, str]
    summary: str
    test_days: int


def collect_over_dates(context: RunContext, of: OverDatesOf, months: Mapping[date, date]) -> list[MetricRow]:
    """The figures over the dates, all of which were measured.

    Args:
        months: first day of what was held out → the month of the step runs that measured it, oldest first.

    Raises:
        InputMissing: one of them was not measured.
    """
    attempts = {
        (protocol, origin): _attempt(context, step, protocol, month)
        for step, protocol in of.measured.items()
        for origin, month in months.items()
    }
    last = max(months.values())
    summing = _summary_step(of, attempts)
    run_step(summing, context, last)
    made_by = _attempt(context, summing.name, of.summary, last).run_id  # another run, where it left all up to date
    return metric_rows(context.lake.collect(METRICS, protocol=of.summary, run_id=made_by))


def _summary_step(of: OverDatesOf, attempts: Attempts) -> Step:
    """The step that sums these attempts up."""

    def sum_up(run: StepRun) -> int:
        figures = over_dates(_collect_figures(run.context, attempts), of.test_days)
        rows = run.spark.createDataFrame(figures, METRICS.ddl_without("run_id", "protocol", "origin"))
        dated = rows.withColumn("origin", F.lit(None).cast("date"))
        return run.write(METRICS, dated, protocol=of.summary, run_id=run.run_id)

    return Step(
        name=f"{list(of.measured)[-1]}_summary",
        run=sum_up,
        writes=(Writes(METRICS),),
        delivery=lambda _: digest(sorted(attempt.attempt_id for attempt in attempts.values())),
    )


def _collect_figures(context: RunContext, attempts: Attempts) -> list[dict[str, Any]]:
    """What these attempts measured of their dates: some hundred rows a date."""
    kept = {(protocol, origin, attempt.run_id) for (protocol, origin), attempt in attempts.items()}
    protocols = sorted({protocol for protocol, _ in attempts})
    records = (record for protocol in protocols for record in context.lake.collect(METRICS, protocol=protocol))
    return [record for record in records if (record["protocol"], record["origin"], record["run_id"]) in kept]


def _attempt(context: RunContext, step: str, protocol: str, month: date) -> Attempt:
    attempt = context.ledger.newest(step, month)
    if attempt is None:
        raise InputMissing(f"{METRICS.name}: {month} was not measured; run evaluate --protocol {protocol} again")
    return attempt
