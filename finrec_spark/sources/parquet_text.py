"""Parquet files as rows of text, whatever tool wrote them.

What a file holds is read from its own footer, so parts may differ in columns, names, order and types. Each kind of
column is read as what it is stored as, and written plainly: whole numbers without a point, times in ISO 8601.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import PySparkTypeError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_type

from finrec_spark.errors import InputMissing
from finrec_spark.sources.delivery import Delivery, local_path, parts_of, plain_reader
from finrec_spark.sources.plain_values import (
    binary_text,
    clock_text,
    nanosecond_text,
    number_text,
    plain_text,
    uuid_text,
)
from finrec_spark.sources.wanted import MALFORMED, Found, Wanted, named, require_columns, wanted_places

log = logging.getLogger(__name__)

_THREADS = 8
_AS_STORED = {"datetimeRebaseMode": "CORRECTED", "int96RebaseMode": "CORRECTED"}
"""Days before 1900 as all tools but Spark 2 store them; of its own files Spark knows better."""
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

Text = Callable[[Column], Column]


@dataclass(frozen=True)
class Stored:
    """How a column is stored.

    Attributes:
        name: as the file has it.
        type: as Spark reads it; None: it cannot, or there is nothing in it.
        kind: uuid, nanoseconds, local nanoseconds, or a clock's unit; else empty.
        empty: whether all is null.
    """

    name: str
    type: T.DataType | None
    kind: str = ""
    empty: bool = False


def parquet_text(spark: SparkSession, delivery: Delivery, wanted: Wanted, contract: str) -> list[DataFrame]:
    """The rows of the files, those of the same columns in one frame: the wanted columns and ``MALFORMED``.

    Raises:
        InputMissing: a file is no Parquet, has a name twice, or lacks a needed column or has it in a type that
            cannot be read.
    """
    groups: dict[tuple[tuple[Stored, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for file, columns in _columns_by_file(spark, delivery).items():
        groups[columns, parts_of(delivery, file)].append(file)
    chosen = {group: _wanted_columns(group[0], wanted, files[0]) for group, files in groups.items()}
    found = {
        files[0]: Found([column.name.strip().lower() for column in columns], [*map(str.lower, parts)], declared=True)
        for (columns, parts), files in groups.items()
    }
    require_columns(found, wanted, contract)
    return [_rows(spark, delivery, files, chosen[group], group[1], wanted) for group, files in groups.items()]


def _wanted_columns(columns: tuple[Stored, ...], wanted: Wanted, file: str) -> dict[str, Stored]:
    places = wanted_places([column.name for column in columns], wanted, file)
    return {name: columns[place] for name, place in places.items()}


def _rows(
    spark: SparkSession,
    delivery: Delivery,
    files: list[str],
    columns: Mapping[str, Stored],
    parts: tuple[str, ...],
    wanted: Wanted,
) -> DataFrame:
    """One frame of files that are alike; a column that only tools can read is left out where it is not needed."""
    given = {name: stored for name, stored in columns.items() if name not in map(str.lower, parts)}
    _require_readable(given, wanted, files[0])
    read = {name: stored for name, stored in given.items() if stored.type is not None}
    for name in (name for name, stored in given.items() if stored.type is None and not stored.empty):
        log.warning("%s: column %s is of the type %s, which cannot be read: left out", files[0], name, given[name].kind)
    fields = [T.StructField(stored.name, stored.type) for stored in read.values() if stored.type is not None]
    fields += [T.StructField(name, T.StringType()) for name in parts]
    reader = plain_reader(spark, delivery.path if parts else None).options(**_AS_STORED).schema(T.StructType(fields))
    keys = {name: f"{delivery.path}: column {name}" for name in wanted.keys}
    texts = {name: _text(stored, keys.get(name)) for name, stored in read.items()}
    texts |= {name: F.lit(None).cast("string") for name, stored in given.items() if stored.empty}
    texts |= {name.lower(): named(name) for name in parts}
    nothing = F.lit(None).cast("string").alias(MALFORMED)
    return reader.parquet(*files).select(*(text.alias(name) for name, text in texts.items()), nothing)


def _require_readable(columns: Mapping[str, Stored], wanted: Wanted, file: str) -> None:
    for name, stored in columns.items():
        if stored.type is None and not stored.empty and name in wanted.known:
            told = f"is of the type {stored.kind}, which cannot be read: write it as text"
            raise InputMissing(f"{file}: column {name} {told}")


def _text(stored: Stored, key: str | None) -> Column:
    """The column's values as text; ``key`` names it where it holds keys."""
    column = named(stored.name)
    if stored.kind == "uuid":
        return uuid_text(column)
    if stored.kind in ("nanoseconds", "local nanoseconds"):
        return nanosecond_text(column, is_local=stored.kind.startswith("local"))
    if stored.kind in _UNITS:
        return clock_text(column, _UNITS[stored.kind])
    if isinstance(stored.type, T.BinaryType):
        return binary_text(column)
    if isinstance(stored.type, T.FloatType | T.DoubleType):
        return number_text(column, isinstance(stored.type, T.FloatType), key)
    return plain_text(column, stored.type or T.NullType())


