"""What uplift learners are worth: on the bank's own finished campaigns, or on any file of randomised contacts."""

import argparse
from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.uplift import PROTOCOL, cross_validate, metric_rows
from finrec_spark.evaluation.uplift_models import Setting
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.delivered_contacts import (
    contact_file_digest,
    contact_file_params,
    delivered_contacts,
    month_of_contacts,
)
from finrec_spark.steps.evaluate_response import dropped
from finrec_spark.steps.randomised_history import randomised_reads, read_randomised_history
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.trial_table import collect_trial_table
from finrec_spark.transforms.profiles.vector import ProfileFeature


def evaluate_uplift(run: StepRun) -> int:
    """Learn from the bank's own finished campaigns, and measure on customers whom the learners did not see.

    Raises:
        InputMissing: there is no campaign, or too little was taken.
    """
    history = read_randomised_history(run)
    if history.trials is None:
        raise InputMissing(
            "evaluate_uplift: the lake has neither a campaign whose window is over nor contacts; name a file of"
            " randomised contacts with --input, or wait for a campaign's end"
        )
    return _measure(run, history.profile, history.trials.where("known_before").drop("known_before"))


def evaluate_trial_file(run: StepRun) -> int:
    """The same on a file of randomised contacts; the lake is only written to."""
    params = run.config.trials
    with delivered_contacts(run) as delivered:
        rows = delivered.persist()
        table = collect_trial_table(rows, params, params.seed)
        written = _measure(run, table.profile, table.trials)
        rows.unpersist()
    return written


def _measure(run: StepRun, profile: tuple[ProfileFeature, ...], trials: DataFrame) -> int:
    kept = trials.persist()
    folds = list(cross_validate(kept, Setting(profile, run.config.uplift, f"{run.scratch}/trees"), run.config.trials))
    kept.unpersist()
    return run.write(METRICS, metric_rows(run.spark, folds), protocol=PROTOCOL, run_id=run.run_id)


def _params(config: Config) -> dict[str, object]:
    return {"uplift": config.uplift, "trials": config.trials}


STEP = Step(
    name="evaluate_uplift",
    run=evaluate_uplift,
    reads=randomised_reads,
    writes=(Writes(METRICS),),
    params=lambda config: {**_params(config), "measure": config.measure},
)

FILE_STEP = Step(
    name="evaluate_trial_file",
    run=evaluate_trial_file,
    writes=(Writes(METRICS),),
    params=lambda config: {**_params(config), **contact_file_params(config)},
    delivery=contact_file_digest,
    monthly=False,
)


def step_of(context: RunContext) -> Step:
    """The step that measures what the command line names: a file of randomised contacts, or the bank's campaigns."""
    return STEP if context.input_dir is None else FILE_STEP


def month_of_trials(context: RunContext, options: argparse.Namespace) -> date:
    """As ``month_of_contacts``, for a file with the offer that chance made and its outcome."""
    given = [context.config.trials.treatment, context.config.trials.outcome]
    return month_of_contacts(context, options, given, "--treatment COLUMN and --outcome COLUMN")


def uplift_options(parser: argparse.ArgumentParser) -> None:
    """``--treatment``, ``--control``, ``--outcome`` and ``--amount``; --input is the file, --drop is response's."""
    parser.add_argument("--treatment", metavar="COLUMN", help="uplift --input: column that tells which offer was made")
    parser.add_argument("--control", metavar="VALUE", help="uplift --input: its value where none was made")
    parser.add_argument("--outcome", metavar="COLUMN", help="uplift --input: number above zero where it was taken")
    parser.add_argument("--amount", metavar="COLUMN", help="uplift --input: what a policy is measured by")


def uplift_values(options: argparse.Namespace) -> dict[str, object]:
    """What these options lay over the configuration."""
    names = ("treatment", "control", "outcome", "amount")
    given = {**{name: getattr(options, name) for name in names}, "drop": dropped(options)}
    values = {name: value for name, value in given.items() if value}
    return {"trials": values} if values else {}
