"""What a Delta table's log says, without a query."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.schema import Schema

from finrec_spark.errors import SchemaError
from finrec_spark.tables import Table

_COMMIT = re.compile(r"^(\d{20})\.json$")
NO_TABLE = -1

Values = Mapping[str, str | date]
"""Column → the value that rows have in it."""
Condition = tuple[str, str, str | Sequence[str]]
"""Column, sign and value, as delta-rs takes them."""
Replaced = Sequence[Condition] | None
"""Conditions of what leaves a table when rows are written: rows that meet all of them; None: nothing."""


def newest_version(path: str) -> int:
    """Version of the table's last commit; ``NO_TABLE`` where there is no table.

    Delta numbers its commits in their files' names, so a local folder is just listed; delta-rs knows other places.
    """
    if "://" not in path:
        return _local_version(Path(path))
    return DeltaTable(path).version() if DeltaTable.is_deltatable(path) else NO_TABLE


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


def _local_version(table: Path) -> int:
    log = table / "_delta_log"
    names = (entry.name for entry in log.iterdir()) if log.is_dir() else ()
    return max((int(found[1]) for found in map(_COMMIT.match, names) if found), default=NO_TABLE)
