"""Campaigns whose files were written stay as they are: what is said of them, and when they may be decided anew."""

from datetime import date

from finrec_spark.errors import ConfigError
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.explain import why_single
from finrec_spark.pipeline.step import Step
from finrec_spark.steps.campaign_offers import why_no_offers
from finrec_spark.steps.finished_campaigns import was_measured, why_settled


def log_no_campaign(step: Step, context: RunContext, month: date) -> None:
    """A line that says why the month's campaigns are not decided; none where they are."""
    settled, never = settled_line(step, context, month), why_no_offers(context)
    if settled is not None:
        context.log(settled)
    elif never is not None:
        context.log(f"no campaign in {month:%Y-%m}: {never}")


def settled_line(step: Step, context: RunContext, month: date) -> str | None:
    """That the month's campaigns stay as they are, and what changed since; None where they may be decided."""
    settled = why_settled(context, month)
    if settled is None:
        return None
    changed = why_single(step, month, context)
    return f"{step.labelled(month)} stays as it is: {settled}" + (f" (since then: {changed})" if changed else "")


def require_not_measured(context: RunContext, month: date) -> None:
    """Nothing, where the month's campaigns may be decided anew.

    Raises:
        ConfigError: they were measured, and what is learned from them rests on who was in which arm.
    """
    if was_measured(context, month):
        raise ConfigError(
            f"--again: what the campaign of {month:%Y-%m} brought was measured, and uplift learns from its arms;"
            " it stays as it was, so leave --again out"
        )
