"""The month's plan: which steps, in which months, behind which others. All of it follows from what the steps read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.scheduler import Plan, plan_for
from finrec_spark.pipeline.step import Step
from finrec_spark.steps.campaign_inputs import why_no_campaign
from finrec_spark.steps.earlier_months import held_out_month
from finrec_spark.steps.finished_campaigns import measuring_months

MAY_BE_LEFT_OUT = ("evaluate", "measure", "campaign", "report")
"""Steps without which a month is decided too."""


@dataclass(frozen=True)
class MonthSteps:
    """The steps that a month is run for: lists, the models' figures, campaigns, what earlier ones brought, a report."""

    recommend: Step
    evaluate: Step
    campaign: Step
    measure: Step
    report: Step


def month_plan(
    month: date, steps: MonthSteps, catalogue: Sequence[Step], context: RunContext, without: Collection[str] = ()
) -> Plan:
    """Everything after ingest, as far as the bank's history and policy allow it.

    Args:
        month: first day of the month to decide.
        steps: what is wanted.
        catalogue: every step that may be needed, in the order in which those that could start do.
        without: names, of ``MAY_BE_LEFT_OUT``, of steps that are planned only where another needs them.
    """
    wanted = [(steps.recommend, month)]
    if held_out_month(context, month):
        wanted.append((steps.evaluate, month))
    wanted += [(steps.measure, of) for of in measuring_months(context, month)]
    if why_no_campaign(context, month) is None:
        wanted.append((steps.campaign, month))
    wanted.append((steps.report, month))
    return plan_for([(step, of) for step, of in wanted if step.name not in without], catalogue, context)
