"""Clean delivered text → typed values, each with the reason why a text could not be typed.

Columns are those of ``clean``: no blanks around the text, null where nothing is left. Nothing here raises, with or
without ``spark.sql.ansi.enabled``: text is cast only where a pattern says that it can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column
from pyspark.sql import functions as F

from finrec_spark.transforms.numerals import as_number, is_number

_BLANK = " \t\r\n\u00a0\u3000\ufeff"
_TIME_PATTERN = (
    r"^\d{4}-\d{2}-\d{2}"  # YYYY-MM-DD
    r"([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"  # and the time of day
    r"( ?(Z|[+-]\d{2}(:?\d{2}(:?\d{2})?)?|(UTC|GMT)([+-]\d{1,2}(:?\d{2})?)?|[A-Z]{3}|[A-Z]\w+(/[\w+-]+)+)"  # its zone
    r"(\[[\w/+-]+\])?)?)?$"  # and the zone's name, as Java adds it
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_PLAUSIBLE_TIME = rf"^(?=19|20|{_LAST_YEAR}){_TIME_PATTERN[1:]}"
_ZONE_NAME = r"[A-Za-z]{2}"
_MINUTES = len("2022-02-28 23:59")
_JAVA_ZONE = r"\[.*$"
_MONEY = "decimal(18,2)"
_MONEY_LIMIT = 1e16  # 18 digits, 2 of them after the point
_PLAIN_AMOUNT = r"^\d{1,15}(\.\d*)?$"
"""Most amounts: they are read without looking at their size first."""


@dataclass(frozen=True)
class Parsed:
    """How one delivered column becomes a typed one.

    Attributes:
        column: the delivered column.
        value: the typed value; null where the text is missing or cannot be typed.
        reason: why a given text has no value; it is looked at only there. Null: that is no fault.
        needed: whether a missing text is a fault.
    """

    column: str
    value: Column
    reason: Column | None = None
    needed: bool = False


def clean(text: Column) -> Column:
    """The text without the blanks around it; null where nothing is left."""
    trimmed = F.btrim(text, F.lit(_BLANK))
    return F.when(trimmed != "", trimmed)


def needed(parsed: Parsed) -> Parsed:
    """The same column where a missing text is a fault."""
    return replace(parsed, needed=True)


def parsed_text(name: str) -> Parsed:
    """The text as it is."""
    return Parsed(name, F.col(name))


def parsed_word(name: str) -> Parsed:
    """The text in lower case."""
    return Parsed(name, F.lower(name))


def parsed_choice(name: str, choices: Sequence[str]) -> Parsed:
    """One of ``choices``, in lower case; another word is unknown."""
    word = F.lower(name)
    return Parsed(name, F.when(word.isin(*choices), word), F.lit(f"unknown {name}"))


def parsed_time(name: str) -> Parsed:
    """``YYYY-MM-DD``, ``YYYY-MM-DD HH:MM[:SS[.fff]]`` or ISO 8601 with ``T`` and perhaps a zone, as a timestamp.

    A zone is ``Z``, ``UTC``, ``+02``, ``+0200``, ``+02:00``, ``CET`` or ``Europe/Athens``; without one the text is
    read in the session's. Of a fraction the first six digits count.

    >>> rows = [("2022-02-28",), ("2022-02-30",), ("yesterday",), ("1022-02-28",)]
    >>> time = parsed_time("day")
    >>> spark.createDataFrame(rows, "day string").select(time.value, time.reason).toDF("value", "reason").show(4, False)
    +-------------------+---------------------------------+
    |value              |reason                           |
    +-------------------+---------------------------------+
    |2022-02-28 00:00:00|NULL                             |
    |NULL               |day is a date that does not exist|
    |NULL               |day is not a date                |
    |NULL               |day is before 1900 or after 2100 |
    +-------------------+---------------------------------+
    <BLANKLINE>
    """
    is_implausible = ~_year(name).between(str(_FIRST_YEAR), str(_LAST_YEAR))
    return Parsed(name, _time(name, _PLAUSIBLE_TIME), _why_no_time(name, is_implausible))


def parsed_day(name: str) -> Parsed:
    """The day of ``parsed_time``."""
    time = parsed_time(name)
    return replace(time, value=F.to_date(time.value))


def parsed_last_day(name: str) -> Parsed:
    """The day of ``parsed_time``, but null from 2101 on: banks write 9999-12-31 for "still holds"."""
    return replace(parsed_day(name), reason=_why_no_time(name, _year(name) < str(_FIRST_YEAR)))


def parsed_amount(name: str) -> Parsed:
    """A number of at least 0 as ``decimal(18,2)``, rounded half up to the cent; ``1.5e3`` is a number, ``NaN`` is not.

    >>> rows = [("1500.005",), ("-1",), ("12,5x",), ("1e30",)]
    >>> amount = parsed_amount("fee")
    >>> spark.createDataFrame(rows, "fee string").select(amount.value, amount.reason).toDF("value", "reason").show()
    +-------+-------------------+
    |  value|             reason|
    +-------+-------------------+
    |1500.01|               NULL|
    |   NULL|    fee is negative|
    |   NULL|fee is not a number|
    |   NULL|   fee is too large|
    +-------+-------------------+
    <BLANKLINE>
    """
    text, size = F.col(name), _size(name)
    why = (
        F.when(~is_number(text), F.lit(f"{name} is not a number"))
        .when(size < 0, F.lit(f"{name} is negative"))
        .when(size >= _MONEY_LIMIT, F.lit(f"{name} is too large"))
    )
    exact = F.when(text.rlike("[eE]"), size.cast(_MONEY)).otherwise(text.cast(_MONEY))
    other = F.when((size >= 0) & (size < _MONEY_LIMIT), exact)
    return Parsed(name, F.when(text.rlike(_PLAIN_AMOUNT), text.cast(_MONEY)).otherwise(other), why)


def parsed_rating(name: str) -> Parsed:
    """The number of ``parsed_amount`` as a double, not rounded: a rating is no money. The amount tells the faults."""
    text, number = F.col(name), as_number(F.col(name))
    other = F.when(number >= 0, number)
    return Parsed(name, F.when(text.rlike(_PLAIN_AMOUNT), text.cast("double")).otherwise(other))


def parsed_risk_level(name: str = "risk_level") -> Parsed:
    """A whole number from 1 to 5; ``3.0``, as number columns with gaps are often written, is 3."""
    return Parsed(name, _whole(name, r"^[1-5](\.0+)?$"), F.lit(f"{name} is not 1 to 5"))


def parsed_whole_number(name: str) -> Parsed:
    """A whole number of at most nine digits, at least 0."""
    return Parsed(name, _whole(name, r"^\d{1,9}(\.0+)?$"), F.lit(f"{name} is not a whole number"))


def parsed_currency(name: str = "currency") -> Parsed:
    """Three letters, in upper case."""
    code = F.when(F.col(name).rlike("^[A-Za-z]{3}$"), F.upper(name))
    return Parsed(name, code, F.lit(f"{name} is not three letters"))


def parsed_yes_or_no(name: str) -> Parsed:
    """``true``, ``yes`` or ``1`` and ``false``, ``no`` or ``0``, in any case, as a boolean."""
    word = F.lower(name)
    answer = F.when(word.isin("true", "yes", "1"), True).when(word.isin("false", "no", "0"), False)
    return Parsed(name, answer, F.lit(f"{name} is not true or false"))


def parsed_list(name: str) -> Parsed:
    """The parts between ``|``, without blanks and repeats, in their order; empty where the text is missing."""
    parts = F.transform(F.split(name, r"\|"), clean)
    distinct = F.array_distinct(F.filter(parts, lambda part: part.isNotNull()))
    return Parsed(name, F.coalesce(distinct, F.array().cast("array<string>")))


def parsed_map(name: str) -> Parsed:
    """The map with its keys in order, so that equal maps look equal; empty where it is missing."""
    ordered = F.map_from_entries(F.array_sort(F.map_entries(name)))
    return Parsed(name, F.coalesce(ordered, F.create_map().cast("map<string,string>")))


def or_default(parsed: Parsed, default: Column) -> Parsed:
    """The same column with ``default`` where the text is missing; a faulty text stays without a value."""
    return replace(parsed, value=F.when(F.col(parsed.column).isNull(), default).otherwise(parsed.value))


def _size(name: str) -> Column:
    return F.when(is_number(F.col(name)), F.col(name).cast("double"))


def _time(name: str, pattern: str = _TIME_PATTERN) -> Column:
    """The time, which is read once; null where the text is not of the pattern, or where there is no such time."""
    text = F.col(name)
    return F.when(text.rlike(pattern), F.try_to_timestamp(_as_spark_reads(text)))


def _as_spark_reads(text: Column) -> Column:
    """Without the zone's name behind it, and with seconds where a zone follows right after the minutes."""
    unnamed = F.when(F.endswith(text, F.lit("]")), F.regexp_replace(text, _JAVA_ZONE, "")).otherwise(text)
    to_minutes, zone = F.substring(unnamed, 1, _MINUTES), F.substring(unnamed, _MINUTES + 1, 99)
    has_seconds = F.startswith(zone, F.lit(":")) | (zone == "")
    return F.when(has_seconds, unnamed).otherwise(F.concat(to_minutes, F.lit(":00"), zone))


def _year(name: str) -> Column:
    return F.substring(name, 1, 4)


def _why_no_time(name: str, is_implausible: Column) -> Column:
    """Why a text has no plausible time: it is no date, there is no such day or zone, or it is of another age."""
    text, time = F.col(name), _time(name)
    return (
        F.when(~text.rlike(_TIME_PATTERN), F.lit(f"{name} is not a date"))
        .when(time.isNull() & text.rlike(_ZONE_NAME), F.lit(f"{name} is a date or zone that does not exist"))
        .when(time.isNull(), F.lit(f"{name} is a date that does not exist"))
        .when(is_implausible, F.lit(f"{name} is before {_FIRST_YEAR} or after {_LAST_YEAR}"))
    )


def _whole(name: str, pattern: str) -> Column:
    return F.when(F.col(name).rlike(pattern), F.substring_index(F.col(name), ".", 1).cast("int"))
