"""Checks of what was made, before a reader sees it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.tables import Table


@dataclass(frozen=True)
class Check:
    """One check: it passes where ``value`` is at most ``limit``.

    Attributes:
        table: name of the table.
        name: what was checked, such as ``unique_key``.
        value: rows that break it, or how far a number is from the one that it has to be.
        limit: the highest value that passes.
    """

    table: str
    name: str
    value: float
    limit: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether it passed; what is no number does not."""
        return self.value <= self.limit


def collect_table_checks(
    table: Table, rows: DataFrame, references: Mapping[str, DataFrame], expected: int | None = None
) -> list[Check]:
    """What a table declares, held against its rows in one aggregation: a few numbers.

    Args:
        rows: the staged rows, with the declared columns.
        references: column → the one column of values that it may have.
        expected: how many rows there must be; None: any number.
    """
    found = _collect_counts(table, rows, references)
    return [*_declared_checks(table, found), *_expected_rows(table, found, expected)]


def require_passed(checks: Sequence[Check], month: date) -> None:
    """Nothing, where all checks passed.

    Raises:
        DataQualityError: it names those that did not.
    """
    failed = [f"{c.table} {c.name} ({c.value:g}, at most {c.limit:g})" for c in checks if not c.passed]
    if failed:
        raise DataQualityError(
            f"{month:%Y-%m} is not published: {'; '.join(failed)}; readers keep what was published before, and"
            " mart.checks has all that was found"
        )


def check_rows(checks: Sequence[Check], run_id: str, month: date, at: datetime) -> list[tuple[object, ...]]:
    """The checks as rows of ``mart.checks``."""
    return [(run_id, month, c.table, c.name, float(c.value), float(c.limit), c.passed, at) for c in checks]


def _collect_counts(table: Table, rows: DataFrame, references: Mapping[str, DataFrame]) -> Row:
    """One aggregation: rows by key first, so that a key that stands twice is seen."""
    for name, values in references.items():
        known = values.distinct().select(F.col(values.columns[0]).alias(f"{name}_known"))
        rows = rows.join(F.broadcast(known), F.col(name) == F.col(f"{name}_known"), "left")
    broken = _faults(table, references)
    counts = [F.count_if(condition).alias(name) for name, condition in broken.items()]
    of_key = rows.groupBy(*table.key).agg(F.count(F.lit(1)).alias("_rows"), *counts)
    sums = [F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in broken]
    repeated = F.coalesce(F.sum(F.col("_rows") - 1), F.lit(0)).alias("unique_key")
    return of_key.agg(F.coalesce(F.sum("_rows"), F.lit(0)).alias("_rows"), repeated, *sums).collect()[0]


def _faults(table: Table, references: Mapping[str, DataFrame]) -> dict[str, Column]:
    """Check → the condition of a row that breaks it."""
    needed = {f"{c.name}_not_null": F.col(c.name).isNull() for c in table.columns if not c.nullable}
    ranges = {name: ~F.coalesce(F.expr(rule), F.lit(True)) for name, rule in table.checks.items()}
    strangers = {f"{name}_in_reference": F.col(f"{name}_known").isNull() for name in references}
    return {**needed, **ranges, **strangers}


def _declared_checks(table: Table, found: Row) -> Iterator[Check]:
    return (Check(table.name, name, float(value)) for name, value in found.asDict().items() if name != "_rows")


def _expected_rows(table: Table, found: Row, expected: int | None) -> Iterator[Check]:
    if expected is not None:
        yield Check(table.name, "expected_rows", float(abs(found["_rows"] - expected)))
