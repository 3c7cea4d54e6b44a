"""What a table declaration says and how a DataFrame is held against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from finrec_spark.columns import Column
from finrec_spark.errors import SchemaError


@dataclass(frozen=True)
class Table:
    """One table: its grain in words, columns, key, partitioning and row checks.

    Attributes:
        name: ``schema.table``; the path below the lake's root and the name in the catalog.
        grain: what one row is.
        key: columns that identify a row.
        partition_by: partition columns; a table partitioned by ``month`` is written by month.
        known_from: column that says since when the bank knew a row of a growing table; null in it: in no month.
        ended_at: column with the row's last day, which is not known before.
        checks: name → SQL condition that every row meets.
        references: column → the table and column that its values come from.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    partition_by: tuple[str, ...] = ()
    known_from: str | None = None
    ended_at: str | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, tuple["Table", str]] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Of the name: every table has its own."""
        return hash(self.name)

    @property
    def schema(self) -> str:
        """The schema that it belongs to, such as ``mart``."""
        return self.name.split(".")[0]

    @property
    def conditions(self) -> tuple[str, ...]:
        """What every row must meet: its checks, and a value wherever one is needed."""
        needed = (f"{column.name} is not null" for column in self.columns if not column.nullable)
        return (*needed, *self.checks.values())

    @property
    def path(self) -> str:
        """Path below the lake's root."""
        return self.name.replace(".", "/")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in their declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def monthly(self) -> bool:
        """Whether the table is partitioned, and so written, by month."""
        return "month" in self.partition_by

    @property
    def is_small(self) -> bool:
        """Whether it grows with products, months and models alone, and not with customers or deliveries."""
        by_customer = {"customer_id", "customer_index", "contact_id"} & set(self.column_names)
        return not by_customer and self.schema != "bronze"

    @property
    def versioned(self) -> bool:
        """Whether rows are versions of one thing, of which each ends where the next one begins."""
        return self.known_from in self.key

    @property
    def ddl(self) -> str:
        """The columns as Spark's schema string, as ``createDataFrame`` takes it."""
        return self.ddl_without()

    def ddl_without(self, *names: str) -> str:
        """The schema string without these columns, such as those that a job adds when it writes."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns if column.name not in names)

    def conform(self, df: DataFrame) -> DataFrame:
        """``df`` with exactly the declared columns, in their order.

        Raises:
            SchemaError: naming every missing, surplus and mistyped column at once.
        """
        faults = schema_faults(self.columns, df)
        if faults:
            raise SchemaError(f"{self.name}: {'; '.join(faults)}")
        return df.select(*self.column_names)


def schema_faults(declared: Sequence[Column], df: DataFrame) -> list[str]:
    """Differences of column names and types; nullability and order are not compared."""
    found = {f.name: f.dataType.simpleString() for f in df.schema}
    wanted = {column.name: column.type for column in declared}
    missing = [f"column {name} is missing" for name in wanted if name not in found]
    surplus = [f"column {name} is not declared" for name in found if name not in wanted]
    mistyped = [
        f"column {name} is {found[name]}, declared {type_}"
        for name, type_ in wanted.items()
        if found.get(name, type_) != type_
    ]
    return missing + surplus + mistyped
