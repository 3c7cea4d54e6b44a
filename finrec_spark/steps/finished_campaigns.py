"""Which campaigns stay as they are, and when each is measured: in the first month that knows its whole window."""

import json
from datetime import date, timedelta

from pyspark.sql import DataFrame

from finrec_spark.campaigns.arms import ArmParams
from finrec_spark.campaigns.trials import finished_months
from finrec_spark.months import months_before, months_between
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.ledger import DONE
from finrec_spark.pipeline.slices import slice_of
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.earlier_months import newest_event_month
from finrec_spark.tables import CAMPAIGN_EXPORTS, CAMPAIGN_TARGETS

CAMPAIGN_STEP, MEASURE_STEP = "campaign", "measure"


def campaign_months(context: RunContext) -> tuple[date, ...]:
    """The months whose campaigns were decided, oldest first."""
    attempts = context.ledger.attempts
    return tuple(sorted({a.month for a in attempts if a.step == CAMPAIGN_STEP and a.status == DONE}))


def measured_in(context: RunContext, month: date) -> tuple[date, ...]:
    """The months whose campaigns are measured in ``month``: over when it begins, and not a month before.

    A window that reaches beyond the newest month with interactions was not delivered yet: nothing could be seen in it.
    """
    params, newest = context.config.measure, newest_event_month(context)
    over, before = (finished_months(campaign_months(context), day, params) for day in (month, months_before(month, 1)))
    last_days = {start: start + timedelta(days=params.window_days - 1) for start in over}
    delivered = (start for start in over if newest is not None and last_days[start].replace(day=1) <= newest)
    return tuple(start for start in delivered if start not in before)


def was_measured(context: RunContext, month: date) -> bool:
    """Whether the campaigns of ``month`` were measured: then their targets are facts, and stay as they are."""
    targets = (CAMPAIGN_TARGETS.name, slice_of(month=month))
    attempts = (a for a in context.ledger.attempts if a.step == MEASURE_STEP and a.status == DONE)
    return any((read.table, read.slice) == targets for attempt in attempts for read in attempt.inputs)


def was_exported(context: RunContext, month: date) -> bool:
    """Whether the campaigns of ``month`` were decided and their files written: messages may have gone out."""
    if context.ledger.newest(CAMPAIGN_STEP, month) is None or not context.lake.exists(CAMPAIGN_EXPORTS):
        return False
    return context.lake.count(CAMPAIGN_EXPORTS, month=month) > 0


def why_settled(context: RunContext, month: date) -> str | None:
    """Why the campaigns of ``month`` stay as they are, whatever changed since; None where they may be decided."""
    if was_measured(context, month):
        return "what it brought was measured"
    if was_exported(context, month):
        return "its files were written, and messages may have gone out; campaign --again decides it anew"
    return None


def arms_of(context: RunContext, month: date) -> ArmParams:
    """What the campaigns of ``month`` were drawn with, as the ledger has it; today's where they were never decided."""
    attempt = context.ledger.newest(CAMPAIGN_STEP, month)
    noted = {} if attempt is None else json.loads(attempt.parameters)
    if "campaign" not in noted:
        return context.config.campaign.arms
    return ArmParams.model_validate(noted["campaign"]["arms"])


def measuring_months(context: RunContext, month: date) -> tuple[date, ...]:
    """The months up to ``month`` in which there is something to measure, oldest first."""
    first = min(campaign_months(context), default=month)
    months = (months_before(month, n) for n in range(months_between(first, month), -1, -1))
    return tuple(of for of in months if measured_in(context, of))


def earlier_targets(run: StepRun) -> DataFrame | None:
    """The targets of earlier months' campaigns; None where there were none."""
    found: DataFrame | None = None
    for read in run.reads:
        if read.table != CAMPAIGN_TARGETS:
            continue
        rows = run.read_if_there(CAMPAIGN_TARGETS, read.month)
        found = rows if found is None else found if rows is None else found.unionByName(rows)
    return found
