"""Delta tables that do not grow with the customers, read and written by delta-rs.

Spark asks a Delta table's log some five queries for each read or write, whatever its size. delta-rs takes milliseconds
and no query, on a local folder as on a URI that it knows (s3, abfss, gs, hdfs; what it needs to log in comes from the
environment). Between it and Spark the rows pass as Arrow.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import DataFrame, SparkSession

from finrec_spark.tables import Table
from finrec_spark.warehouse.arrow_types import arrow_type
from finrec_spark.warehouse.delta_log import (
    Condition,
    Values,
    active_files,
    commit_on,
    newest_version,
    require_columns,
    storage_of,
    stored_table,
)
from finrec_spark.warehouse.digests import EMPTY


def arrow_schema(table: Table) -> pa.Schema:
    """The declared columns with their comments."""
    return pa.schema(
        [
            pa.field(column.name, arrow_type(column.type), metadata={"comment": column.comment})
            for column in table.columns
        ]
    )


def read_rows(path: str, table: Table, schema: pa.Schema, values: Values) -> pa.Table:
    """The rows in which the named columns have these values."""
    files = list(active_files(DeltaTable(path), table, values))
    if not files:
        return schema.empty_table()
    parts = pads.partitioning(pa.schema([schema.field(name) for name in table.partition_by]), flavor="hive")
    found = pads.dataset(files, schema=schema, filesystem=storage_of(path), format="parquet", partitioning=parts)
    equal = [pads.field(name) == pa.scalar(str(value)).cast(schema.field(name).type) for name, value in values.items()]
    return found.to_table(filter=reduce(and_, equal) if equal else None)


def append_rows(path: str, table: Table, rows: pa.Table) -> int:
    """Add the rows in one commit; returns its version."""
    return _write(path, table, rows, "append")


def replace_rows(
    path: str, table: Table, rows: pa.Table, replaced: Sequence[Condition], seen: int | None = None
) -> int:
    """Overwrite the rows that meet all conditions, in one commit; returns its version.

    Args:
        seen: version that the table must still have, ``NO_TABLE`` where there must be none; None: any.

    Raises:
        SchemaError: the table has other columns.
        DeltaError: it has another version than ``seen``.
    """
    return _write(path, table, rows, "overwrite", " and ".join(map(_as_sql, replaced)) or None, seen)


def rows_of(records: Iterable[Sequence[object]], schema: pa.Schema) -> pa.Table:
    """Python's values, in the order of the columns."""
    columns = list(zip(*records, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(map(_plain, values), field.type) for values, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def as_records(rows: pa.Table) -> list[dict[str, Any]]:
    """Python's values by column; times in UTC without a zone, maps as dictionaries."""
    maps = [field.name for field in rows.schema if pa.types.is_map(field.type)]
    times = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    records: list[dict[str, Any]] = rows.to_pylist()
    for record in records:
        record.update({name: dict(record[name]) for name in maps if record[name] is not None})
        record.update({name: record[name].replace(tzinfo=None) for name in times if record[name] is not None})
    return records


def rows_digest(rows: pa.Table) -> str:
    """32 hex digits that the rows' content decides, in whatever order they come; nor does a map's order count."""
    texts = sorted(json.dumps(record, sort_keys=True, default=str) for record in as_records(rows))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32] if texts else EMPTY


def missing_values(rows: pa.Table, table: Table) -> int:
    """How many values are missing where the table needs one."""
    return sum(rows.column(column.name).null_count for column in table.columns if not column.nullable)


def collect_rows(df: DataFrame, schema: pa.Schema) -> pa.Table:
    """The rows of a Spark DataFrame, in one query."""
    rows: pd.DataFrame = df.toPandas()
    for field in schema:
        if pa.types.is_map(field.type):
            rows[field.name] = [_plain(value) for value in rows[field.name]]
    return pa.Table.from_pandas(rows, schema=schema, preserve_index=False)


def to_spark(spark: SparkSession, rows: pa.Table, table: Table) -> DataFrame:
    """The rows as Spark's own, which lie in its plan: to collect them again takes no job."""
    frame = rows.to_pandas(integer_object_nulls=True, maps_as_pydicts="strict")
    return spark.createDataFrame(frame, table.ddl)


def _plain(value: object) -> object:
    """A map as Arrow takes it."""
    return list(value.items()) if isinstance(value, dict) else value


def _write(
    path: str, table: Table, rows: pa.Table, mode: str, predicate: str | None = None, seen: int | None = None
) -> int:
    stored, parts = stored_table(path, seen), list(table.partition_by) or None
    if stored is None:
        write_deltalake(path, rows, mode=mode if seen is None else "error", partition_by=parts)  # type: ignore[call-overload]
        return newest_version(path)
    require_columns(stored, table, rows.schema)
    rows = _commented_as(stored, rows)
    on = commit_on(seen)
    write_deltalake(stored, rows, mode=mode, predicate=predicate, partition_by=parts, commit_properties=on)  # type: ignore[call-overload]
    return newest_version(path)


def _commented_as(stored: DeltaTable, rows: pa.Table) -> pa.Table:
    """The rows with the comments that the table was made with: delta-rs takes a reworded one for another schema."""
    comments = {field.name: field.metadata for field in stored.schema().fields}
    fields = [field.with_metadata(comments[field.name]) for field in rows.schema]
    return pa.Table.from_arrays(rows.columns, schema=pa.schema(fields))


def _as_sql(condition: Condition) -> str:
    name, sign, value = condition
    literal = str(value).replace("'", "''")
    return f"{name} {sign} '{literal}'"
