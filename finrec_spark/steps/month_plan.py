"""The month's plan: which steps, in which months, behind which others. All of it follows from what the steps read."""

from collections.abc import Sequence
from datetime import date

from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.scheduler import Plan, plan_for
from finrec_spark.pipeline.step import Step
from finrec_spark.steps.earlier_months import held_out_month


def month_plan(month: date, recommend: Step, evaluate: Step, catalogue: Sequence[Step], context: RunContext) -> Plan:
    """Everything after ingest: the month's lists, and every model measured on the month before where it can be.

    Args:
        month: first day of the month to decide.
        recommend: the step that makes the lists.
        evaluate: the step that holds out the month before.
        catalogue: every step that may be needed, in the order in which those that could start do.
    """
    measured = [(evaluate, month)] if held_out_month(context, month) else []
    return plan_for([(recommend, month), *measured], catalogue, context)
