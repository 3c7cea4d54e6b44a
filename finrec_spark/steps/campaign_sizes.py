"""What larger or smaller campaigns would bring: the month's allocation again, with other limits; nothing is stored."""

from collections.abc import Sequence

from finrec_spark.campaigns.allocation.allocate import decide
from finrec_spark.campaigns.allocation.report import AllocationReport
from finrec_spark.campaigns.allocation.staging import staged
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_decision import judged_options, worth_options
from finrec_spark.steps.campaign_inputs import campaign_customers, option_sources


def collect_sizes(run: StepRun, factors: Sequence[float]) -> list[AllocationReport]:
    """The report of each size: every limit of the month's campaigns times the factor, explorers allocated like all.

    Args:
        run: a run of step ``campaign`` in the month.
        factors: 1 is the size that the configuration asks for.
    """
    params = run.config.campaign
    limits = params.capacity.limits(campaign_customers(run), params.allocation)
    worth = run.stage(worth_options(run, run.stage(judged_options(run, option_sources(run)), "judged")), "worth")
    with staged(worth, limits.seed) as held:
        return [decide(held, limits.times(factor))[1] for factor in factors]
