"""What lies in a landing directory, and each table there as rows of text.

A directory is any path that Spark reads (local, ``hdfs://``, ``s3a://``). A table is one of ``NAME.csv``,
``NAME.csv.gz`` and ``NAME.parquet``, each a file or a folder as Spark writes them.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from finrec_spark.errors import InputMissing

MALFORMED = "_malformed_line"
_ENDINGS = ("csv", "csv.gz", "parquet")
_SEPARATORS = (",", ";", "\t")
_WHOLE_LIMIT, _PLAIN_FROM = 1e15, 1e-6


@dataclass(frozen=True)
class Delivery:
    """One delivered table: its name and the path of its file or folder."""

    name: str
    path: str


def find_deliveries(spark: SparkSession, directory: str, names: Sequence[str]) -> dict[str, Delivery]:
    """Those of the tables ``names`` that lie in ``directory``, by name.

    Raises:
        InputMissing: a table is delivered twice, such as ``customers.csv`` beside ``customers.parquet``.
    """
    entries = {f"{name}.{ending}": name for name in names for ending in _ENDINGS}
    paths = (row.path for row in _collect_files(spark, f"{directory}/{{{','.join(entries)}}}"))
    found = sorted({entry for path in paths for entry in _entries_of(path, entries)})
    twice = [name for name, times in Counter(entries[entry] for entry in found).items() if times > 1]
    if twice:
        same = ", ".join(entry for entry in found if entries[entry] == twice[0])
        raise InputMissing(f"{twice[0]} is delivered more than once in {directory} ({same}): keep one")
    return {entries[entry]: Delivery(entries[entry], f"{directory}/{entry}") for entry in found}


def require_tables(found: Mapping[str, Delivery], names: Sequence[str], directory: str, contract: str) -> None:
    """Nothing, where all ``names`` were found.

    Raises:
        InputMissing: naming the missing tables, what was found, and where the contract stands.
    """
    missing = [name for name in names if name not in found]
    if missing:
        files = ", ".join(f"{name}.csv" for name in missing)
        have = ", ".join(sorted(found)) or "no table at all"
        other = "or .csv.gz, .parquet; an empty file does not count"
        raise InputMissing(f"{directory} lacks {files} ({other}); found: {have}; see {contract}")


def require_columns(rows: DataFrame, names: Iterable[str], delivery: Delivery, contract: str) -> None:
    """Nothing, where ``rows`` have all the columns ``names``.

    Raises:
        InputMissing: naming the file, the missing columns, those found, and where the contract stands.
    """
    missing = [name for name in names if name not in rows.columns]
    if missing:
        have = ", ".join(name for name in rows.columns if name != MALFORMED)
        raise InputMissing(f"{delivery.path} lacks column {', '.join(missing)}; found: {have}; see {contract}")


def landing_fingerprint(spark: SparkSession, directory: str) -> str:
    """Digest of the paths, lengths and modification times of all that lies in ``directory``; no content is read.

    Raises:
        InputMissing: nothing lies there.
    """
    files = sorted(map(tuple, _collect_files(spark, directory)))
    if not files:
        raise InputMissing(f"{directory} is missing or empty: name a directory with landing files")
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


def read_text_table(spark: SparkSession, delivery: Delivery, multiline: bool = False) -> DataFrame:
    """The table with every value as text, its column names trimmed and in lower case.

    Parquet values are written plainly: whole numbers without a point, timestamps in ISO 8601 with their zone,
    lists with ``|`` between their parts, other nested values as JSON.

    Args:
        spark: the session.
        delivery: the table.
        multiline: whether quoted CSV values may hold line breaks; such a file is one task's work.

    Returns:
        The delivered columns, and ``_malformed_line``: the line as it came where a CSV line has not as many
        values as the header, else null.

    Raises:
        InputMissing: the file is empty, or a column name stands twice.
    """
    if delivery.path.endswith(".parquet"):
        return _parquet_text(spark, delivery)
    return _csv_text(spark, delivery, multiline)


def filled_map(columns: Mapping[str, Column]) -> Column:
    """The text columns by name, in the names' order, without those that are empty in the row."""
    if not columns:
        return F.create_map().cast("map<string,string>")
    pairs = [part for name, column in sorted(columns.items(), key=itemgetter(0)) for part in (F.lit(name), column)]
    filled = F.map_filter(F.create_map(*pairs), lambda _, value: F.length(F.trim(value)) > 0)
    return filled.cast("map<string,string>")


