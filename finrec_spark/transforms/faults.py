"""A table of delivered rows → its valid half in the silver types, and the rejected half with the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.tables import Table
from finrec_spark.tables.bronze import MALFORMED, bronze
from finrec_spark.transforms.parsing import Parsed, fault, text

_FAULTS, _OCCURRENCE = "_faults", "_occurrence"


@dataclass(frozen=True)
class Screened:
    """Every delivered row, typed and judged: each is either valid or rejected.

    Attributes:
        rows: the silver columns, ``row`` (JSON) and ``reason``; both null where the row is valid. Both halves
            are read from it: whoever reads both does well to persist it.
        columns: the silver columns.
    """

    rows: DataFrame
    columns: tuple[str, ...]

    @property
    def valid(self) -> DataFrame:
        """The rows without a fault, in the silver columns."""
        return self.rows.where(F.col("reason").isNull()).select(*self.columns)

    @property
    def rejected(self) -> DataFrame:
        """``row``, the rejected row as JSON as it was delivered, and ``reason``, its faults joined by ``; ``."""
        return self.rows.where(F.col("reason").isNotNull()).select("row", "reason")


def as_delivered(landed: DataFrame, landing: Table) -> DataFrame:
    """The landed rows in the bronze columns: a column that was not delivered is null."""
    columns = bronze(landing).columns
    return landed.select(
        *(
            F.col(column.name) if column.name in landed.columns else F.lit(None).cast(column.type).alias(column.name)
            for column in columns
        )
    )


def screen(
    delivered: DataFrame,
    landing: Table,
    fields: Mapping[str, Parsed],
    key: Sequence[Column],
    row_faults: Sequence[Column] = (),
    first: Sequence[Column] = (),
) -> Screened:
    """Every delivered row with its typed columns and its faults.

    A malformed line has no other fault. Rows that share a key are told apart after everything else: of those
    without another fault the first stays, by ``first`` and then by all that was delivered; the others are
    ``duplicate key``. A row without any part of the key repeats nothing.

    Args:
        delivered: the bronze columns of ``landing``, and whatever ``fields`` and ``row_faults`` look at.
        landing: the declaration of the delivered table.
        fields: typed silver column → how it is read; the order is the result's.
        key: what identifies a row.
        row_faults: faults that concern several columns.
        first: order in which rows of one key are preferred.
    """
    field_faults = [one for parsed in fields.values() for one in parsed.faults]
    counted = (
        delivered.withColumn(_FAULTS, _faults([*field_faults, *row_faults]))
        .withColumn(_OCCURRENCE, _occurrence(landing, key, first))
        .withColumn(_FAULTS, F.when(_repeats(key), F.array(F.lit("duplicate key"))).otherwise(F.col(_FAULTS)))
    )
    return Screened(
        counted.select(
            *(parsed.value.alias(name) for name, parsed in fields.items()),
            F.when(_is_faulty(), _row(landing)).alias("row"),
            F.when(_is_faulty(), F.concat_ws("; ", _FAULTS)).alias("reason"),
        ),
        tuple(fields),
    )


def derived_id(columns: Sequence[str]) -> Column:
    """An ID made from the content of ``columns`` and the row's number among rows of equal content.

    Real repeats keep apart, and the same rows get the same IDs in whatever order they come.
    """
    return F.concat(F.lit("row-"), content_hash(columns), F.lit("-"), F.col(_OCCURRENCE).cast("string"))


def content_hash(columns: Sequence[str]) -> Column:
    """Sixteen hexadecimal digits of the columns' content; a missing value counts as empty."""
    return F.lpad(F.lower(F.hex(F.xxhash64(*(F.coalesce(text(name), F.lit("")) for name in columns)))), 16, "0")


def with_known(rows: DataFrame, ids: DataFrame, column: str) -> DataFrame:
    """``rows`` and whether ``ids`` lists their ``column``: true, or null where it does not."""
    listed = ids.select(F.col(column).alias("_id"), F.lit(True).alias(_known(column))).distinct()
    return rows.join(listed, on=text(column) == F.col("_id"), how="left").drop("_id")


def unknown_fault(column: str, noun: str) -> Column:
    """The fault of a row whose ``column`` is given but, by ``with_known``, not listed."""
    return fault(text(column).isNotNull() & F.col(_known(column)).isNull(), f"unknown {noun}")


def _known(column: str) -> str:
    return f"_known_{column}"


def _faults(faults: Sequence[Column]) -> Column:
    malformed = F.array(F.lit("malformed row"))
    return F.when(F.col(MALFORMED.name).isNotNull(), malformed).otherwise(F.array_compact(F.array(*faults)))


def _row(landing: Table) -> Column:
    """The row as JSON; of a malformed line the line alone, as its values may stand in wrong columns."""
    malformed = F.when(F.col(MALFORMED.name).isNotNull(), F.to_json(F.struct(MALFORMED.name)))
    return F.coalesce(malformed, F.to_json(F.struct(*landing.column_names)))


def _occurrence(landing: Table, key: Sequence[Column], first: Sequence[Column]) -> Column:
    """1, 2, … over the rows of one key, or of equal content where a row has no key; faulty rows among themselves.

    Faulty rows are always spread by their content, so that a file of missing keys is not one task's work.
    """
    plain = [name for name in landing.column_names if name != "extra"]
    content = content_hash([name for name in plain if name != "fold"])
    given = F.when(_has_key(key) & ~_is_faulty(), F.to_json(F.array(*(part.cast("string") for part in key))))
    extra = [F.to_json(F.array_sort(F.map_entries("extra")))] if "extra" in landing.column_names else []
    rows = Window.partitionBy(_is_faulty(), F.coalesce(given, content))
    return F.row_number().over(rows.orderBy(*first, *plain, *extra))


def _is_faulty() -> Column:
    return F.size(_FAULTS) > 0


def _has_key(key: Sequence[Column]) -> Column:
    return F.coalesce(*(part.cast("string") for part in key)).isNotNull()


def _repeats(key: Sequence[Column]) -> Column:
    return ~_is_faulty() & _has_key(key) & (F.col(_OCCURRENCE) > 1)
