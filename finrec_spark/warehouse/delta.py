"""The lake: the only place that reads and writes Delta tables.

Tables that grow with the customers are read and written by Spark; small ones by delta-rs (``small_tables``).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial, reduce
from operator import and_
from threading import Lock
from typing import Any, TypeVar

import pyarrow as pa
from delta.tables import DeltaTable
from deltalake.exceptions import DeltaError
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from finrec_spark.columns import Column
from finrec_spark.errors import ConfigError, FinrecError, InputMissing, SchemaError
from finrec_spark.tables import Table
from finrec_spark.warehouse.digests import digest_sums, digest_text, row_hash
from finrec_spark.warehouse.small_tables import (
    Values,
    append_rows,
    arrow_schema,
    as_records,
    column_names,
    from_spark,
    read_rows,
    replace_rows,
    rows_of,
    to_spark,
)
from finrec_spark.warehouse.versions import NO_TABLE, newest_version

T = TypeVar("T")

_CONSTRAINT = "delta.constraints."
_PERSISTENT = "hive"
_REASONS: tuple[tuple[str, type[FinrecError], str], ...] = (
    ("CANNOT_CREATE_LOG_PATH", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("Mkdirs failed", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("AccessControlException", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("Permission denied", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("ParentNotDirectoryException", ConfigError, "the lake's path is a file; give --lake a folder"),
    ("Not a directory", ConfigError, "the lake's path is a file; give --lake a folder"),
    ("Could not create local directory", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("No space left on device", FinrecError, "the disk is full; free some space and run again"),
    ("Concurrent", FinrecError, "another run wrote it at the same time; run again when that one has ended"),
    ("DELTA_NEW_CHECK_CONSTRAINT", SchemaError, "rows of another version break a check; move its folder away"),
    ("DELTA_VIOLATE_CONSTRAINT", SchemaError, "a row breaks one of its declared checks"),
    ("DELTA_NOT_NULL_CONSTRAINT", SchemaError, "a needed column is null"),
    ("DELTA_FAILED_TO_MERGE", SchemaError, "it was made by another version; move its folder away and run again"),
    ("schema mismatch", SchemaError, "it was made by another version; move its folder away and run again"),
)


@dataclass(frozen=True)
class Written:
    """What one write left.

    Attributes:
        version: the table's newest version after it.
        rows: rows written.
        digest: of their content (``warehouse.digests``).
    """

    version: int
    rows: int
    digest: str


@dataclass(frozen=True)
class Lake:
    """Delta tables below one root.

    A table is made by its first write, with its comments; one that grows with the customers with its constraints too.
    The catalog knows the tables that people read (``mart``), and every table where the catalog outlives the session.

    Attributes:
        spark: session that reads and writes.
        root: folder or URI that every table lies below.
    """

    spark: SparkSession
    root: str
    _seen: dict[str, int] = field(default_factory=dict, repr=False)  # newest version by table, after our own writes
    _prepared: set[str] = field(default_factory=set, repr=False)
    _schemas: dict[str, pa.Schema] = field(default_factory=dict, repr=False)
    _writing: Mapping[str, Lock] = field(default_factory=lambda: defaultdict(Lock), repr=False)

    def path(self, table: Table) -> str:
        """Where the table lies."""
        return f"{self.root.rstrip('/')}/{table.path}"

    def exists(self, table: Table) -> bool:
        """Whether the table was ever written."""
        return self.version(table) != NO_TABLE

    def version(self, table: Table) -> int:
        """Newest Delta version of the table; -1 where it does not exist. Looked up once, then after each write."""
        if self._seen.get(table.name, NO_TABLE) == NO_TABLE:
            self._seen[table.name] = newest_version(self.path(table))
        return self._seen[table.name]

    def read(self, table: Table, **values: str | date) -> DataFrame:
        """The rows of the table in which the named columns have these values; all of them where none is named.

        Raises:
            InputMissing: the table was never written.
        """
        self._require(table)
        if table.is_small:
            return to_spark(self.spark, self._rows(table, values), table)
        rows = self.spark.read.format("delta").load(self.path(table)).select(*table.column_names)
        for name, value in values.items():
            rows = rows.where(F.col(name) == F.lit(value))
        return rows

    def columns(self, table: Table) -> tuple[str, ...]:
        """The columns that the table has, whatever is declared."""
        return column_names(self.path(table))

    def collect(self, table: Table, **values: str | date) -> list[dict[str, Any]]:
        """The rows of a small table, as ``read`` chooses them, without Spark.

        Raises:
            InputMissing: the table was never written.
        """
        self._require(table)
        return as_records(self._rows(table, values))

    def replace(self, table: Table, df: DataFrame, **values: str | date) -> Written:
        """Overwrite the rows in which the named columns have these values, all of them where none is named.

        One commit: a reader sees the old rows or the new ones, never a mixture.

        Raises:
            SchemaError: a row breaks what the table declares.
        """
        if table.is_small:
            return self._replace_small(table, df, values)
        conditions = [f"{name} = {_literal(value)}" for name, value in values.items()]
        options = {"replaceWhere": " and ".join(conditions)} if conditions else {}
        return self._write(table, df, options)

    def append(self, table: Table, records: Iterable[Sequence[object]]) -> None:
        """Add rows, each with its values in the order of the columns, to a small table in one commit, without Spark."""
        rows = rows_of(records, self._schema(table))
        self._commit(table, partial(append_rows, self.path(table), table, rows))

    def merge(self, table: Table, df: DataFrame) -> int:
        """Insert new keys and update known ones whose content changed; returns the table's version after it."""
        if not self.exists(table):
            together = df.repartition(*table.partition_by) if table.partition_by else df  # one file a partition
            return self.replace(table, together).version
        if table.is_small:
            return self._merge_small(table, df)
        same_key = " and ".join(f"old.{name} <=> new.{name}" for name in table.key)
        others = [column for column in table.columns if column.name not in table.key]
        changed = " or ".join(f"not ({_comparable('old', c)} <=> {_comparable('new', c)})" for c in others) or "false"
        with self._writing[table.name]:
            self._prepare(table)
            merge = self._delta(table).alias("old").merge(table.conform(df).alias("new"), same_key)
            self._attempt(table, merge.whenMatchedUpdateAll(changed).whenNotMatchedInsertAll().execute)
            return self._note_version(table)

    def digest(self, table: Table, **values: str | date) -> str:
        """Digest of the rows as they lie there now; one query."""
        return _collect_digest(self.read(table, **values), table)

    def define_view(self, name: str, query: str) -> None:
        """Create or replace a view in the catalog."""
        self._make_schema(name)
        self.spark.sql(f"CREATE OR REPLACE VIEW {name} AS {query}")

    def register(self, table: Table) -> None:
        """Make the catalog know the table, where it is of use to a reader and not known yet."""
        persistent = self.spark.conf.get("spark.sql.catalogImplementation", "in-memory") == _PERSISTENT
        if not persistent and table.schema != "mart":
            return
        self._make_schema(table.name)
        if not self.spark.catalog.tableExists(table.name):
            self.spark.catalog.createTable(table.name, self.path(table), "delta")

    def _make_schema(self, name: str) -> None:
        self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")

    def _write(self, table: Table, df: DataFrame, options: Mapping[str, str]) -> Written:
        rows = _with_comments(table, table.conform(df))
        observed = Observation()
        counted = rows.observe(observed, F.count(F.lit(1)).alias("rows"), *digest_sums(row_hash(table.columns)))
        with self._writing[table.name]:  # steps that run side by side write one table in turn
            is_new = not self.exists(table)
            writer = counted.write.format("delta").mode("overwrite").partitionBy(*table.partition_by)
            writer = writer.options(**(_constraints(table) if is_new else options))
            self._prepare(table)
            self._attempt(table, partial(writer.save, self.path(table)))
            version = self._note_version(table)
            if is_new:
                self.register(table)
        made = observed.get
        return Written(version, made["rows"], digest_text(made))

    def _replace_small(self, table: Table, df: DataFrame, values: Values) -> Written:
        schema = self._schema(table)
        rules = reduce(and_, (F.coalesce(F.expr(rule), F.lit(False)) for rule in table.constraints.values()))
        observed = Observation()
        facts = F.count(F.lit(1)).alias("rows"), F.count_if(~rules).alias("broken")
        counted = table.conform(df).observe(observed, *facts, *digest_sums(row_hash(table.columns)))
        rows = from_spark(counted, schema)
        made = observed.get
        if made["broken"]:
            raise SchemaError(f"{table.name} at {self.path(table)}: a row breaks one of its declared checks")
        version = self._commit(table, partial(replace_rows, self.path(table), table, rows, values))
        return Written(version, made["rows"], digest_text(made))

    def _merge_small(self, table: Table, df: DataFrame) -> int:
        """Nothing is written where nothing changed."""
        old, new = self.read(table), table.conform(df)
        together = old.join(new, list(table.key), "left_anti").select(*table.column_names).unionByName(new)
        if _collect_digest(together, table) == _collect_digest(old, table):
            return self.version(table)
        return self.replace(table, together).version

    def _commit(self, table: Table, write: Callable[[], int]) -> int:
        """Run one write of a small table; its version."""
        with self._writing[table.name]:
            is_new = not self.exists(table)
            self._seen[table.name] = self._attempt(table, write)
            if is_new or table.name not in self._prepared:
                self.register(table)
                self._prepared.add(table.name)
            return self._seen[table.name]

    def _rows(self, table: Table, values: Values) -> pa.Table:
        return read_rows(self.path(table), table, self._schema(table), values)

    def _schema(self, table: Table) -> pa.Schema:
        if table.name not in self._schemas:
            self._schemas[table.name] = arrow_schema(self.spark, table)
        return self._schemas[table.name]

    def _require(self, table: Table) -> None:
        if not self.exists(table):
            raise InputMissing(f"{table.name}: not in the lake {self.root}; run the job that writes it first")

    def _prepare(self, table: Table) -> None:
        """Before a session's first write: a table of an earlier version gets the constraints of today."""
        if table.name in self._prepared:
            return
        if self.exists(table):
            self._renew_checks(table)
            self.register(table)
        self._prepared.add(table.name)

    def _renew_checks(self, table: Table) -> None:
        """Make the constraints of a table that an earlier version made those that are declared."""
        made = self._collect_checks(table)
        for name in [name for name, rule in made.items() if table.constraints.get(name) != rule]:
            self.spark.sql(f"ALTER TABLE {_quoted(self.path(table))} DROP CONSTRAINT {name}")
        for name in [name for name, rule in table.constraints.items() if made.get(name) != rule]:
            add = f"ALTER TABLE {_quoted(self.path(table))} ADD CONSTRAINT {name} CHECK ({table.constraints[name]})"
            self._attempt(table, partial(self.spark.sql, add))

    def _collect_checks(self, table: Table) -> dict[str, str]:
        """Name and condition of the constraints that the table has."""
        properties = self._delta(table).detail().select("properties").collect()[0]["properties"]
        return {
            name.removeprefix(_CONSTRAINT): rule for name, rule in properties.items() if name.startswith(_CONSTRAINT)
        }

    def _note_version(self, table: Table) -> int:
        self._seen[table.name] = newest_version(self.path(table))
        return self._seen[table.name]

    def _delta(self, table: Table) -> DeltaTable:
        return DeltaTable.forPath(self.spark, self.path(table))

    def _attempt(self, table: Table, action: Callable[[], T]) -> T:
        """Run a write; what is known to go wrong becomes one line, without the row's values."""
        try:
            return action()
        except (Py4JError, PySparkException, DeltaError, OSError) as error:
            text = str(error)
            for sign, kind, remedy in _REASONS:
                if sign in text:  # the cause is left behind: it may quote rows
                    raise kind(f"{table.name} at {self.path(table)}: {remedy}") from None
            raise


def _with_comments(table: Table, df: DataFrame) -> DataFrame:
    columns: Sequence[Column] = table.columns
    return df.select(*(F.col(c.name).alias(c.name, metadata={"comment": c.comment}) for c in columns))


def _constraints(table: Table) -> dict[str, str]:
    return {f"{_CONSTRAINT}{name}": condition for name, condition in table.constraints.items()}


def _collect_digest(rows: DataFrame, table: Table) -> str:
    return digest_text(rows.agg(*digest_sums(row_hash(table.columns))).collect()[0])


def _literal(value: str | date) -> str:
    """The value in SQL, quotes in it escaped."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted(path: str) -> str:
    """A Delta table's path in SQL."""
    return f"delta.`{path.replace('`', '``')}`"


def _comparable(side: str, column: Column) -> str:
    """The column as SQL that can be compared; Spark compares no maps."""
    name = f"{side}.{column.name}"
    return f"array_sort(map_entries({name}))" if column.type.startswith("map<") else name
