"""One CSV file of contacts with their outcome, of whatever bank."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.sources.delivery import named_delivery, path_fingerprint
from finrec_spark.sources.text_table import read_text_table
from finrec_spark.sources.wanted import MALFORMED, Wanted, named
from finrec_spark.transforms.ingest.parsing import clean

TABLE = "contacts"
"""What the configuration calls such a file."""


def contact_file_fingerprint(spark: SparkSession, path: str) -> str:
    """Changes when the file does.

    Raises:
        InputMissing: it is not there.
    """
    try:
        return path_fingerprint(spark, path)
    except InputMissing as error:
        raise InputMissing(f"{path} is missing or empty: name a CSV file of contacts with --input") from error


def read_contact_file(spark: SparkSession, path: str, encoding: str | None = None) -> DataFrame:
    """One row: one contact, every value as text without blanks around it, null where nothing is left.

    The separator is the one that cuts the header into most columns. Column names are
    trimmed and in lower case; lines that do not fit the header are left out.

    Args:
        spark: the session.
        path: a ``.csv`` or ``.csv.gz`` file, or a folder of them.
        encoding: of its text, as Python names it; None: UTF-8.

    Raises:
        InputMissing: the file is empty or in another encoding, or a column name stands twice.
    """
    rows = _read_lines(spark, path, encoding).where(F.col(MALFORMED).isNull())
    return rows.select(*(clean(named(name)).alias(name) for name in rows.columns if name != MALFORMED))


def count_left_out(spark: SparkSession, path: str, encoding: str | None = None) -> int:
    """How many lines ``read_contact_file`` leaves out, which takes the same arguments; all of the file is read."""
    return _read_lines(spark, path, encoding).where(F.col(MALFORMED).isNotNull()).count()


def _read_lines(spark: SparkSession, path: str, encoding: str | None) -> DataFrame:
    return read_text_table(spark, named_delivery(spark, TABLE, path), Wanted(encoding=encoding))