def quoted(name: str) -> str:
    """The column name as Spark's expressions take it, whatever signs it has."""
    return f"`{name.replace('`', '``')}`"


def _collect_files(spark: SparkSession, pattern: str) -> list[Row]:
    """Path, length and modification time (µs) of each file that is not empty; none where the pattern meets none."""
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        listed = files.load(pattern)
    except AnalysisException as error:
        if error.getErrorClass() != "PATH_NOT_FOUND":
            raise
        return []
    return listed.select("path", "length", F.unix_micros("modificationTime").alias("modified")).collect()


def _entries_of(path: str, entries: Iterable[str]) -> list[str]:
    """The file of a path, or the folder that it lies in, where it is one of ``entries``."""
    known = set(entries)
    return [part for part in path.split("/") if part in known][-1:]


def _csv_text(spark: SparkSession, delivery: Delivery, multiline: bool) -> DataFrame:
    separator, header = _csv_header(spark, delivery)
    names = _column_names(header, delivery)
    rows = spark.read.csv(
        delivery.path,
        schema=T.StructType([T.StructField(name, T.StringType()) for name in [*header, MALFORMED]]),
        sep=separator,
        header=True,
        enforceSchema=False,  # parts of a folder with other headers fail rather than swap columns
        quote='"',
        escape='"',
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=MALFORMED,
        multiLine=multiline,
        encoding="UTF-8",
    )
    return rows.toDF(*names, MALFORMED)


def _csv_header(spark: SparkSession, delivery: Delivery) -> tuple[str, list[str]]:
    """The separator that cuts the header line into most cells, and the cells as they stand."""
    line = spark.read.text(delivery.path).where(F.length(F.trim("value")) > 0).head()
    if line is None:
        raise InputMissing(f"{delivery.path} is empty: its first line must name the columns")
    cells = [next(csv.reader([line.value.lstrip("\ufeff")], delimiter=separator)) for separator in _SEPARATORS]
    most = max(range(len(_SEPARATORS)), key=lambda i: len(cells[i]))
    return _SEPARATORS[most], cells[most]


def _parquet_text(spark: SparkSession, delivery: Delivery) -> DataFrame:
    rows = spark.read.parquet(delivery.path)
    names = _column_names(rows.columns, delivery)
    columns = [
        _plain_text(field.name, field.dataType).alias(name) for name, field in zip(names, rows.schema, strict=True)
    ]
    return rows.select(*columns, F.lit(None).cast("string").alias(MALFORMED))


def _column_names(header: Sequence[str], delivery: Delivery) -> list[str]:
    names = [name.strip().lower() or f"column_{place}" for place, name in enumerate(header, start=1)]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise InputMissing(f"{delivery.path} has column {', '.join(twice)} more than once: keep one")
    return names


def _plain_text(name: str, type_: T.DataType) -> Column:
    column = F.col(quoted(name))
    if isinstance(type_, T.TimestampType):
        return F.date_format(column, "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX")
    if isinstance(type_, T.FloatType | T.DoubleType):
        return _plain_number(column)
    if isinstance(type_, T.ArrayType) and isinstance(type_.elementType, T.StringType):
        return F.concat_ws("|", column)
    if isinstance(type_, T.ArrayType | T.MapType | T.StructType):
        return F.to_json(column)
    return column.cast("string")


def _plain_number(column: Column) -> Column:
    """A floating number without an exponent wherever 15 digits before and 18 after the point are enough.

    Single precision goes by its own shortest text, so that 7.1 stays 7.1.
    """
    shortest = column.cast("string")
    number = shortest.cast("double")
    size = F.abs(number)
    whole = (F.rint(number) == number) & (size < _WHOLE_LIMIT)
    fixed = F.regexp_replace(number.cast("decimal(38,18)").cast("string"), r"0+$", "")
    plain = (size >= _PLAIN_FROM) & (size < _WHOLE_LIMIT)
    return F.when(whole, number.cast("bigint").cast("string")).when(plain, fixed).otherwise(shortest)
