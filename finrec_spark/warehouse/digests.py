"""Digests of rows that do not depend on their order: equal content, equal digest."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import and_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Observation, Row
from pyspark.sql import functions as F

from finrec_spark.columns import Column
from finrec_spark.tables import Table

_LOW_BITS = 2**32 - 1
EMPTY = "empty"
"""Digest of no rows."""
_NEVER = "9999-12-01"
"""Known month of a row that says no time: no month's past has it (``transforms.splits.before``)."""


def row_hash(columns: Iterable[Column]) -> SparkColumn:
    """64 bits that the values of these columns of one row decide; a map's order does not count.

    Beside a value that may be null stands whether it is, since xxHash64 itself passes over nulls.
    """
    told = [(_hashable(column), *([F.col(column.name).isNull()] if column.nullable else [])) for column in columns]
    return F.xxhash64(*(part for parts in told for part in parts))


def digest_sums(hashes: SparkColumn) -> tuple[SparkColumn, SparkColumn]:
    """Two sums over the rows' hashes; neither overflows below 2³¹ rows. ``digest_text`` makes one word of them."""
    high = F.sum(F.shiftright(hashes, 32)).alias("digest_high")
    low = F.sum(hashes.bitwiseAND(F.lit(_LOW_BITS))).alias("digest_low")
    return high, low


def digest_text(sums: Row | dict[str, int]) -> str:
    """The digest of rows from their ``digest_sums``; ``EMPTY`` where there were none."""
    high, low = sums["digest_high"], sums["digest_low"]
    return EMPTY if low is None else f"{high & (2**64 - 1):016x}{low & (2**64 - 1):016x}"


def collect_digest(rows: DataFrame, table: Table) -> str:
    """The digest of rows of the table."""
    return digest_text(rows.agg(*digest_sums(row_hash(table.columns))).collect()[0])


def observed_rows(table: Table, df: DataFrame) -> tuple[DataFrame, Observation]:
    """The rows, and what is counted of them on their way: how many break a check; of a large table the digest too."""
    met = (F.coalesce(F.expr(condition), F.lit(False)) for condition in table.conditions)
    observed = Observation()
    broken = F.count_if(~reduce(and_, met, F.lit(True))).alias("broken")
    content = () if table.is_small else (F.count(F.lit(1)).alias("rows"), *digest_sums(row_hash(table.columns)))
    return table.conform(df).observe(observed, broken, *content), observed


def known_digests(rows: DataFrame, table: Table) -> DataFrame:
    """One row: the digest of what became known in one calendar month.

    A row became known in the month of the table's ``known_from``, and in none where that is null. That it ended became
    known in the month of ``ended_at``, so a product that is withdrawn in June changes June's digest and no other; the
    end of a version, which follows from the next one, says nothing of its own.

    Args:
        rows: the table's rows.
        table: a table with ``known_from``.

    Returns:
        ``known_month`` (text, its first day), ``rows``, and the ``digest_sums``.
    """
    counted = [column for column in table.columns if column.name != table.ended_at]
    facts = [_fact(F.col(table.known_from or ""), counted, F.lit(1)), *_end(table)]
    told = rows.select(F.inline(F.array_compact(F.array(*facts))))
    sums = digest_sums(F.col("content"))
    return told.groupBy("known_month").agg(F.sum("is_row").cast("bigint").alias("rows"), *sums)


def collect_known_digests(rows: DataFrame, table: Table) -> Iterator[tuple[str, str, int]]:
    """Known month, digest and number of rows: as many as the bank has months."""
    for row in known_digests(rows, table).collect():
        yield row["known_month"], digest_text(row), row["rows"]


def _end(table: Table) -> list[SparkColumn]:
    """That the row ends on its day; null where it has no end."""
    if table.ended_at is None or table.versioned:
        return []
    keys = [column for column in table.columns if column.name in (*table.key, table.ended_at)]
    return [F.when(F.col(table.ended_at).isNotNull(), _fact(F.col(table.ended_at), keys, F.lit(0)))]


def _fact(time: SparkColumn, columns: Iterable[Column], is_row: SparkColumn) -> SparkColumn:
    """What one row says, and since when it is known."""
    since = F.coalesce(F.trunc(time, "month").cast("string"), F.lit(_NEVER)).alias("known_month")
    return F.struct(since, row_hash(columns).alias("content"), is_row.alias("is_row"))


def _hashable(column: Column) -> SparkColumn:
    """Spark hashes no maps, and their entries have no order."""
    if column.type.startswith("map<"):
        return F.array_sort(F.map_entries(column.name))
    if "map<" in column.type or column.type == "array<string>":  # as JSON a null in a list keeps its place
        return F.to_json(column.name)
    return F.col(column.name)
