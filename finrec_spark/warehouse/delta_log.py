"""What a Delta table's log says, without a query."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import repeat
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler
from deltalake.schema import Schema
from pyarrow.fs import FileSystem, LocalFileSystem, PyFileSystem, SubTreeFileSystem

from finrec_spark.errors import SchemaError
from finrec_spark.tables import Table

NO_TABLE = -1
PLAIN = 1
"""Reader version of tables without deletion vectors and renamed columns, whose files are read as they are."""

Values = Mapping[str, str | date]
"""Column → the value that rows have in it."""
Condition = tuple[str, str, str | Sequence[str]]
"""Column, sign and value, as delta-rs takes them."""
Replaced = Sequence[Condition] | None
"""Conditions of what leaves a table when rows are written: rows that meet all of them; None: nothing."""


def newest_version(path: str) -> int:
    """Version of the table's last commit; ``NO_TABLE`` where there is no table."""
    return DeltaTable(path).version() if DeltaTable.is_deltatable(path) else NO_TABLE


def stored_table(path: str, seen: int | None) -> DeltaTable | None:
    """The table as of version ``seen``, as of now where that is None; None where there was no table."""
    is_new = not DeltaTable.is_deltatable(path) if seen is None else seen == NO_TABLE
    return None if is_new else DeltaTable(path, version=seen)


def commit_on(seen: int | None) -> CommitProperties | None:
    """What has delta-rs commit right on version ``seen`` or not at all; None: behind what others committed."""
    return None if seen is None else CommitProperties(max_commit_retries=0)


def active_files(delta: DeltaTable, table: Table, values: Values) -> dict[str, int | None]:
    """Path below the table's → rows, of the files in which the partition columns have these values.

    The rows are None where the writer did not note them.
    """
    actions = delta.get_add_actions(flatten=True)
    paths = [unquote(path) for path in actions.column("path").to_pylist()]
    noted = "num_records" in actions.schema.names
    rows = actions.column("num_records").to_pylist() if noted else [None] * len(paths)
    chosen = [name for name in table.partition_by if name in values]
    wanted = tuple(str(values[name]) for name in chosen)
    found = [map(str, actions.column(f"partition.{name}").to_pylist()) for name in chosen]
    lie_in = zip(*found, strict=True) if chosen else repeat(())
    return {path: count for path, count, keys in zip(paths, rows, lie_in, strict=False) if keys == wanted}


def same_files(path: str, table: Table, version: int, values: Values) -> bool:
    """Whether the partitions with these values have the files of an earlier version, unchanged.

    False too where the log does not reach back so far.
    """
    now = DeltaTable(path)
    if now.protocol().min_reader_version > PLAIN:
        return False
    try:
        then = DeltaTable(path, version=version)
    except DeltaError:
        return False
    return active_files(then, table, values) == active_files(now, table, values)


def equal(values: Values) -> list[Condition]:
    """That the columns have these values."""
    return [(name, "=", str(value)) for name, value in values.items()]


def of_partitions(table: Table, values: Values) -> dict[str, str | date]:
    """Those of the values that partition columns have."""
    return {name: value for name, value in values.items() if name in table.partition_by}


def storage_of(path: str) -> FileSystem:
    """The table's folder as Arrow's file system, wherever it lies.

    On this machine it is Arrow's own. One that is written in Python is asked by Arrow's threads, and where one of them
    is at it when the interpreter ends, the process is aborted (apache/arrow#34314).
    """
    if "://" in path or path.startswith("file:"):
        return PyFileSystem(DeltaStorageHandler(path))
    return SubTreeFileSystem(path, LocalFileSystem())


def column_names(path: str) -> tuple[str, ...]:
    """The columns that the table has."""
    return tuple(field.name for field in DeltaTable(path).schema().fields)


def require_columns(delta: DeltaTable, table: Table, schema: pa.Schema) -> None:
    """Nothing, where the table has the columns of ``schema``.

    Raises:
        SchemaError: it has others.
    """
    there, declared = (
        {field.name: field.type for field in each.fields} for each in (delta.schema(), Schema.from_arrow(schema))
    )
    if there != declared:
        raise SchemaError(
            f"{table.name} at {delta.table_uri}: it was made by another version; move its folder away and run again"
        )
