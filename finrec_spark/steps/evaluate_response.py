"""How well acceptance is predicted: of the bank's own contacts fold after fold in time, or of any file of contacts."""

import argparse
from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.evaluation.response_models import Setting, measures
from finrec_spark.evaluation.responses import (
    PROTOCOL,
    Fold,
    chance_folds,
    collect_fold_starts,
    cross_validate,
    metric_rows,
    time_folds,
)
from finrec_spark.models import naive_bayes
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.contact_history import history_reads, read_contact_history
from finrec_spark.steps.delivered_contacts import (
    contact_file_digest,
    contact_file_params,
    delivered_contacts,
    month_of_contacts,
)
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.contact_table import ContactTable, collect_contact_table
from finrec_spark.transforms.profiles.vector import ProfileFeature


def evaluate_response(run: StepRun) -> int:
    """Predict the bank's own contacts, each fold by a model of what had been answered before it began."""
    history, answer_days = read_contact_history(run), run.config.acceptance.answer_days
    contacts = history.known_at(run.month, answer_days).persist()
    starts = collect_fold_starts(contacts, run.config.response.folds)
    _log_what_is_not_known(run, contacts.where(~F.col("known_before")), starts)
    folds = time_folds(contacts, starts, lambda day: history.known_at(day, answer_days), F.col("known_before"))
    written = _measure(run, history.profile, folds)
    contacts.unpersist()
    return written


def evaluate_contact_file(run: StepRun) -> int:
    """Predict the file's contacts, in folds by chance or in time; the lake is only written to."""
    params = run.config.response
    with delivered_contacts(run) as rows:
        table = collect_contact_table(rows, params, params.seed)
        contacts = table.contacts.persist()
        written = _measure(run, table.profile, _file_folds(run, ContactTable(table.profile, contacts)))
        contacts.unpersist()
    return written


def _file_folds(run: StepRun, table: ContactTable) -> list[Fold]:
    params, answer_days = run.config.response, run.config.acceptance.answer_days
    if params.time is None:
        return chance_folds(table.contacts, params.folds, params.seed)

    def known_at(day: date) -> DataFrame:
        return table.contacts.where(F.col("contact_time") < F.date_sub(F.lit(day), answer_days))

    return time_folds(table.contacts, collect_fold_starts(table.contacts, params.folds), known_at)


def _measure(run: StepRun, profile: tuple[ProfileFeature, ...], folds: Sequence[Fold]) -> int:
    config = run.config
    bayes = config.of(naive_bayes.SPEC)
    setting = Setting(profile, config.acceptance, bayes, config.response, f"{run.scratch}/trees")
    figures = list(cross_validate(folds, measures(setting), config.acceptance.least))
    return run.write(METRICS, metric_rows(run.spark, figures), protocol=PROTOCOL, run_id=run.run_id)


def _log_what_is_not_known(run: StepRun, unknown: DataFrame, starts: Sequence[date]) -> None:
    """A line where contacts after the first fold cannot be predicted for want of an earlier profile."""
    if not starts:
        return
    found = unknown.where(F.col("contact_time") >= F.lit(starts[0])).agg(
        F.count("*").alias("n"), F.min(F.to_date("contact_time")).alias("first")
    )
    row = found.head()
    if row is not None and row["n"]:
        run.log(
            f"response: {row['n']:,} contacts have no profile from before them and are not predicted; run build_matrix"
            f" and build_profile --month {row['first']:%Y-%m}, and for the months after it, to have them measured"
        )


def _params(config: Config) -> dict[str, object]:
    bayes = config.of(naive_bayes.SPEC)
    return {"response": config.response, "acceptance": config.acceptance, "naive_bayes": bayes}


STEP = Step(
    name="evaluate_response",
    run=evaluate_response,
    reads=history_reads,
    writes=(Writes(METRICS),),
    params=_params,
)

FILE_STEP = Step(
    name="evaluate_contact_file",
    run=evaluate_contact_file,
    writes=(Writes(METRICS),),
    params=lambda config: {**_params(config), **contact_file_params(config)},
    delivery=contact_file_digest,
    monthly=False,
)


def step_of(context: RunContext) -> Step:
    """The step that measures what the command line names: a file of contacts, or the bank's own."""
    return STEP if context.input_dir is None else FILE_STEP


def month_of_answers(context: RunContext, options: argparse.Namespace) -> date:
    """As ``month_of_contacts``, for a file with the contacts' outcome."""
    return month_of_contacts(context, options, [context.config.response.label], "--label COLUMN, a contact's outcome")


def response_options(parser: argparse.ArgumentParser) -> None:
    """``--label``, ``--positive``, ``--time`` and ``--drop``; --input is the file."""
    parser.add_argument("--label", metavar="COLUMN", help="response --input: column that tells the outcome")
    parser.add_argument("--positive", metavar="VALUE", help="response --input: outcome to predict (default: yes)")
    parser.add_argument("--time", metavar="COLUMN", help="response --input: the contact's time, for folds in time")
    parser.add_argument(
        "--drop",
        metavar="COLUMNS",
        action="append",
        help="response, uplift --input: columns to leave out, as a call's length",
    )


def response_values(options: argparse.Namespace) -> dict[str, object]:
    """What these options lay over the configuration."""
    given = {"label": options.label, "positive": options.positive, "time": options.time, "drop": dropped(options)}
    values = {name: value for name, value in given.items() if value}
    return {"response": values} if values else {}


def dropped(options: argparse.Namespace) -> list[str]:
    """The columns of ``--drop``, which may be given several times and names several by commas."""
    return [name.strip() for names in options.drop or () for name in names.split(",") if name.strip()]
