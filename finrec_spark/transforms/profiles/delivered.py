"""Delivered profile columns: what kind each is, and its values as numbers or categories."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.ingest.parsing import clean
from finrec_spark.transforms.numerals import as_number

Kind = Literal["number", "category", "date", "ignore"] | tuple[str, ...]
"""How a delivered column is read; its words in ascending order where it is ordinal."""

_DATE = r"^\s*\d{4}-\d{2}-\d{2}\s*$"


def days_back(month: date, day: Column) -> Column:
    """Whole days from a day (or time) to the eve of ``month``, which is day 0."""
    return F.datediff(F.lit(month), day.cast("date")) - 1


def column_statistics(customers: DataFrame) -> DataFrame:
    """One row: one delivered column; one pass, as many rows as there are columns.

    Args:
        customers: ``customer_id``, ``profile``; empty values are missing ones.

    Returns:
        ``name``, ``filled`` (values), ``numbers`` and ``dates`` (how many can be read as such) and ``different``
        (different values, to about 5 %; few are counted exactly).
    """
    values = customers.select(F.explode("profile").alias("name", "value")).where(F.length(F.trim("value")) > 0)
    return values.groupBy("name").agg(
        F.count("*").alias("filled"),
        F.count(as_number(clean(F.col("value")))).alias("numbers"),
        F.count(_day(F.col("value"))).alias("dates"),
        F.approx_count_distinct("value").alias("different"),
    )


def delivered_numbers(kinds: Mapping[str, Kind], month: date) -> Column:
    """``numbers``, map<string,double>: numbers as they are, words of an order from 1, dates as days before.

    A value that cannot be read as its column's kind is missing, as one that was not delivered.
    """
    numeric = {name: kind for name, kind in sorted(kinds.items()) if kind not in ("category", "ignore")}
    return _filled({name: _as_number(_delivered(name), kind, month) for name, kind in numeric.items()}, "double")


def delivered_categories(kinds: Mapping[str, Kind]) -> Column:
    """``categories``, map<string,string>: trimmed; ``segment`` is left out, it is a column of its own."""
    names = sorted(name for name, kind in kinds.items() if kind == "category" and name != "segment")
    return _filled({name: F.trim(_delivered(name)) for name in names}, "string")


def _delivered(name: str) -> Column:
    value = F.col("profile")[name]
    return F.when(F.length(F.trim(value)) > 0, value)


def _as_number(value: Column, kind: Kind, month: date) -> Column:
    if isinstance(kind, tuple):
        place = F.call_function("array_position", F.array(*map(F.lit, kind)), F.trim(value))
        return F.when(place > 0, place).cast("double")
    return days_back(month, _day(value)).cast("double") if kind == "date" else as_number(clean(value))


def _day(text: Column) -> Column:
    return F.when(text.rlike(_DATE), F.to_date(F.try_to_timestamp(F.trim(text), F.lit("yyyy-MM-dd"))))


def _filled(values: Mapping[str, Column], type_: str) -> Column:
    """A map of those values that are there."""
    nothing = F.create_map().cast(f"map<string,{type_}>")
    if not values:
        return nothing
    pairs = [part for name, value in values.items() for part in (F.lit(name), value)]
    return F.coalesce(F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull()), nothing)
