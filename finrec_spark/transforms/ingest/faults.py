"""A table of delivered rows → its valid half in the silver types, and the rejected half with the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.tables import Table
from finrec_spark.tables.bronze import MALFORMED, bronze
from finrec_spark.transforms.ingest.parsing import Parsed, clean

_LANDED, _EXTRA = "_landed", "extra"  # a map cannot be ordered, so it goes beside the others
EMPTY = "empty row"
"""The only fault of a row without any value, as spreadsheets leave them below the last."""

_FAULTS, _SAME, _OCCURRENCE = "_faults", "_same", "_occurrence"


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


@dataclass(frozen=True)
class Identity:
    """What tells the rows of a table apart; all names are silver columns.

    Attributes:
        key: what identifies a row.
        content: where the whole key is missing: what a key is made from, with the row's number among rows of
            equal content. Real repeats keep apart, and a second delivery gives the same keys.
        first: order in which rows of one key are preferred, before all that was delivered.
    """

    key: tuple[str, ...]
    content: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


def as_delivered(landed: DataFrame, landing: Table) -> DataFrame:
    """The landed rows in the bronze columns: a column that was not delivered is null."""
    return landed.select(
        *(
            F.col(column.name) if column.name in landed.columns else F.lit(None).cast(column.type).alias(column.name)
            for column in bronze(landing).columns
        )
    )


def screen(
    delivered: DataFrame,
    landing: Table,
    fields: Mapping[str, Parsed],
    identity: Identity,
    row_faults: Sequence[Column] = (),
    derived: Mapping[str, Column] = MappingProxyType({}),
) -> Screened:
    """Every delivered row with its typed columns and its faults.

    A malformed line and an empty row have no other fault. Of the rows of one key that have no other fault the first
    stays, the others are ``duplicate key``.

    Args:
        delivered: the bronze columns of ``landing``, and the flags that ``row_faults`` look at.
        landing: the declaration of the delivered table.
        fields: silver column → how it is read; the order is the result's.
        derived: further silver columns, from ``typed`` ones, which tell the faults.
        identity: what tells the rows apart.
        row_faults: faults of more than one column, over ``typed`` columns and flags: the reason, or null.
    """
    kept = _landed_columns(delivered, landing)
    judged = _typed(kept, landing, fields).withColumn(_FAULTS, _faults(landing, fields, row_faults))
    keyed = judged.select(
        *(name for name in (_LANDED, _EXTRA) if name in kept.columns),
        *map(_typed_name, fields),
        _FAULTS,
        _same_key(identity).alias(_SAME),
    )
    counted = keyed.withColumn(_OCCURRENCE, _occurrence(landing, identity))
    return Screened(_result(counted, landing, fields, identity, derived), (*fields, *derived))


def typed(name: str) -> Column:
    """The typed column of a silver column, as ``row_faults`` see it."""
    return F.col(_typed_name(name))


def fault(condition: Column, reason: str) -> Column:
    """``reason`` where ``condition`` is true, else null."""
    return F.when(condition, F.lit(reason))


def with_known(rows: DataFrame, ids: DataFrame, column: str, *beside: str) -> DataFrame:
    """``rows``, whether ``ids`` lists their ``column`` (true, or null where it does not), and its columns ``beside``.

    An ID may stand in ``ids`` repeatedly, but with one value in each column ``beside``.
    """
    listed = ids.select(F.col(column).alias("_id"), F.lit(True).alias(_known(column)), *beside).distinct()
    return rows.join(listed, on=clean(F.col(column)) == F.col("_id"), how="left").drop("_id")


def unknown_fault(column: str, noun: str) -> Column:
    """The fault of a row whose ``column`` is given but, by ``with_known``, not listed."""
    return fault(typed(column).isNotNull() & F.col(_known(column)).isNull(), f"unknown {noun}")


def _known(column: str) -> str:
    return f"_known_{column}"


def _typed_name(name: str) -> str:
    return f"_typed_{name}"


def _landed_columns(delivered: DataFrame, landing: Table) -> DataFrame:
    """The delivered text in one struct, the map and the flags beside it."""
    plain = [name for name in bronze(landing).column_names if name != _EXTRA]
    others = [name for name in delivered.columns if name not in plain]
    return delivered.select(F.struct(*plain).alias(_LANDED), *others)


def _typed(kept: DataFrame, landing: Table, fields: Mapping[str, Parsed]) -> DataFrame:
    """The kept columns, the clean text under its own name, and the typed columns."""
    texts = [name for name in landing.column_names if name != _EXTRA]
    cleaned = kept.select("*", *(clean(F.col(f"{_LANDED}.{name}")).alias(name) for name in texts))
    return cleaned.select("*", *(parsed.value.alias(_typed_name(name)) for name, parsed in fields.items()))


def _faults(landing: Table, fields: Mapping[str, Parsed], row_faults: Sequence[Column]) -> Column:
    """All faults of a row, joined by ``; ``: an empty text where it has none."""
    of_fields = [_field_fault(name, parsed) for name, parsed in fields.items()]
    malformed = F.col(f"{_LANDED}.{MALFORMED.name}").isNotNull()
    told = F.when(malformed, F.lit("malformed row")).when(_is_empty(landing), F.lit(EMPTY))
    return told.otherwise(F.concat_ws("; ", *of_fields, *row_faults))


def _is_empty(landing: Table) -> Column:
    """Whether nothing was delivered in any column."""
    texts = [F.col(name) for name in landing.column_names if name != _EXTRA]
    no_text = F.coalesce(*texts).isNull()
    return no_text & (F.coalesce(F.size(_EXTRA), F.lit(0)) <= 0) if _EXTRA in landing.column_names else no_text


def _field_fault(name: str, parsed: Parsed) -> Column:
    missing = F.lit(f"{parsed.column} is missing" if parsed.needed else None).cast("string")
    reason = F.lit(None).cast("string") if parsed.reason is None else parsed.reason
    return F.when(F.col(parsed.column).isNull(), missing).when(typed(name).isNull(), reason)


def _same_key(identity: Identity) -> Column:
    """What rows share that may be one row twice: the key, else a key made from the content.

    Faulty rows are spread by what was delivered, so that a file of missing keys is not one task's work.
    """
    key = [typed(name).cast("string") for name in identity.key]
    content = [F.coalesce(typed(name).cast("string"), F.lit("")) for name in identity.content]
    return (
        F.when(_is_faulty(), F.concat(F.lit("faulty-"), F.hex(F.xxhash64(_LANDED))))
        .when(F.coalesce(*key).isNotNull(), F.concat_ws("\u0001", *(F.coalesce(part, F.lit("")) for part in key)))
        .otherwise(F.concat(F.lit("row-"), F.lpad(F.lower(F.hex(F.xxhash64(F.lit(0), *content))), 16, "0")))
    )


def _occurrence(landing: Table, identity: Identity) -> Column:
    """1, 2, … over the rows that share ``_same_key``, in a total order."""
    first = map(_typed_name, identity.first)
    extra = [F.to_json(F.array_sort(F.map_entries(_EXTRA)))] if _EXTRA in landing.column_names else []
    return F.row_number().over(Window.partitionBy(_SAME).orderBy(*first, _LANDED, *extra))


def _result(
    counted: DataFrame,
    landing: Table,
    fields: Mapping[str, Parsed],
    identity: Identity,
    derived: Mapping[str, Column],
) -> DataFrame:
    """The silver columns, and what was delivered and why it is rejected where it is."""
    has_key = F.coalesce(*(typed(name).cast("string") for name in identity.key)).isNotNull()
    repeated = ~_is_faulty() & has_key & (F.col(_OCCURRENCE) > 1)
    reason = F.when(repeated, F.lit("duplicate key")).when(_is_faulty(), F.col(_FAULTS))
    made = F.when(~has_key, F.concat_ws("-", _SAME, _OCCURRENCE)) if identity.content else F.lit(None)
    return counted.withColumn("reason", reason).select(
        *((F.coalesce(typed(name), made) if (name,) == identity.key else typed(name)).alias(name) for name in fields),
        *(column.alias(name) for name, column in derived.items()),
        F.when(F.col("reason").isNotNull(), _row(landing)).alias("row"),
        "reason",
    )


def _row(landing: Table) -> Column:
    """The row as JSON; of a malformed line the line alone, as its values may stand in wrong columns."""
    line = F.col(f"{_LANDED}.{MALFORMED.name}")
    malformed = F.when(line.isNotNull(), F.to_json(F.struct(line.alias(MALFORMED.name))))
    columns = [F.col(name if name == _EXTRA else f"{_LANDED}.{name}").alias(name) for name in landing.column_names]
    return F.coalesce(malformed, F.to_json(F.struct(*columns)))


def _is_faulty() -> Column:
    return F.col(_FAULTS) != ""
