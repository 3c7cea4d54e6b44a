"""The lake: the only place that reads and writes Delta tables."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial, reduce
from threading import Lock

from delta.tables import DeltaTable, DeltaTableBuilder
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.columns import Column
from finrec_spark.errors import ConfigError, FinrecError, InputMissing, SchemaError
from finrec_spark.tables import Table

_CHECK = "delta.constraints."
_REASONS: tuple[tuple[str, type[FinrecError], str], ...] = (
    ("CANNOT_CREATE_LOG_PATH", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("Mkdirs failed", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("AccessControlException", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("Permission denied", ConfigError, "the lake's folder cannot be written; give --lake one that can"),
    ("ParentNotDirectoryException", ConfigError, "the lake's path is a file; give --lake a folder"),
    ("No space left on device", FinrecError, "the disk is full; free some space and run again"),
    ("Concurrent", FinrecError, "another run wrote it at the same time; run again when that one has ended"),
    ("DELTA_CREATE_TABLE_", SchemaError, "it was made by another version; move its folder away and run again"),
    ("DELTA_NEW_CHECK_CONSTRAINT", SchemaError, "rows of another version break a check; move its folder away"),
    ("DELTA_VIOLATE_CONSTRAINT", SchemaError, "a row breaks one of its declared checks"),
    ("DELTA_NOT_NULL_CONSTRAINT", SchemaError, "a needed column is null"),
)


@dataclass(frozen=True)
class Lake:
    """Delta tables below one root, each also registered in the session's catalog.

    Attributes:
        spark: session that reads and writes.
        root: folder or URI that every table lies below.
    """

    spark: SparkSession
    root: str
    _created: set[str] = field(default_factory=set, repr=False)
    _versions: dict[str, int] = field(default_factory=dict, repr=False)
    _months: set[tuple[str, date]] = field(default_factory=set, repr=False)
    _writing: Mapping[str, Lock] = field(default_factory=lambda: defaultdict(Lock), repr=False)

    def path(self, table: Table) -> str:
        """Where the table lies."""
        return f"{self.root.rstrip('/')}/{table.path}"

    def exists(self, table: Table) -> bool:
        """Whether the table was ever written."""
        return table.name in self._created or DeltaTable.isDeltaTable(self.spark, self.path(table))

    def read(self, table: Table) -> DataFrame:
        """All rows of the table.

        Raises:
            InputMissing: the table was never written.
        """
        if not self.exists(table):
            raise InputMissing(f"{table.name}: not in the lake {self.root}; run the job that writes it first")
        return self.spark.read.format("delta").load(self.path(table)).select(*table.column_names)

    def read_month(self, table: Table, month: date) -> DataFrame:
        """The rows of one month of a monthly table.

        Raises:
            InputMissing: the table, or the month in it, was never written.
        """
        if not self.has_month(table, month):
            raise InputMissing(f"{table.name}: has no month {month:%Y-%m}; run the job that writes it first")
        return self.read(table).where(F.col("month") == F.lit(month))

    def has_month(self, table: Table, month: date) -> bool:
        """Whether the monthly table has rows of the month; one that was found once is not looked for again."""
        known = (table.name, month) in self._months
        if known or not self.exists(table) or self.read(table).where(F.col("month") == F.lit(month)).isEmpty():
            return known
        self._months.add((table.name, month))
        return True

    def version(self, table: Table) -> int:
        """Newest Delta version of the table; -1 where it does not exist. Looked up once, then after each write."""
        if table.name not in self._versions and self.exists(table):
            self._collect_last_commit(table)
        return self._versions.get(table.name, -1)

    def replace(self, table: Table, df: DataFrame) -> int:
        """Overwrite the whole table in one commit; returns the rows written."""
        return self._write(table, df, None)

    def replace_where(self, table: Table, df: DataFrame, **values: str | date) -> int:
        """Overwrite the rows in which the named columns have these values, in one commit; returns the rows written.

        A reader sees the old rows or the new ones, never a mixture.
        """
        condition = " and ".join(f"{name} = '{value}'" for name, value in values.items())
        self._months.difference_update({month for month in self._months if month[0] == table.name})
        return self._write(table, df, condition)

    def merge(self, table: Table, df: DataFrame) -> int:
        """Insert new keys and update known ones whose content changed; returns the rows inserted or updated."""
        if self.version(table) <= 0:  # not there, or created and never written
            return self.replace(table, df)
        same_key = " and ".join(f"old.{name} <=> new.{name}" for name in table.key)
        others = [column for column in table.columns if column.name not in table.key]
        changed = " or ".join(f"not ({_comparable('old', c)} <=> {_comparable('new', c)})" for c in others) or "false"
        merge = self._delta(table).alias("old").merge(table.conform(df).alias("new"), same_key)
        self._attempt(table, merge.whenMatchedUpdateAll(changed).whenNotMatchedInsertAll().execute)
        metrics = self._collect_last_commit(table)
        return int(metrics.get("numTargetRowsInserted", 0)) + int(metrics.get("numTargetRowsUpdated", 0))

    def create(self, table: Table) -> None:
        """Create the table with its types, comments and constraints where it is not there, and register it.

        One that is there keeps its columns and comments, so that a reworded one stops nobody's month, but gets the
        constraints of today.
        """
        if table.name in self._created:
            return
        self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {table.name.split('.')[0]}")
        if DeltaTable.isDeltaTable(self.spark, self.path(table)):
            self.spark.sql(f"CREATE TABLE IF NOT EXISTS {table.name} USING DELTA LOCATION '{self.path(table)}'")
            self._renew_checks(table)
        else:
            self._attempt(table, self._builder(table).execute)
        self._created.add(table.name)

    def define_view(self, name: str, query: str) -> None:
        """Create or replace a view in the catalog."""
        self.spark.sql(f"CREATE OR REPLACE VIEW {name} AS {query}")

    def _builder(self, table: Table) -> DeltaTableBuilder:
        builder = DeltaTable.createIfNotExists(self.spark).tableName(table.name).location(self.path(table))
        for column in table.columns:
            builder = builder.addColumn(column.name, column.type, nullable=column.nullable, comment=column.comment)
        checks = {f"{_CHECK}{name}": condition for name, condition in table.checks.items()}
        builder = reduce(lambda b, check: b.property(*check), checks.items(), builder)
        return builder.partitionedBy(*table.partition_by).comment(table.grain)

    def _renew_checks(self, table: Table) -> None:
        """Make the constraints of a table that an earlier version made those that are declared."""
        if not table.checks:
            return
        made = self._collect_checks(table)
        for name in [name for name, rule in made.items() if table.checks.get(name) != rule]:
            self.spark.sql(f"ALTER TABLE {table.name} DROP CONSTRAINT {name}")
        for name in [name for name, rule in table.checks.items() if made.get(name) != rule]:
            add = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} CHECK ({table.checks[name]})"
            self._attempt(table, partial(self.spark.sql, add))

    def _collect_checks(self, table: Table) -> dict[str, str]:
        """Name and condition of the constraints that the table has."""
        properties = self._delta(table).detail().select("properties").collect()[0]["properties"]
        return {name.removeprefix(_CHECK): rule for name, rule in properties.items() if name.startswith(_CHECK)}

    def _write(self, table: Table, df: DataFrame, condition: str | None) -> int:
        rows = table.conform(df)
        with self._writing[table.name]:  # steps that run side by side write one table in turn
            self.create(table)
            writer = rows.write.format("delta").mode("overwrite")
            if condition:
                writer = writer.option("replaceWhere", condition)
            self._attempt(table, lambda: writer.save(self.path(table)))
            return int(self._collect_last_commit(table).get("numOutputRows", 0))

    def _collect_last_commit(self, table: Table) -> dict[str, str]:
        """Metrics of the newest commit; its version is noted."""
        commit = self._delta(table).history(1).select("version", "operationMetrics").collect()[0]
        self._versions[table.name] = commit["version"]
        return commit["operationMetrics"] or {}

    def _delta(self, table: Table) -> DeltaTable:
        return DeltaTable.forPath(self.spark, self.path(table))

    def _attempt(self, table: Table, action: Callable[[], object]) -> None:
        """Run a write; what is known to go wrong becomes one line, without the row's values."""
        try:
            action()
        except (Py4JError, PySparkException) as error:
            text = str(error)
            for sign, kind, remedy in _REASONS:
                if sign in text:  # the cause is left behind: it may quote rows
                    raise kind(f"{table.name} at {self.path(table)}: {remedy}") from None
            raise


def _comparable(side: str, column: Column) -> str:
    """The column as SQL that can be compared; Spark compares no maps."""
    name = f"{side}.{column.name}"
    return f"array_sort(map_entries({name}))" if column.type.startswith("map<") else name
