"""Protocols that measure a file of contacts, named with --input, or the bank's own: which file, which month."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.months import parse_month
from finrec_spark.pipeline.cli import decided_month
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import StepRun
from finrec_spark.sources.contact_file import TABLE, contact_file_fingerprint, count_left_out, read_contact_file
from finrec_spark.sources.told import told_in_one_line

NO_MONTH = date(1970, 1, 1)  # a file of contacts belongs to no month


def contact_file(context: RunContext) -> str:
    """The file that --input names.

    Raises:
        InputMissing: it names none.
    """
    if context.input_dir is None:
        raise InputMissing("no file of contacts is named; name one with --input")
    return context.input_dir


def contact_file_digest(context: RunContext) -> str:
    """Changes when the file does."""
    return contact_file_fingerprint(context.spark, contact_file(context))


@contextmanager
def delivered_contacts(run: StepRun) -> Iterator[DataFrame]:
    """The contacts of the file that --input names; how many of its lines are left out is logged.

    Raises:
        InputMissing: while it holds, for any error of Spark's that concerns the file.
    """
    path, encoding = contact_file(run.context), _encoding(run.config)
    with told_in_one_line(run.spark, path, TABLE, encoding):
        left_out = count_left_out(run.spark, path, encoding)
        if left_out:
            run.log(f"{path}: {left_out:,} lines do not fit its first line and are left out")
        yield read_contact_file(run.spark, path, encoding)


def contact_file_params(config: Config) -> dict[str, object]:
    """What of the configuration decides how the file is read."""
    return {"files": {"encoding": {TABLE: _encoding(config)}}}


def _encoding(config: Config) -> str | None:
    return config.files.encoding.get(TABLE)


def month_of_contacts(
    context: RunContext, options: argparse.Namespace, given: Sequence[str | None], needs: str
) -> date:
    """``--month``; without it January 1970 for a file, or the month after the bank's newest interaction.

    Args:
        given: the columns that only a file has, all of which it needs; None where one is not named.
        needs: their options, for the error.

    Raises:
        ConfigError: a file without its columns, or columns without a file.
        InputMissing: the file, or the bank's interactions, are not there.
    """
    if context.input_dir is None and any(given):
        raise ConfigError(f"{needs}: of a file of contacts; name it with --input, or leave them out")
    if context.input_dir is None:
        return decided_month(context, options)
    if not all(given):
        raise ConfigError(f"--input FILE needs {needs}")
    contact_file_digest(context)
    return NO_MONTH if options.month is None else parse_month(options.month)
