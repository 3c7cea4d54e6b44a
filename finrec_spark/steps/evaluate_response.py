"""The outcome of contacts foreseen, fold by fold: response models on any one file of contacts."""

import argparse
from datetime import date

from finrec_spark.errors import ConfigError
from finrec_spark.evaluation.response_models import candidates
from finrec_spark.evaluation.responses import PROTOCOL, cross_validate, metric_rows
from finrec_spark.months import parse_month
from finrec_spark.pipeline.step import Job, Program, Step
from finrec_spark.sources.contact_file import contact_file_fingerprint, read_contact_file
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.contact_table import collect_contacts

NO_MONTH = date(1970, 1, 1)  # a file of contacts belongs to no month


def run(job: Job) -> int:
    """Cross-validate the models on the file's contacts; the lake is only written to."""
    params = job.config.response
    contacts = collect_contacts(read_contact_file(job.spark, _path(job.program)), params, params.seed)
    job.tell(f"response: {len(contacts.label):,} contacts, {contacts.label.mean():.1%} of them {params.positive}")

    models = candidates(job.spark, params, f"{job.scratch}/trees")
    figures = list(cross_validate(contacts, models, params))

    return job.write(METRICS, metric_rows(job.spark, figures), protocol=PROTOCOL, run_id=job.run_id)


STEP = Step(
    name="evaluate_response",
    run=run,
    writes=(METRICS,),
    params=lambda config: config.response,
    inputs=lambda program: contact_file_fingerprint(program.spark, _path(program)),
    monthly=False,
)


def month_of_contacts(program: Program, options: argparse.Namespace) -> date:
    """``--month``, or January 1970.

    Raises:
        ConfigError: no file or no label is named.
        InputMissing: the file is not there.
    """
    if program.config.response.label is None:
        raise ConfigError("--protocol response needs --label COLUMN, the column that tells a contact's outcome")
    contact_file_fingerprint(program.spark, _path(program))
    return NO_MONTH if options.month is None else parse_month(options.month)


def response_options(parser: argparse.ArgumentParser) -> None:
    """``--label``, ``--positive`` and ``--drop``; --input is the file."""
    parser.add_argument("--label", metavar="COLUMN", help="response: column that tells the outcome")
    parser.add_argument("--positive", metavar="VALUE", help="response: the outcome that is predicted (default: yes)")
    parser.add_argument(
        "--drop", metavar="COLUMNS", action="append", help="response: columns to leave out, such as a call's duration"
    )


def response_values(options: argparse.Namespace) -> dict[str, object]:
    """What these options lay over the configuration."""
    drop = [name.strip() for names in options.drop or () for name in names.split(",") if name.strip()]
    given = {"label": options.label, "positive": options.positive, "drop": drop}
    values = {name: value for name, value in given.items() if value}
    return {"response": values} if values else {}


def _path(program: Program) -> str:
    if program.input_dir is None:
        raise ConfigError("--protocol response needs --input FILE, a CSV file of contacts with their outcome")
    return program.input_dir
