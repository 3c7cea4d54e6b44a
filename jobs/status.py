"""What is up to date for a month, why the rest is not, and where the log is; nothing is written."""

import argparse
from pathlib import Path

from finrec_spark.pipeline.cli import Command, decided_month, run_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.explain import verdict_line, verdicts
from finrec_spark.steps.campaign_settled import log_no_campaign
from jobs import campaign, generate
from jobs.month import plan_of


def run(context: RunContext, options: argparse.Namespace) -> None:
    """One line a step of the month's plan, with its newest attempt."""
    month = decided_month(context, options)
    for verdict in verdicts(plan_of(context, month), context):
        newest = context.ledger.newest(verdict.step.name, verdict.month)
        ended = f" (done {newest.finished_at:%Y-%m-%d %H:%M}, when it ran because: {newest.why})" if newest else ""
        context.log(verdict_line(verdict) + ended)
    log_no_campaign(campaign.STEP, context, month)
    log_dir = context.config.log_dir
    context.log(f"log: {Path(log_dir).resolve() / 'finrec_spark.log' if log_dir else 'none, log_dir is null'}")


if __name__ == "__main__":
    run_command(Command("status", __doc__, run, generate.options, generate.configure, writes=False))
