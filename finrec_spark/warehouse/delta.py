"""The lake: the only place that reads and writes Delta tables.

delta-rs reads and commits every table's log. Rows of tables that grow with the customers are read and written by Spark
(``large_tables``), those of small ones by delta-rs too (``small_tables``).
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
from deltalake.exceptions import DeltaError
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation, Row, SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing, SchemaError
from finrec_spark.tables import Table
from finrec_spark.warehouse.delta_log import (
    NO_TABLE,
    Condition,
    Replaced,
    Values,
    column_names,
    equal,
    newest_version,
    of_partitions,
    same_files,
)
from finrec_spark.warehouse.digests import collect_digest, digest_text, observed_rows
from finrec_spark.warehouse.failures import known_failure
from finrec_spark.warehouse.large_tables import commit_files, noted_rows, read_frame, write_files
from finrec_spark.warehouse.merging import changes, collect_extent, without
from finrec_spark.warehouse.small_tables import (
    append_rows,
    arrow_schema,
    as_records,
    collect_rows,
    missing_values,
    read_rows,
    replace_rows,
    rows_digest,
    rows_of,
    to_spark,
)

T = TypeVar("T")

_PERSISTENT = "hive"


@dataclass(frozen=True)
class Written:
    """What one write left.

    Attributes:
        version: the table's newest version after it.
        rows: rows written.
        digest: of their content.
    """

    version: int
    rows: int
    digest: str


@dataclass(frozen=True)
class Lake:
    """Delta tables below one root.

    A table is made by its first write, with its comments. The catalog knows the tables that people read (``mart``),
    and every table where the catalog outlives the session.

    Attributes:
        spark: session that reads and writes.
        root: folder or URI that every table lies below.
    """

    spark: SparkSession
    root: str
    _seen: dict[str, int] = field(default_factory=dict, repr=False)  # newest version by table, after our own writes
    _registered: set[str] = field(default_factory=set, repr=False)
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
            self._seen[table.name] = self._attempt(table, lambda: newest_version(self.path(table)))
        return self._seen[table.name]

    def columns(self, table: Table) -> tuple[str, ...]:
        """The columns that the table has, whatever is declared."""
        return self._attempt(table, lambda: column_names(self.path(table)))

    def read(self, table: Table, **values: str | date) -> DataFrame:
        """The rows of the table in which the named columns have these values; all of them where none is named.

        Raises:
            InputMissing: the table was never written.
        """
        self._require(table)
        if table.is_small:
            return to_spark(self.spark, self._rows(table, values), table)
        chosen = of_partitions(table, values)
        rows = self._attempt(table, lambda: read_frame(self.spark, self.path(table), table, chosen))
        return reduce(lambda so_far, name: so_far.where(F.col(name) == F.lit(values[name])), values, rows)

    def collect(self, table: Table, **values: str | date) -> list[dict[str, Any]]:
        """The rows of a small table, as ``read`` chooses them, without Spark.

        Raises:
            InputMissing: the table was never written.
        """
        self._require(table)
        return as_records(self._rows(table, values))

    def count(self, table: Table, **partition: str | date) -> int:
        """Rows in which the partition columns named have these values: as the table's log says, without a query.

        Raises:
            InputMissing: the table was never written.
        """
        self._require(table)
        noted = self._attempt(table, lambda: noted_rows(self.path(table), table, partition))
        return self.read(table, **partition).count() if noted is None else noted

    def replace(self, table: Table, df: DataFrame, **values: str | date) -> Written:
        """Overwrite the rows in which the named columns have these values, all of them where none is named.

        One commit: a reader sees the old rows or the new ones, never a mixture. Where the rows follow from what was
        there, all of them or those beside what is replaced, it must still be there.

        Raises:
            SchemaError: a row breaks what the table declares.
            FinrecError: another run wrote the table meanwhile.
        """
        seen = self._seen_for(table, values)
        rows, observed = observed_rows(table, df)
        if table.is_small:
            return self._store(table, rows, observed, equal(values), seen)
        together = self._with_others(table, rows, values)
        return self._store(table, together, observed, equal(of_partitions(table, values)), seen)

    def replace_records(self, table: Table, records: Iterable[Sequence[object]], **values: str | date) -> Written:
        """As ``replace``, for rows of Python's values in the order of the columns: a small table, without Spark.

        Raises:
            SchemaError: a value is missing that the table needs.
        """
        rows = rows_of(records, arrow_schema(table))
        self._require_kept(table, missing_values(rows, table))
        return self._put(table, rows, equal(values), self._seen_for(table, values))

    def append(self, table: Table, records: Iterable[Sequence[object]]) -> None:
        """Add rows, each with its values in the order of the columns, to a small table in one commit, without Spark."""
        rows = rows_of(records, arrow_schema(table))
        self._commit(table, partial(append_rows, self.path(table), table, rows))

    def merge(self, table: Table, df: DataFrame, anew: bool = False) -> int:
        """Insert new keys and update known ones whose content changed; returns the table's version after it.

        Nothing is written where nothing changed, and no more than the new rows where none was updated; else the
        partitions in which an updated row lay are written anew. With ``anew`` the rows replace whatever is there.

        Raises:
            SchemaError: a row breaks what the table declares.
            FinrecError: another run wrote the table meanwhile, perhaps the same rows.
        """
        seen = self.version(table)
        if anew or seen == NO_TABLE:
            together = df.repartition(*table.partition_by) if table.partition_by else df  # one file a partition
            return self._store(table, *observed_rows(table, together), [], seen).version
        old = self.read(table)
        changed = changes(old, table.conform(df), table).persist()
        found = collect_extent(changed)
        if found["rows"]:
            self._merge(table, old, changed, found, seen)
        changed.unpersist()
        return self.version(table)

    def has_same_files(self, table: Table, version: int, **values: str | date) -> bool:
        """Whether the rows' partitions have the files of an earlier version, as the table's log says, without a query.

        False too where the log does not reach back so far, or a file may have been changed in place.
        """
        return self._attempt(table, lambda: same_files(self.path(table), table, version, values))

    def digest(self, table: Table, **values: str | date) -> str:
        """Digest of the rows as they lie there now; of a large table one query."""
        if table.is_small:
            return rows_digest(self._rows(table, values))
        return collect_digest(self.read(table, **values), table)

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

    def _seen_for(self, table: Table, values: Values) -> int | None:
        """The version that rows follow from which replace all or, in a large table, some beside others."""
        beside_others = not table.is_small and len(of_partitions(table, values)) < len(values)
        return self.version(table) if beside_others or not values else None

    def _merge(self, table: Table, old: DataFrame, changed: DataFrame, found: Row, seen: int) -> None:
        rows, observed = observed_rows(table, changed.select(*table.column_names))
        if not table.is_small and not found["updates"]:
            self._store(table, rows, observed, None, seen)
            return
        touched = () if table.is_small else found["partitions"]
        lay_there = F.col(table.partition_by[0]).cast("string").isin(touched) if touched else F.lit(True)
        together = rows.unionByName(without(old.where(lay_there), changed, table))
        replaced: Replaced = [(table.partition_by[0], "in", touched)] if touched else []
        self._store(table, together, observed, replaced, seen)

    def _store(
        self, table: Table, rows: DataFrame, observed: Observation, replaced: Replaced, seen: int | None = None
    ) -> Written:
        """Carry the rows out of Spark, hold what was counted on the way against the table, and commit.

        The rows follow from version ``seen``, and are refused on any other; from none where it is None.
        """
        schema, path = arrow_schema(table), self.path(table)
        if table.is_small:
            found = self._attempt(table, lambda: collect_rows(rows, schema))
            self._require_kept(table, observed.get["broken"])
            return self._put(table, found, replaced or (), seen)
        actions = self._attempt(table, lambda: write_files(rows, path, table))
        made = observed.get
        self._require_kept(table, made["broken"])
        version = self._commit(table, partial(commit_files, path, table, schema, actions, replaced, seen))
        return Written(version, made["rows"], digest_text(made))

    def _put(self, table: Table, rows: pa.Table, replaced: Sequence[Condition], seen: int | None) -> Written:
        version = self._commit(table, partial(replace_rows, self.path(table), table, rows, replaced, seen))
        return Written(version, rows.num_rows, rows_digest(rows))

    def _require_kept(self, table: Table, broken: int) -> None:
        if broken:
            raise SchemaError(f"{table.name} at {self.path(table)}: a row breaks one of its declared checks")

    def _with_others(self, table: Table, rows: DataFrame, values: Values) -> DataFrame:
        """The rows, with those of the same partitions that lie beside what is replaced."""
        others = {name: value for name, value in values.items() if name not in table.partition_by}
        if not others or not self.exists(table):
            return rows
        replaced = reduce(and_, (F.col(name).eqNullSafe(F.lit(value)) for name, value in others.items()))
        return rows.unionByName(self.read(table, **of_partitions(table, values)).where(~replaced))

    def _commit(self, table: Table, commit: Callable[[], int]) -> int:
        """Commit one write; its version."""
        with self._writing[table.name]:  # steps that run side by side write one table in turn
            self._seen[table.name] = self._attempt(table, commit)
            if table.name not in self._registered:
                self.register(table)
                self._registered.add(table.name)
            return self._seen[table.name]

    def _rows(self, table: Table, values: Values) -> pa.Table:
        return self._attempt(table, lambda: read_rows(self.path(table), table, arrow_schema(table), values))

    def _require(self, table: Table) -> None:
        if not self.exists(table):
            raise InputMissing(f"{table.name}: not in the lake {self.root}; run the job that writes it first")

    def _attempt(self, table: Table, action: Callable[[], T]) -> T:
        """Run a part of a read or write; what is known to go wrong becomes one line, without the row's values."""
        try:
            return action()
        except (Py4JError, PySparkException, DeltaError, OSError) as error:
            known = known_failure(str(error), f"{table.name} at {self.path(table)}")
            if known is None:
                raise
            raise known from None  # the cause is left behind: it may quote rows
