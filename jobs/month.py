"""The whole month: every step in order, each skipped where it is up to date."""

import argparse
from collections.abc import Collection
from datetime import date

from finrec_spark.pipeline.cli import Command, delivered_month, run_command, source_options
from finrec_spark.pipeline.context import GENERATOR, RunContext
from finrec_spark.pipeline.explain import log_verdict, log_verdicts
from finrec_spark.pipeline.runner import Outcome, run_step
from finrec_spark.pipeline.scheduler import Plan, run_logged
from finrec_spark.pipeline.step import Step, StepRun
from finrec_spark.steps import evaluate_last_month, report
from finrec_spark.steps.campaign_inputs import require_sound_campaign
from finrec_spark.steps.campaign_publication import restore_export
from finrec_spark.steps.campaign_settled import log_no_campaign
from finrec_spark.steps.month_plan import MAY_BE_LEFT_OUT, MonthSteps, month_plan
from finrec_spark.steps.summary import print_summary
from finrec_spark.steps.training import training_steps
from jobs import (
    build_matrix,
    build_profile,
    build_sequences,
    campaign,
    embed_text,
    generate,
    ingest,
    measure,
    recommend,
    train_forest,
    train_response,
    train_uplift,
)
from jobs import train_gru as gru


def catalogue() -> tuple[Step, ...]:
    """Every step that a month may take after ingest, in the order in which those that could start do."""
    features = (build_matrix.STEP, build_profile.STEP)
    network = (embed_text.STEP, build_sequences.STEP, gru.STEP)
    decided = (train_forest.STEP, evaluate_last_month.STEP, recommend.STEP)
    contacts = (train_response.STEP, train_uplift.STEP, measure.STEP, campaign.STEP)
    return (*features, *training_steps(), *network, *decided, *contacts, report.STEP)


def plan_of(context: RunContext, month: date, without: Collection[str] = ()) -> Plan:
    """The month's plan as the lake's history allows it, ``without`` some of ``MAY_BE_LEFT_OUT``."""
    steps = MonthSteps(recommend.STEP, evaluate_last_month.STEP, campaign.STEP, measure.STEP, report.STEP)
    return month_plan(month, steps, catalogue(), context, without)


def run(context: RunContext, options: argparse.Namespace) -> None:
    """Take the delivery in, hold the month before out, decide the month and its campaigns, measure earlier ones."""
    require_sound_campaign(context)
    if options.dry_run:
        explain(context, options)
        return
    if context.source == GENERATOR:
        _first(context, generate.STEP, generate.generated_month(context, options))
    month = month_to_decide(context, options)
    outcomes = [_first(context, ingest.STEP, month)]

    plan = plan_of(context, month, options.without)
    log_no_campaign(campaign.STEP, context, month)
    outcomes += run_logged(plan, context)
    restore_export(StepRun(context, campaign.STEP, month))
    report.restore_report(context, month)
    print_summary(context, month, outcomes)


def month_to_decide(context: RunContext, options: argparse.Namespace) -> date:
    """``--month``, or the month after the newest interaction of the delivery, which the generator knows."""
    if context.source == GENERATOR and options.month is None:
        return generate.generated_month(context, options)
    return delivered_month(context, options)


def explain(context: RunContext, options: argparse.Namespace) -> None:
    """Say of every step whether it would run, and why; nothing is written."""
    stale = []
    if context.source == GENERATOR:
        stale += _verdict(context, generate.STEP, generate.generated_month(context, options))
        if stale and options.month is None:
            context.log("everything after it waits for what generate delivers")
            return
    month = month_to_decide(context, options)
    stale += _verdict(context, ingest.STEP, month)
    log_verdicts(plan_of(context, month, options.without), context, stale)
    log_no_campaign(campaign.STEP, context, month)


def _first(context: RunContext, step: Step, month: date) -> Outcome:
    """Run a step that the plan itself depends on."""
    outcome = run_step(step, context, month)
    context.log(outcome.line)
    return outcome


def _verdict(context: RunContext, step: Step, month: date) -> list[str]:
    """Say whether the step would run; its name where it would."""
    return [] if log_verdict(step, month, context) is None else [step.name]


def month_options(parser: argparse.ArgumentParser) -> None:
    """The options of the whole month."""
    source_options(parser)
    generate.options(parser)
    parser.add_argument(
        "--without",
        nargs="+",
        choices=MAY_BE_LEFT_OUT,
        default=(),
        metavar="STEP",
        help=f"leave out, as in a backfill: {', '.join(MAY_BE_LEFT_OUT)}",
    )


if __name__ == "__main__":
    run_command(Command("month", __doc__, run, month_options, generate.configure))
