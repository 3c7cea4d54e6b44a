"""Three customers as the summary and the report show them: what they took and hold, and the head of their lists."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from finrec_spark.evaluation.report.content import Example, Recommended
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.slices import slice_of
from finrec_spark.tables import CUSTOMER_PRODUCT_MATRIX, INTERACTIONS, PRODUCTS, RECOMMENDATIONS, Table

EXAMPLE_TABLES = (CUSTOMER_PRODUCT_MATRIX, INTERACTIONS, PRODUCTS, RECOMMENDATIONS)
_EXAMPLES, _LISTED = 3, 3
_HISTORY = 12  # the newest acquisitions


def collect_examples(context: RunContext, month: date) -> list[Example]:
    """Three customers with a history, in no one's order: asked once for each state of the month's lists.

    None where the month has no lists. Customers are not named.
    """
    if not all(has_rows(context, table, month) for table in EXAMPLE_TABLES):
        return []
    lists = context.ledger.newest_output(RECOMMENDATIONS.name, slice_of(month=month))
    return context.recall((Example, month, lists), lambda: _collect_examples(context, month))


def has_rows(context: RunContext, table: Table, month: date) -> bool:
    """Whether the table is there, and of a monthly one any row of the month, as its log says."""
    there = context.lake.exists(table)
    return there and (not table.monthly or context.lake.count(table, month=month) > 0)


def _collect_examples(context: RunContext, month: date) -> list[Example]:
    """One query of three rows."""
    names = context.lake.read(PRODUCTS).select("product_id", "name")
    matrix = context.lake.read(CUSTOMER_PRODUCT_MATRIX, month=month).where("owned")
    holders = matrix.groupBy("customer_id").agg(F.count("*").alias("n")).where("n between 2 and 4")
    chosen = holders.orderBy(F.xxhash64("customer_id"), "customer_id").limit(_EXAMPLES).select("customer_id")
    named = F.broadcast(names)
    lists = context.lake.read(RECOMMENDATIONS, month=month).where(F.col("rank") <= _LISTED)
    parts = (
        _by_customer(matrix.join(F.broadcast(chosen), "customer_id").join(named, "product_id"), "held", "name"),
        _by_customer(_taken(context, month, chosen).join(named, "product_id"), "history", "taken_in", "name"),
        _by_customer(lists.join(F.broadcast(chosen), "customer_id").join(named, "product_id"), "listed", *_LIST),
    )
    held, history, listed = parts
    rows = held.join(listed, "customer_id").join(history, "customer_id", "left").orderBy("customer_id").collect()
    return [_example(row) for row in rows]


_LIST = ("rank", "name", "reasons")


def _taken(context: RunContext, month: date, chosen: DataFrame) -> DataFrame:
    """One row: a product that a chosen customer took in one month before ``month``."""
    taken_in = F.trunc("event_time", "month").alias("taken_in")
    opened = F.col("event_type").isin(list(context.config.matrix.opening_types))
    events = context.lake.read(INTERACTIONS).where(opened & (F.col("event_time") < F.lit(month)))
    return events.join(F.broadcast(chosen), "customer_id").select("customer_id", "product_id", taken_in).distinct()


def _by_customer(rows: DataFrame, name: str, *columns: str) -> DataFrame:
    """One row: a customer with a sorted list of these columns."""
    return rows.groupBy("customer_id").agg(F.sort_array(F.collect_list(F.struct(*columns))).alias(name))


def _example(row: Row) -> Example:
    history: Sequence[Row] = row["history"] or ()
    return Example(
        held=[of["name"] for of in row["held"]],
        history=[(of["taken_in"], of["name"]) for of in history[-_HISTORY:]],
        listed=[Recommended(of["name"], [(r["text"], r["weight"]) for r in of["reasons"]]) for of in row["listed"]],
    )
