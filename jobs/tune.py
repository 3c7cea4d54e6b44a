"""Tune models' parameters on months before the one that is evaluated: what was tried, and what to configure."""

import argparse

from finrec_spark.evaluation.report.screen import print_table
from finrec_spark.evaluation.tuning import Tuning
from finrec_spark.evaluation.tuning_report import better_parameters, tuning_table, verdict
from finrec_spark.models.spec import spec_of
from finrec_spark.months import month_name, parse_month
from finrec_spark.pipeline.cli import Command, decided_month, positive, run_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.explain import log_verdicts
from finrec_spark.pipeline.scheduler import Plan, plan_for, run_logged
from finrec_spark.steps.tuning import TuningRequest, storage_file, tunable, tuning_months, tuning_step
from jobs.month import catalogue


def tune(context: RunContext, options: argparse.Namespace) -> None:
    """Run the trials of every model and show them; nothing is configured by it."""
    months = tuning_months(context, decided_month(context, options), options.until, options.months)
    storage = storage_file(context.lake.root, options.storage)
    done: dict[str, Tuning] = {}
    plan = _plan(context, TuningRequest(months, options.trials, options.seed, storage), options.models, done)
    if options.dry_run:
        log_verdicts(plan, context)
        return
    context.log(f"tune: lists held against {month_name(months[0])} to {month_name(months[-1])}, trials in {storage}")
    run_logged(plan, context)
    show([done[name] for name in dict.fromkeys(options.models)])


def show(tunings: list[Tuning]) -> None:
    """The tables, what follows from them, and the lines to paste into the configuration."""
    for tuning in tunings:
        print_table(tuning_table(tuning))
        print(verdict(tuning))
    better = better_parameters(tunings)
    if better:
        print(f"\nTo use what is better, paste this into the configuration:\n\n{better}", end="")


def _plan(context: RunContext, request: TuningRequest, models: list[str], done: dict[str, Tuning]) -> Plan:
    """The models' steps behind what their months lack."""
    steps = [tuning_step(spec_of(name), request, lambda ended: done.update({ended.model: ended})) for name in models]
    return plan_for([(step, request.decided) for step in steps], (*catalogue(), *steps), context)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", nargs="+", type=tunable, required=True, metavar="MODEL", help="models to tune")
    parser.add_argument("--trials", type=positive, default=20, metavar="N", help="parameters to try (default: 20)")
    parser.add_argument("--months", type=positive, default=3, metavar="N", help="the N newest months (default: 3)")
    parser.add_argument("--until", type=parse_month, metavar="YYYY-MM", help="newest month to tune on")
    parser.add_argument("--seed", type=int, default=17, metavar="N", help="seed of what is tried (default: 17)")
    parser.add_argument("--storage", metavar="FILE", help="file that keeps the trials (default: below the lake)")


if __name__ == "__main__":
    run_command(Command("tune", __doc__, tune, _options))
