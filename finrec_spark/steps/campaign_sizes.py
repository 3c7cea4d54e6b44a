"""What larger or smaller campaigns would bring: the month's allocation again, with other limits; nothing is stored."""

from collections.abc import Sequence
from datetime import date

from finrec_spark.campaigns.allocation.allocate import decide
from finrec_spark.campaigns.allocation.report import AllocationReport
from finrec_spark.campaigns.allocation.staging import staged
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun
from finrec_spark.steps.campaign_decision import judged_options, worth_options
from finrec_spark.steps.campaign_inputs import campaign_customers, campaign_reads, option_sources


def collect_sizes(context: RunContext, month: date, factors: Sequence[float]) -> list[AllocationReport]:
    """The report of each size: every limit of the month's campaigns times the factor, explorers allocated like all.

    Args:
        month: first day of a month that is decided.
        factors: 1 is the size that the configuration asks for.
    """
    run, params = only_reads("campaign_sizes", context, month), context.config.campaign
    limits = params.capacity.limits(campaign_customers(run), params.allocation)
    worth = run.stage(worth_options(run, run.stage(judged_options(run, option_sources(run)), "judged")), "worth")
    with staged(worth, limits.seed) as held:
        reports = [decide(held, limits.times(factor))[1] for factor in factors]
    run.discard_staged()
    return reports


def only_reads(name: str, context: RunContext, month: date) -> StepRun:
    """A run that reads what step ``campaign`` does, with scratch files of its own; it is no job and leaves nothing."""
    return StepRun(context, Step(name, lambda _: 0, campaign_reads), month)
