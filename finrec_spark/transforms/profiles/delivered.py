"""Delivered profile columns: what kind each is, and its values as numbers or categories."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.ingest.parsing import clean
from finrec_spark.transforms.numerals import NUMBER_FORMS, as_number, is_written
from finrec_spark.transforms.profiles.missing import canonical, word_for_nothing

Kind = Literal["number", "category", "date", "ignore"] | tuple[str, ...]
"""How a delivered column is read; its words in ascending order where it is ordinal."""

_DATE = r"^\s*\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?[A-Z+-][\w:/+-]*)?)?\s*$"
_NO_WORDS: Mapping[str, tuple[str, ...]] = {}


def days_back(month: date, day: Column) -> Column:
    """Whole days from a day (or time) to the eve of ``month``, which is day 0."""
    return F.datediff(F.lit(month), day.cast("date")) - 1


def column_statistics(customers: DataFrame) -> DataFrame:
    """One row: one delivered column's ordinary values, or those of one word that may stand for nothing; one pass.

    Args:
        customers: ``customer_id``, ``profile``; empty values are missing ones.

    Returns:
        ``name``, ``word`` (null: the ordinary values) and the fields of ``missing.Values``; few different values are
        counted exactly.
    """
    values = customers.select(F.explode("profile").alias("name", "value")).where(F.length(F.trim("value")) > 0)
    text, plain = clean(F.col("value")), F.col("number").isNotNull()
    number = as_number(text)
    read = values.select("name", "value", word_for_nothing(F.col("value")).alias("word"), number.alias("number"))
    return read.groupBy("name", "word").agg(
        F.count("*").alias("filled"),
        F.count("number").alias("numbers"),
        F.count(_day(F.col("value"))).alias("dates"),
        F.approx_count_distinct("value").alias("different"),
        F.min("number").alias("least"),
        F.max("number").alias("most"),
        *(F.count_if(~plain & is_written(text, form)).alias(form) for form in NUMBER_FORMS),
        F.min(text).alias("first"),
        F.max(text).alias("last"),
    )


def delivered_numbers(
    kinds: Mapping[str, Kind], month: date, missing: Mapping[str, tuple[str, ...]] = _NO_WORDS
) -> Column:
    """``numbers``, map<string,double>: numbers as they are, words of an order from 1, dates as days before.

    A value that cannot be read as its column's kind is missing, as one that was not delivered; so is one of the
    column's ``missing`` words.
    """
    numeric = {name: kind for name, kind in sorted(kinds.items()) if kind not in ("category", "ignore")}
    return _filled(
        {name: _as_number(_delivered(name, missing), kind, month) for name, kind in numeric.items()}, "double"
    )


def delivered_categories(kinds: Mapping[str, Kind], missing: Mapping[str, tuple[str, ...]] = _NO_WORDS) -> Column:
    """``categories``, map<string,string>: trimmed; ``segment`` is left out, it is a column of its own.

    One of a column's ``missing`` words is no value.
    """
    names = sorted(name for name, kind in kinds.items() if kind == "category" and name != "segment")
    return _filled({name: F.trim(_delivered(name, missing)) for name in names}, "string")


def changed_days(kinds: Mapping[str, Kind], month: date, missing: Mapping[str, tuple[str, ...]] = _NO_WORDS) -> Column:
    """``changed_days``, map<string,int>: days since a column last became another, as an aggregate of the versions.

    Reads ``valid_from``, ``profile`` and ``earlier``, the profile of the customer's version before. A number that is
    written in another way is no other one. Dates are left out: they say themselves how long ago something was.
    """
    names = sorted(name for name, kind in kinds.items() if kind not in ("date", "ignore"))
    became = {name: F.max(F.when(_differs(name, kinds[name], missing), F.col("valid_from"))) for name in names}
    return _filled({name: days_back(month, day) for name, day in became.items()}, "int")


def _differs(name: str, kind: Kind, missing: Mapping[str, tuple[str, ...]]) -> Column:
    """Whether both versions have a value, and not the same one."""
    now, then = (F.trim(_delivered(name, missing, of)) for of in ("profile", "earlier"))
    written = now != then
    return written & (as_number(clean(now)) != as_number(clean(then))) if kind == "number" else written


def _delivered(name: str, missing: Mapping[str, tuple[str, ...]], of: str = "profile") -> Column:
    value = F.col(of)[name]
    given = F.length(F.trim(value)) > 0
    words = missing.get(name)
    return F.when(given & ~canonical(value).isin(*words) if words else given, value)


def _as_number(value: Column, kind: Kind, month: date) -> Column:
    if isinstance(kind, tuple):
        place = F.call_function("array_position", F.array(*map(F.lit, kind)), F.trim(value))
        return F.when(place > 0, place).cast("double")
    return days_back(month, _day(value)).cast("double") if kind == "date" else as_number(clean(value))


def _day(text: Column) -> Column:
    """The day as it is written, whatever the time of day and its zone."""
    day = F.substring(F.trim(text), 1, 10)
    return F.when(text.rlike(_DATE), F.to_date(F.try_to_timestamp(day, F.lit("yyyy-MM-dd"))))


def _filled(values: Mapping[str, Column], type_: str) -> Column:
    """A map of those values that are there."""
    nothing = F.create_map().cast(f"map<string,{type_}>")
    if not values:
        return nothing
    pairs = [part for name, value in values.items() for part in (F.lit(name), value)]
    return F.coalesce(F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull()), nothing)
