"""Times in another form than ISO 8601: how a named form is read, and which form values look like."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from string import ascii_letters

from pyspark.sql import Column
from pyspark.sql import functions as F


@dataclass(frozen=True)
class _Count:
    """A word for counted time.

    Attributes:
        microseconds: in one unit.
        start: days from 1970-01-01 to where the count begins.
        least, most: what a count of the years 1973 to 2100 lies between.
    """

    microseconds: Decimal
    least: float
    most: float
    start: int = 0


_COUNTS = {
    "epoch_seconds": _Count(Decimal(10**6), 1e8, 4.2e9),
    "epoch_milliseconds": _Count(Decimal(10**3), 1e11, 4.2e12),
    "epoch_microseconds": _Count(Decimal(1), 1e14, 4.2e15),
    "epoch_nanoseconds": _Count(Decimal("0.001"), 1e17, 4.2e18),
    "spreadsheet_days": _Count(Decimal(86_400 * 10**6), 26_665, 73_416, start=-25_569),
}
COUNTS = tuple(_COUNTS)
"""Words for counts: since 1970, or the days that a spreadsheet counts from the end of 1899."""

_MOST_MICROSECONDS = 253_402_300_800_000_000  # the year 10000
_PIVOT = 2069  # as POSIX reads two digits: 69 to 99 are of the last century
_LETTERS = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")
_DIGITS, _WORDS, _ZONES = "yuMdHhkKmsS", "MLa", "VzOXxZ"
_OFFSETS = {"XX": r"(?:Z|[+-]\d{4})", "XXX": r"(?:Z|[+-]\d{2}:\d{2})"}
_ISO = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"
_DAYS: dict[str, str] = {
    "dd/MM/yyyy": "%d/%m/%Y",
    "MM/dd/yyyy": "%m/%d/%Y",
    "dd.MM.yyyy": "%d.%m.%Y",
    "dd-MM-yyyy": "%d-%m-%Y",
    "MM-dd-yyyy": "%m-%d-%Y",
    "yyyy-MM-dd": "%Y-%m-%d",
    "yyyy/MM/dd": "%Y/%m/%d",
    "yyyy.MM.dd": "%Y.%m.%d",
    "yyyy年MM月dd日": "%Y年%m月%d日",
    "yyyyMMdd": "%Y%m%d",
    "yyMMdd": "%y%m%d",
    "ddMMyyyy": "%d%m%Y",
    "ddMMMyyyy": "%d%b%Y",
    "dd-MMM-yy": "%d-%b-%y",
    "dd-MMM-yyyy": "%d-%b-%Y",
    "dd MMM yyyy": "%d %b %Y",
    "MMM dd, yyyy": "%b %d, %Y",
    "dd/MM/yy": "%d/%m/%y",
    "MM/dd/yy": "%m/%d/%y",
    "dd.MM.yy": "%d.%m.%y",
}
_CLOCKS = {
    "": "",
    " HH:mm": " %H:%M",
    " HH:mm:ss": " %H:%M:%S",
    " HH:mm:ss.SSSSSSSSS": " %H:%M:%S.%f",
    " HH:mm:ss,SSSSSSSSS": " %H:%M:%S,%f",
    " hh:mm a": " %I:%M %p",
    " hh:mm:ss a": " %I:%M:%S %p",
    " hh:mm:ss.SSSSSSSSS a": " %I:%M:%S.%f %p",
    " HH.mm.ss": " %H.%M.%S",
    " hh.mm.ss.SSSSSSSSS a": " %I.%M.%S.%f %p",  # as Oracle prints
    "-HH.mm.ss.SSSSSSSSS": "-%H.%M.%S.%f",  # as DB2 prints
    ":HH:mm:ss": ":%H:%M:%S",  # as SAS prints
    "HHmmss": "%H%M%S",
    "'T'HHmmss": "T%H%M%S",
    "'T'HH:mm:ss": "T%H:%M:%S",
    "'T'HH:mm:ss.SSSSSSSSS": "T%H:%M:%S.%f",
    " HH:mm:ss XX": " %H:%M:%S %z",
    " HH:mm:ss XXX": " %H:%M:%S %z",
    " HH:mm:ssXXX": " %H:%M:%S%z",
}
_READ_BY: Mapping[str, str] = {
    f"{day}{clock}": f"{in_python}{time}" for clock, time in _CLOCKS.items() for day, in_python in _DAYS.items()
}
"""The forms that are suggested, the shortest first, with how Python reads them."""
_ENOUGH = 0.5  # of the values must be of a form that is suggested


def require_format(pattern: str) -> str:
    """The pattern, where it can be read by.

    Raises:
        ValueError: it has letters that mean nothing.
    """
    if pattern not in _COUNTS:
        _pattern(pattern)
    return pattern


def as_iso(text: Column, pattern: str) -> Column:
    """The clean text in ISO 8601 where it is of the form; as it is where it is not.

    Two digits of a year are 1969 to 2068. A time without a zone is the session's.

    Args:
        text: without blanks around it.
        pattern: as Java's DateTimeFormatter has it, or one of ``COUNTS``.

    >>> rows = spark.createDataFrame([("31/12/2021",), ("2021-12-31",), ("31/12/21",)], "day string")
    >>> rows.select(as_iso(rows.day, "dd/MM/yyyy").alias("day")).show(truncate=False)
    +--------------------------+
    |day                       |
    +--------------------------+
    |2021-12-31T00:00:00.000000|
    |2021-12-31                |
    |31/12/21                  |
    +--------------------------+
    <BLANKLINE>
    """
    if pattern in _COUNTS:
        return F.coalesce(_counted(text, _COUNTS[pattern]), text)
    time = F.try_to_timestamp(F.when(text.rlike(_pattern(pattern)), text), F.lit(pattern))
    if re.search(r"(?<!y)yy(?!y)", pattern):
        time = F.when(F.year(time) >= _PIVOT, time - F.expr("interval 100 years")).otherwise(time)
    return F.coalesce(F.date_format(time, _ISO), text)


def format_hint(column: str, formats: Sequence[str]) -> str:
    """The keys that read a column in one of the forms.

    >>> format_hint("event_time", ["dd/MM/yyyy"])
    'files.formats: {event_time: dd/MM/yyyy} reads them'
    """
    keys = " or ".join(f"{{{column}: {pattern}}}" for pattern in formats[:2])
    return f"files.formats: {keys} reads them"


def likely_formats(values: Sequence[str]) -> list[str]:
    """The forms in which most of the values can be read, the shortest first; more than one where they do not tell.

    Empty where less than half of them are of one form. A form without leading zeros is named only where it reads more.

    >>> likely_formats(["31/12/2021", "01/02/2022"]), likely_formats(["1642579440000"])
    (['dd/MM/yyyy'], ['epoch_milliseconds'])
    >>> likely_formats(["01/02/2022", "unknown"]), likely_formats(["9/1/2022 8:04", "10/12/2022 14:30"])
    (['dd/MM/yyyy', 'MM/dd/yyyy'], ['d/M/yyyy H:mm', 'M/d/yyyy H:mm'])
    """
    by_form: dict[str, list[str]] = defaultdict(list)
    for value in values:
        by_form[re.sub(r"\d", "9", value)].append(value)
    counted = {word: sum(_is_count(value, count) for value in values) for word, count in _COUNTS.items()}
    padded = {pattern: _readable(by_form, pattern, in_python) for pattern, in_python in _READ_BY.items()}
    loose = {_loose(pattern): _readable(by_form, _loose(pattern), in_python) for pattern, in_python in _READ_BY.items()}
    kinds = (counted, padded, loose)
    most = max(max(kind.values()) for kind in kinds)
    if most == 0 or most < _ENOUGH * len(values):
        return []
    return next([pattern for pattern, read in kind.items() if read == most] for kind in kinds if most in kind.values())


def _counted(text: Column, count: _Count) -> Column:
    """Counted time in ISO 8601 with its zone; null where the text is no count, or one beyond the year 9999."""
    number = F.when(text.rlike(r"^-?\d{1,19}(\.\d*)?$"), text.cast("decimal(25,6)"))
    start = F.lit(count.start * 86_400 * 10**6).cast("decimal(20,0)")
    micros = number * F.lit(count.microseconds) + start
    return F.date_format(
        F.timestamp_micros(F.when(F.abs(micros) < _MOST_MICROSECONDS, micros).cast("bigint")), _ISO + "XXX"
    )


def _is_count(value: str, count: _Count) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", value) is not None and count.least <= float(value) <= count.most


def _readable(by_form: Mapping[str, Sequence[str]], pattern: str, in_python: str) -> int:
    """How many values can be read by the pattern, as Spark does it and as Python does."""
    alike = (values for form, values in by_form.items() if _signs(pattern).fullmatch(form))
    return sum(_is_read(value, in_python) for value in chain.from_iterable(alike))


def _is_read(value: str, in_python: str) -> bool:
    short = re.sub(r"([.,]\d{6})\d+", r"\1", value)  # Python reads no more of a fraction
    try:
        return 1900 <= datetime.strptime(short, in_python).year <= 2100
    except ValueError:
        return False


def _loose(pattern: str) -> str:
    """The pattern for digits without zeros before them; as it is where its digits follow each other.

    >>> _loose("dd/MM/yyyy HH:mm"), _loose("dd-MMM-yyyy"), _loose("yyyyMMdd")
    ('d/M/yyyy H:mm', 'd-MMM-yyyy', 'yyyyMMdd')
    """
    if re.search("yMMd|dMMy|HHmm", pattern):
        return pattern
    return re.sub(r"([dHh])\1|(?<!M)(M)M(?!M)", r"\1\2", pattern)


@cache
def _signs(pattern: str) -> re.Pattern[str]:
    """What a pattern reads, for Python."""
    return re.compile(_pattern(pattern).replace(r"\p{L}", "A-Za-z"))


def _pattern(pattern: str) -> str:
    """The regular expression of what a pattern reads, for Spark fails where its reader of old would read more."""
    return "^" + "".join(_piece(found[0]) for found in _LETTERS.finditer(pattern)) + "$"


def _piece(run: str) -> str:
    letter, width = run[0], len(run)
    if letter == "'":
        return re.escape(run[1:-1].replace("''", "'") or "'")
    if letter not in ascii_letters:
        return re.escape(run)
    if letter in _WORDS and (letter != "M" or width > 2):
        return r"[\p{L}.]+"
    if run in _OFFSETS:
        return _OFFSETS[run]
    if letter in _ZONES:
        return r"[\p{L}\d/_+:-]+"
    if letter not in _DIGITS:
        known = f"dd/MM/yyyy HH:mm, or {', '.join(COUNTS)}"
        raise ValueError(f"{run} in a time's format means nothing; use such as {known}")
    if letter == "S":
        return rf"\d{{1,{width}}}"
    return r"\d{1,2}" if width == 1 else rf"\d{{{width}}}"
