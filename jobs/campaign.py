"""Decide the month's campaigns: who is contacted with what, in which arm, with which message; then hand them over."""

import argparse
from datetime import date

from finrec_spark.pipeline.cli import Command, decided_month, run_command, step_body
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.campaign_decision import decide
from finrec_spark.steps.campaign_inputs import campaign_reads, require_sound_campaign, secrets_digest
from finrec_spark.steps.campaign_publication import publish_campaign, restore_export
from finrec_spark.steps.campaign_report import print_decision, remarks
from finrec_spark.steps.campaign_results import print_campaign
from finrec_spark.steps.campaign_settled import require_not_measured, settled_line
from finrec_spark.tables import (
    CAMPAIGN_EXPORTS,
    CAMPAIGN_FUNNEL,
    CAMPAIGN_LIMITS,
    CAMPAIGN_TARGETS,
    CHECKS,
    EXCLUSIONS,
    PUBLICATIONS,
)


def run(step_run: StepRun) -> int:
    """Decide, say what is to be known before the launch, check, store arms and probabilities, and only then export."""
    decision = decide(step_run)
    for line in remarks(decision):
        step_run.log(line)
    return publish_campaign(step_run, decision)


STEP = Step(
    name="campaign",
    run=run,
    reads=campaign_reads,
    writes=(
        *map(Writes, (CAMPAIGN_TARGETS, CAMPAIGN_FUNNEL, CAMPAIGN_LIMITS, CAMPAIGN_EXPORTS)),
        *map(Writes, (EXCLUSIONS, CHECKS, PUBLICATIONS)),
    ),
    params=lambda config: {
        "campaign": config.campaign,
        "measure": config.measure,
        "learner": config.uplift.learner,
    },
    delivery=secrets_digest,
)


def body(context: RunContext, options: argparse.Namespace) -> None:
    """Store and export the campaigns, or only say what they would be; once exported, they stay as they are."""
    require_sound_campaign(context)
    month = decided_month(context, options)
    if options.simulate:
        simulate(context, month)
        return
    if options.again:
        require_not_measured(context, month)
    settled = None if options.again else settled_line(STEP, context, month)
    if settled is None:
        step_body(STEP, lambda *_: month)(context, options)
    else:
        context.log(settled)
    if not options.dry_run:
        print_campaign(context, month)
        restore_export(StepRun(context, STEP, month))


def simulate(context: RunContext, month: date) -> None:
    """Print what the campaigns would be; nothing is stored."""
    step_run = StepRun(context, STEP, month)
    print_decision(step_run, decide(step_run))
    step_run.discard_staged()


def campaign_options(parser: argparse.ArgumentParser) -> None:
    """``--simulate`` and ``--again``."""
    parser.add_argument("--simulate", action="store_true", help="print funnel, volume and cost; store and send nothing")
    parser.add_argument("--again", action="store_true", help="decide anew although the month's files were written")


if __name__ == "__main__":
    run_command(Command(STEP.name, __doc__, body, campaign_options))
