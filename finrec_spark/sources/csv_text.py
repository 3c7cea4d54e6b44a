"""CSV files as rows of text: read once, as bytes cut into lines, so that nothing is lost unseen.

A line without a quote is split at the separator. In a line with quotes these must be closed and end their cell, with
doubled quotes in it or, as Spark writes them, with backslashes before them; else the line is malformed, as is one with
more or fewer cells than the header.
"""

import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.sources.csv_layout import Layout, csv_layout, lines_of
from finrec_spark.sources.csv_records import record_batches, records, whole_line
from finrec_spark.sources.delivery import Delivery, parts_of, plain_reader
from finrec_spark.sources.encodings import UTF_8, decoded, head_text, is_wide, java_charset
from finrec_spark.sources.heads import collect_head
from finrec_spark.sources.wanted import MALFORMED, Found, Wanted, named, quoted, require_columns, wanted_places

_THREADS = 8
_BLANKS = " \t\x1a"
"""Signs of which a line may consist that is none; the last is DOS's end of a file."""
_FILE, _START, _PLACE = "_file", "_start", "_place"


@dataclass(frozen=True)
class _Alike:
    """What files that are read together have in common."""

    layout: Layout
    parts: tuple[str, ...]
    multiline: bool


def csv_text(spark: SparkSession, delivery: Delivery, wanted: Wanted, contract: str) -> list[DataFrame]:
    """The rows of the files, those of the same layout in one frame: the wanted columns and ``MALFORMED``.

    Raises:
        InputMissing: a file is empty, in another encoding, no CSV, or lacks a needed column.
    """
    groups: dict[_Alike, list[str]] = defaultdict(list)
    with ThreadPoolExecutor(_THREADS) as pool:
        heads = list(pool.map(partial(collect_head, spark), delivery.files))
    for file, head in zip(delivery.files, heads, strict=True):
        text = head_text(head.raw, file, delivery.name, wanted.encoding)
        layout = csv_layout(text, file, wanted.needed, {*wanted.needed, *wanted.known})
        multiline = wanted.multiline and not (head.is_whole and not has_line_breaks(text, layout))
        groups[_Alike(layout, parts_of(delivery, file), multiline)].append(file)
    places = {alike: wanted_places(alike.layout.header, wanted, files[0]) for alike, files in groups.items()}
    found = {files[0]: Found(_names(alike.layout), alike.parts) for alike, files in groups.items()}
    require_columns(found, wanted, contract)
    return [_rows(spark, delivery, alike, files, places[alike], wanted) for alike, files in groups.items()]


def _names(layout: Layout) -> list[str]:
    """The names for a message: one that is empty by its place."""
    return [name.strip().lower() or f"column_{place}" for place, name in enumerate(layout.header, start=1)]


def has_line_breaks(text: str, layout: Layout) -> bool:
    """Whether a value in the text holds a line break, so that its lines are no records."""
    lines = lines_of(text)
    return any("\n" in record for record in records(lines, layout.separator, len(layout.header)))


def _rows(
    spark: SparkSession, delivery: Delivery, alike: _Alike, files: list[str], places: dict[str, int], wanted: Wanted
) -> DataFrame:
    layout, parts = alike.layout, {name.lower(): named(name) for name in alike.parts}
    lines = _lines(spark, delivery, alike.parts, files, wanted.encoding)
    if alike.multiline:
        lines = _joined(lines, alike)
    value = F.col("value")
    marked = (f"\ufeff{line}" for line in layout.skipped)
    blanks = _BLANKS.replace(layout.separator, "")
    rows = lines.where((F.btrim(value, F.lit(blanks)) != "") & ~value.isin(*layout.skipped, *marked))
    cells, fits = _with_cells(rows, layout)
    of_cells = {name: _cell(place) for name, place in places.items()}
    columns = (F.when(fits, column).alias(name) for name, column in (of_cells | parts).items())
    return cells.select(*columns, F.when(~fits, value).alias(MALFORMED))


def _with_cells(rows: DataFrame, layout: Layout) -> tuple[DataFrame, Column]:
    """``_split``, the cells of a line without a quote, ``_parsed``, those of another; whether they fit the header."""
    width, value = len(layout.header), F.col("value")
    has_quote = F.contains(value, F.lit('"'))
    doubled, escaped = whole_line(layout.separator, width)
    parsed = F.when(has_quote & value.rlike(doubled), _parsed(layout, '"'))
    parsed = parsed.when(has_quote & value.rlike(escaped), _parsed(layout, "\\"))
    split = F.when(~has_quote, F.split(value, re.escape(layout.separator), -1))
    fits = F.col("_parsed").isNotNull() | (F.col("_split").isNotNull() & (F.size("_split") == width))
    return rows.select("*", parsed.alias("_parsed"), split.alias("_split")), fits


def _cell(place: int) -> Column:
    """The cell at a place of the line; null where nothing stands there."""
    return F.coalesce(F.col("_parsed")[f"c{place}"], F.nullif(F.get("_split", F.lit(place)), F.lit("")))


def _parsed(layout: Layout, escape: str) -> Column:
    """The cells of a line as fields ``c0``, ``c1``, …"""
    fields = ", ".join(f"c{place} string" for place in range(len(layout.header)))
    return F.from_csv("value", fields, {"sep": layout.separator, "quote": '"', "escape": escape})


def _lines(
    spark: SparkSession, delivery: Delivery, parts: tuple[str, ...], files: list[str], encoding: str | None
) -> DataFrame:
    """``value``, a line of text, the columns that the folders' names give, and where the line stands."""
    charset, is_whole = java_charset(encoding or UTF_8), is_wide(encoding or UTF_8)
    schema = ", ".join(f"{quoted(name)} string" for name in ("value", *parts))
    reader = plain_reader(spark, delivery.path if parts else None).schema(schema)
    file, start = F.input_file_name(), F.call_function("input_file_block_start")
    text = decoded(F.col("value"), charset, file)
    carried = [named(name) for name in parts]
    if is_whole:
        lines = F.posexplode(F.split(text, "\r\n|\n|\r", -1)).alias(_PLACE, "value")
        return reader.text(files, wholetext=True).select(lines, *carried, file.alias(_FILE), F.lit(0).alias(_START))
    place = F.monotonically_increasing_id()
    where = (file.alias(_FILE), start.alias(_START), place.alias(_PLACE))
    return reader.text(files).select(text.alias("value"), *carried, *where)


def _joined(lines: DataFrame, alike: _Alike) -> DataFrame:
    """The records; the lines of one file are one task's work."""
    carried = (_FILE, *alike.parts)
    in_order = lines.repartition(_FILE).sortWithinPartitions(_FILE, _START, _PLACE)
    schema = ", ".join(f"{quoted(name)} string" for name in (*carried, "value"))
    return in_order.mapInArrow(record_batches(carried, alike.layout.separator, len(alike.layout.header)), schema)
