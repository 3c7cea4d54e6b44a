"""What goes wrong while a delivery is read → one line that names the file, and the column where there is one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from finrec_spark.errors import InputMissing
from finrec_spark.sources.encodings import UNDECODABLE, UTF_8, collect_undecodable
from finrec_spark.sources.plain_values import INEXACT_KEY

_DAMAGED = (
    "Unexpected end of input stream",
    "not a gzip file",
    "incorrect header check",
    "invalid stored block",
    "invalid block type",
    "invalid distance",
    "incorrect data check",
    "CorruptedFile",
    "is not a Parquet file",
    "Could not read footer",
    "FAILED_READ_FILE",
    "Encountered error while reading file",
)
_UNREADABLE = "a column is of a type that Spark cannot read there; write times in microseconds, or the column as text"
_DIFFERENT = "parts of one table have a column in different types; write it in one"
_REMEDIES = {
    "PARQUET_TYPE_ILLEGAL": _UNREADABLE,
    "Illegal Parquet type": _UNREADABLE,
    "CANNOT_MERGE_SCHEMAS": _DIFFERENT,
    "Failed merging schema": _DIFFERENT,
    **dict.fromkeys(_DAMAGED, "it is damaged or was cut off; deliver it anew"),
}
"""Sign of an error → what is wrong and what to do; the first sign that is found counts, and those of damage are last,
for Spark says them of any file that it could not read."""
_FILE = re.compile(
    r"(?:while reading file|reading file:?|footer (?:for|of) file:?) ?([a-z0-9]+:/[^\n]*?)(?:\. Details|[\s;]|$)"
)


@contextmanager
def told_in_one_line(spark: SparkSession, path: str, table: str, encoding: str | None = None) -> Iterator[None]:
    """While it holds, errors of Spark's and Arrow's that concern the delivered table become one line.

    Args:
        spark: the session.
        path: the delivered file or folder, for an error that names no file.
        table: what it holds.
        encoding: of its text; None: UTF-8.
    """
    try:
        yield
    except (Py4JError, PySparkException, pa.ArrowException) as error:
        line = _line(spark, str(error), path, table, encoding)
        if line is None:
            raise
        raise InputMissing(line) from error


def _line(spark: SparkSession, error: str, path: str, table: str, encoding: str | None) -> str | None:
    """The line; None where the error does not concern the delivery."""
    undecodable = re.search(re.escape(UNDECODABLE) + r"(\S+)", error)
    if undecodable:
        return collect_undecodable(spark, unquote(undecodable[1]), table, encoding or UTF_8)
    inexact = re.search(rf"(?:RuntimeException: )(.*{INEXACT_KEY})", error)
    if inexact:
        return f"{inexact[1]} (2^53; 2^24 in single precision): deliver them as text or whole numbers"
    sign = next((sign for sign in _REMEDIES if sign in error), None)
    if sign is None:
        return None
    found = _FILE.search(error)
    reason = next(line for line in error.splitlines() if sign in line).strip()
    file = unquote(found[1]) if found else path
    return f"{file} cannot be read ({_short(reason)}): {_REMEDIES[sign]}"


def _short(reason: str) -> str:
    """The reason without the names of Java's classes."""
    return re.sub(r"^(?:Caused by: )?(?:[\w.$]+(?:Exception|Error): )+", "", reason)[:160]
