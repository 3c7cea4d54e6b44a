"""What a table says, month by month, as numbers that change with it: what a result was made from."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.tables import Table

ALWAYS = date(1, 1, 1)
_NESTED = ("array", "map", "struct")
_LOW = 2**32 - 1


def content_digests(rows: DataFrame, table: Table) -> DataFrame:
    """One row: one month, and a digest of what became known in it.

    A row is a fact of the month of its ``known_from``. Its end (``ended_at``) is a fact of its own, of the month that
    it falls in; versions end where the next one begins, so their ends say nothing more. A digest is a sum of hashes:
    the same in any order of the rows.

    Args:
        rows: rows of ``table`` with all of its columns.

    Returns:
        ``known_month`` (date; 0001-01-01 for what was always known), ``digest`` (decimal(38,0)) and ``rows`` (bigint);
        0 rows where some ended and none began.
    """
    facts = rows.select(F.inline(F.array_compact(F.array(_beginning(table), *_end(table)))))
    halves = facts.select(
        "known_month", F.shiftright("hash", 32).alias("high"), F.col("hash").bitwiseAND(_LOW).alias("low"), "rows"
    )
    sums = halves.groupBy("known_month").agg(*[F.sum(name).alias(name) for name in ("high", "low", "rows")])
    digest = F.col("high").cast("decimal(20,0)") * F.lit(_LOW + 1).cast("decimal(10,0)") + F.col("low")
    return sums.select("known_month", digest.cast("decimal(38,0)").alias("digest"), "rows")


def _beginning(table: Table) -> Column:
    """The row without its end, known since its month."""
    columns = {column.name: column.type for column in table.columns if column.name != table.ended_at}
    since = F.trunc(table.known_from, "month") if table.known_from else F.lit(None).cast("date")
    return _fact(F.coalesce(since, F.lit(ALWAYS.isoformat()).cast("date")), _hash(columns), rows=1)


def _end(table: Table) -> list[Column]:
    """That the row ends on its day, known since that day's month; null where it has no end."""
    if table.ended_at is None or table.versioned:
        return []
    columns = {column.name: column.type for column in table.columns if column.name in (*table.key, table.ended_at)}
    end = F.col(table.ended_at)
    return [F.when(end.isNotNull(), _fact(F.trunc(end, "month"), _hash(columns), rows=0))]


def _fact(month: Column, hash_: Column, rows: int) -> Column:
    return F.struct(month.alias("known_month"), hash_.alias("hash"), F.lit(rows).alias("rows"))


def _hash(columns: dict[str, str]) -> Column:
    """The columns as 64 bits; beside each value stands whether it is null, which xxHash64 itself passes over."""
    values = [_hashable(name, type_) for name, type_ in columns.items()]
    return F.xxhash64(*[part for value in values for part in (value, value.isNull())])


def _hashable(name: str, type_: str) -> Column:
    """The column's value; a nested one as JSON, which keeps nulls in their places, a map in the order of its keys."""
    if not type_.startswith(_NESTED):
        return F.col(name)
    value = F.array_sort(F.map_entries(name)) if type_.startswith("map") else F.col(name)
    return F.to_json(F.struct(value))