def _columns_by_file(spark: SparkSession, delivery: Delivery) -> dict[str, tuple[Stored, ...]]:
    """The columns of each file: by its footer where it lies on this machine, else as Spark sees the whole delivery."""
    local = {file: path for file in delivery.files if (path := local_path(file)) is not None}
    if len(local) < len(delivery.files):
        seen = plain_reader(spark).option("mergeSchema", "true").parquet(*delivery.files)
        columns = tuple(Stored(field.name, field.dataType) for field in seen.schema)
        return dict.fromkeys(delivery.files, columns)
    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip(local, pool.map(_stored_columns, local, local.values()), strict=True))


def _stored_columns(file: str, path: str) -> tuple[Stored, ...]:
    try:
        opened = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        told = str(error).splitlines()[0]
        raise InputMissing(f"{file} is no Parquet file, or was cut off ({told}): deliver it anew") from error
    with opened:
        leaves = [opened.schema.column(place) for place in range(len(opened.schema))]
        kinds = {leaf.path: (leaf.physical_type, leaf.logical_type.type) for leaf in leaves}
        return tuple(_stored(field, *kinds.get(field.name, ("", ""))) for field in opened.schema_arrow)


def _stored(field: pa.Field, physical: str, logical: str) -> Stored:
    type_ = _usual(field.type)
    if logical == "UUID":
        return Stored(field.name, T.BinaryType(), "uuid")
    if pa.types.is_null(type_):
        return Stored(field.name, None, empty=True)
    if physical == "INT96":
        return Stored(field.name, T.TimestampType())
    if pa.types.is_timestamp(type_) and type_.unit == "ns":
        return Stored(field.name, T.LongType(), "nanoseconds" if type_.tz else "local nanoseconds")
    if pa.types.is_time(type_):
        return Stored(field.name, T.IntegerType() if pa.types.is_time32(type_) else T.LongType(), type_.unit)
    spark_type = _spark_type(type_)
    return Stored(field.name, spark_type, str(type_) if spark_type is None else "")


def _usual(type_: pa.DataType) -> pa.DataType:
    """The type without the layouts that Arrow alone has: Parquet stores their values as those of the usual types."""
    if pa.types.is_dictionary(type_):
        return _usual(type_.value_type)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_):
        return pa.list_(_usual(type_.value_type))
    return pa.date32() if pa.types.is_date64(type_) else type_


def _spark_type(type_: pa.DataType) -> T.DataType | None:
    """What Spark reads the stored type as; None where it reads nothing of it."""
    wider: dict[pa.DataType, T.DataType] = {
        pa.uint8(): T.ShortType(),
        pa.uint16(): T.IntegerType(),
        pa.uint32(): T.LongType(),
        pa.uint64(): T.DecimalType(20, 0),
    }
    if type_ in wider:
        return wider[type_]
    if pa.types.is_fixed_size_binary(type_):
        return T.BinaryType()
    if pa.types.is_decimal256(type_) or pa.types.is_float16(type_) or _holds_nanoseconds(type_):
        return None
    if pa.types.is_duration(type_):
        return T.LongType()
    try:
        return from_arrow_type(type_, prefer_timestamp_ntz=True)
    except (PySparkTypeError, TypeError):
        return None


def _holds_nanoseconds(type_: pa.DataType) -> bool:
    """Whether a part of a nested type is one that Spark cannot read."""
    if pa.types.is_nested(type_):
        return any(_holds_nanoseconds(type_.field(place).type) for place in range(type_.num_fields))
    return bool(pa.types.is_timestamp(type_)) and type_.unit == "ns"
