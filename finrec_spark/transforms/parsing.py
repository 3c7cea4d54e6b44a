"""Delivered text → typed values, each with the faults that kept it from being typed.

Nothing here raises, with or without ``spark.sql.ansi.enabled``: text is cast only where a pattern says
that it can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

_BLANK = " \t\r\n\u00a0\u3000\ufeff"
_TIME_PATTERN = (
    r"^\d{4}-\d{2}-\d{2}"  # YYYY-MM-DD
    r"([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( ?(Z|[+-]\d{2}:?\d{2}))?)?$"  # and the time of day, and its zone
)
_NUMBER_PATTERN = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
_MONEY = "decimal(18,2)"
_MONEY_LIMIT = 1e16  # 18 digits, 2 of them after the point
_PLAUSIBLE_YEARS = (1900, 2100)


@dataclass(frozen=True)
class Parsed:
    """A typed value, and what is wrong with the text it was read from.

    Attributes:
        value: the typed value; null where the text is missing or faulty.
        faults: one expression a fault: the reason where the row has it, else null.
    """

    value: Column
    faults: tuple[Column, ...] = ()


def fault(condition: Column, reason: str) -> Column:
    """``reason`` where ``condition`` is true, else null."""
    return F.when(condition, F.lit(reason))


def text(name: str) -> Column:
    """The column without the blanks around it; null where nothing is left."""
    trimmed = F.btrim(F.col(name), F.lit(_BLANK))
    return F.when(trimmed != "", trimmed)


def parsed_text(name: str) -> Parsed:
    """Text that may be missing."""
    return Parsed(text(name))


def needed(name: str, parsed: Parsed) -> Parsed:
    """``parsed`` with one more fault: nothing stands in column ``name``."""
    return Parsed(parsed.value, (fault(text(name).isNull(), f"{name} is missing"), *parsed.faults))


def parsed_choice(name: str, noun: str, choices: Sequence[str]) -> Parsed:
    """One of ``choices``, in lower case; anything else is an unknown ``noun``."""
    word = F.lower(text(name))
    known = word.isin(*choices)
    return Parsed(F.when(known, word), (fault(~known, f"unknown {noun}"),))


def parsed_time(name: str) -> Parsed:
    """``YYYY-MM-DD``, ``YYYY-MM-DD HH:MM[:SS[.fff]]`` or ISO 8601 with ``T`` and perhaps a zone, as a timestamp.

    Without a zone the text is read in the session's.

    >>> rows = [("2022-02-28",), ("2022-02-30",), ("yesterday",), ("1022-02-28",)]
    >>> time = parsed_time("day")
    >>> spark.createDataFrame(rows, "day string").select(time.value, F.coalesce(*time.faults)).toDF("a", "b").show()
    +-------------------+--------------------+
    |                  a|                   b|
    +-------------------+--------------------+
    |2022-02-28 00:00:00|                NULL|
    |               NULL|day is a date tha...|
    |               NULL|   day is not a date|
    |               NULL|day is before 190...|
    +-------------------+--------------------+
    <BLANKLINE>
    """
    looks_right = text(name).rlike(_TIME_PATTERN)
    time = F.when(looks_right, F.try_to_timestamp(text(name)))
    plausible = F.year(time).between(*_PLAUSIBLE_YEARS)
    first, last = _PLAUSIBLE_YEARS
    return Parsed(
        F.when(plausible, time),
        (
            fault(~looks_right, f"{name} is not a date"),
            fault(looks_right & time.isNull(), f"{name} is a date that does not exist"),
            fault(~plausible, f"{name} is before {first} or after {last}"),
        ),
    )


def parsed_day(name: str) -> Parsed:
    """The day of ``parsed_time``."""
    time = parsed_time(name)
    return Parsed(F.to_date(time.value), time.faults)


def parsed_last_day(name: str) -> Parsed:
    """The day of ``parsed_time``, but null from 2101 on: banks write 9999-12-31 for "still holds"."""
    years_beyond = F.substring(text(name), 1, 4) > str(_PLAUSIBLE_YEARS[1])
    day = parsed_day(name)
    not_a_date, does_not_exist, implausible = day.faults
    return Parsed(day.value, (not_a_date, does_not_exist, F.when(~years_beyond, implausible)))


def parsed_amount(name: str) -> Parsed:
    """A number of at least 0 as ``decimal(18,2)``, rounded half up to the cent; ``1.5e3`` is a number, ``NaN`` is not.

    >>> rows = [("1500.005",), ("-1",), ("12,5x",), ("1e30",)]
    >>> amount = parsed_amount("value")
    >>> df = spark.createDataFrame(rows, "value string")
    >>> df.select(amount.value, F.coalesce(*amount.faults)).toDF("a", "b").show()
    +-------+--------------------+
    |      a|                   b|
    +-------+--------------------+
    |1500.01|                NULL|
    |   NULL|   value is negative|
    |   NULL|value is not a nu...|
    |   NULL|  value is too large|
    +-------+--------------------+
    <BLANKLINE>
    """
    written = text(name)
    is_number = written.rlike(_NUMBER_PATTERN)
    approximate = F.when(is_number, written.cast("double"))
    usable = (approximate >= 0) & (approximate < _MONEY_LIMIT)
    exact = F.when(written.rlike("[eE]"), approximate.cast(_MONEY)).otherwise(written.cast(_MONEY))
    return Parsed(
        F.when(usable, exact),
        (
            fault(~is_number, f"{name} is not a number"),
            fault(approximate < 0, f"{name} is negative"),
            fault(approximate >= _MONEY_LIMIT, f"{name} is too large"),
        ),
    )


def parsed_risk_level(name: str = "risk_level") -> Parsed:
    """A whole number from 1 to 5; ``3.0``, as number columns with gaps are often written, is 3."""
    known = text(name).rlike(r"^[1-5](\.0+)?$")
    return Parsed(_whole(name, known), (fault(~known, f"{name} is not 1 to 5"),))


def parsed_whole_number(name: str) -> Parsed:
    """A whole number of at most nine digits, at least 0."""
    is_whole = text(name).rlike(r"^\d{1,9}(\.0+)?$")
    return Parsed(_whole(name, is_whole), (fault(~is_whole, f"{name} is not a whole number"),))


def parsed_currency(name: str = "currency") -> Parsed:
    """Three letters, in upper case."""
    looks_right = text(name).rlike("^[A-Za-z]{3}$")
    return Parsed(F.when(looks_right, F.upper(text(name))), (fault(~looks_right, f"{name} is not three letters"),))


def parsed_yes_or_no(name: str) -> Parsed:
    """``true``, ``yes`` or ``1`` and ``false``, ``no`` or ``0``, in any case, as a boolean."""
    word = F.lower(text(name))
    yes, no = word.isin("true", "yes", "1"), word.isin("false", "no", "0")
    return Parsed(F.when(yes | no, yes), (fault(~(yes | no), f"{name} is not true or false"),))


def parsed_list(name: str, separator: str = "|") -> Parsed:
    """The parts between separators, without blanks and repeats, in their order; empty where the text is missing."""
    parts = F.transform(F.split(text(name), rf"\Q{separator}\E"), lambda part: F.btrim(part, F.lit(_BLANK)))
    distinct = F.array_distinct(F.filter(parts, lambda part: part != ""))
    return Parsed(F.coalesce(distinct, F.array().cast("array<string>")))


def parsed_map(name: str) -> Parsed:
    """The map with its keys in order, so that equal maps look equal; empty where it is missing."""
    ordered = F.map_from_entries(F.array_sort(F.map_entries(name)))
    return Parsed(F.coalesce(ordered, F.create_map().cast("map<string,string>")))


def _whole(name: str, is_whole: Column) -> Column:
    return F.when(is_whole, F.substring_index(text(name), ".", 1).cast("int"))
