"""The rolling backtest: each of the newest months held out in turn, every model and the ensemble fitted before it."""

from collections.abc import Sequence
from datetime import date

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.figures import MetricRow
from finrec_spark.evaluation.held_out import PROTOCOL as HELD_OUT
from finrec_spark.months import months_before
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.explain import log_verdicts
from finrec_spark.pipeline.scheduler import Plan, plan_for, run_logged
from finrec_spark.pipeline.step import Step
from finrec_spark.steps import evaluate_last_month as last_month
from finrec_spark.steps.earlier_months import held_out_month
from finrec_spark.steps.figures_over_dates import OverDatesOf, collect_over_dates

PROTOCOL = "rolling"
_TEST_DAYS = 28  # one month's purchases test one month's lists, so test times do not overlap
_OVER_MONTHS = OverDatesOf({last_month.STEP.name: HELD_OUT}, "rolling_over_months", _TEST_DAYS)


def run_rolling(context: RunContext, months: Sequence[date], catalogue: Sequence[Step]) -> list[MetricRow]:
    """Decide what these months' evaluations need, as far as it is not up to date, and sum their figures up.

    A job that was killed goes on where it was; months that ``month`` decided are measured already.

    Args:
        months: the months after those that are held out, oldest first.
        catalogue: every step that may be needed.

    Returns:
        The figures over the months.
    """
    run_logged(_plan(context, months, catalogue), context)
    return collect_over_dates(context, _OVER_MONTHS, {months_before(month, 1): month for month in months})


def explain_rolling(context: RunContext, months: Sequence[date], catalogue: Sequence[Step]) -> None:
    """A line for each step: whether it would run, and why."""
    log_verdicts(_plan(context, months, catalogue), context)


def rolled_months(context: RunContext, newest: date, number: int) -> list[date]:
    """The ``number`` newest months up to ``newest`` before each of which a month can be held out, oldest first.

    Raises:
        InputMissing: there is none.
    """
    months = [month for month in (months_before(newest, n) for n in range(number)) if held_out_month(context, month)]
    if not months:
        raise InputMissing(f"nothing is known from before {newest:%Y-%m} that could be held out; run ingest")
    return months[::-1]


def _plan(context: RunContext, months: Sequence[date], catalogue: Sequence[Step]) -> Plan:
    """The evaluations of these months behind all that they read."""
    return plan_for([(last_month.STEP, month) for month in months], catalogue, context)
