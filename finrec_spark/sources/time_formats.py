"""Times in another form than ISO 8601: how a named form is read, and which form values look like."""

import re
from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import Column
from pyspark.sql import functions as F

EPOCH = {"epoch_seconds": 1, "epoch_milliseconds": 10**3, "epoch_microseconds": 10**6}
"""Words for counts since 1970, with their units a second."""

_PIVOT = 2069  # as POSIX reads two digits: 69 to 99 are of the last century
_LETTERS = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")
_DIGITS, _WORDS, _ZONES = "yuMdHhkKmsS", "MLa", "VzOXxZ"
_ISO = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"
_KNOWN: dict[str, str] = {
    "dd/MM/yyyy": "%d/%m/%Y",
    "MM/dd/yyyy": "%m/%d/%Y",
    "dd.MM.yyyy": "%d.%m.%Y",
    "dd-MM-yyyy": "%d-%m-%Y",
    "MM-dd-yyyy": "%m-%d-%Y",
    "yyyy/MM/dd": "%Y/%m/%d",
    "yyyy.MM.dd": "%Y.%m.%d",
    "yyyyMMdd": "%Y%m%d",
    "yyMMdd": "%y%m%d",
    "ddMMyyyy": "%d%m%Y",
    "ddMMMyyyy": "%d%b%Y",
    "dd-MMM-yy": "%d-%b-%y",
    "dd-MMM-yyyy": "%d-%b-%Y",
    "dd MMM yyyy": "%d %b %Y",
    "dd/MM/yy": "%d/%m/%y",
    "MM/dd/yy": "%m/%d/%y",
    "dd.MM.yy": "%d.%m.%y",
}
_CLOCKS = {
    "": "",
    " HH:mm": " %H:%M",
    " HH:mm:ss": " %H:%M:%S",
    " HH:mm:ss.SSSSSS": " %H:%M:%S.%f",
    " hh:mm a": " %I:%M %p",
    " hh:mm:ss a": " %I:%M:%S %p",
    "HHmmss": "%H%M%S",
    "'T'HH:mm:ss": "T%H:%M:%S",
}
_EPOCH_DIGITS = {10: "epoch_seconds", 13: "epoch_milliseconds", 16: "epoch_microseconds"}


def require_format(pattern: str) -> str:
    """The pattern, where it can be read by.

    Raises:
        ValueError: it has letters that mean nothing.
    """
    if pattern not in EPOCH:
        _pattern(pattern)
    return pattern


def as_iso(text: Column, pattern: str) -> Column:
    """The clean text in ISO 8601 where it is of the form; as it is where it is not.

    Two digits of a year are 1969 to 2068. A time without a zone is the session's.

    Args:
        text: without blanks around it.
        pattern: as Java's DateTimeFormatter has it, or one of ``EPOCH``.

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
    if pattern in EPOCH:
        count = F.when(text.rlike(r"^-?\d{1,18}(\.\d*)?$"), text.cast("decimal(38,6)"))
        micros = (count * F.lit(10**6 // EPOCH[pattern])).cast("bigint")
        zoned = F.date_format(F.timestamp_micros(micros), _ISO + "XXX")
        return F.coalesce(zoned, text)
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
    """The forms in which all the values can be read, the shortest first; more than one where they do not tell.

    >>> likely_formats(["31/12/2021", "01/02/2022"]), likely_formats(["1642579440000"])
    (['dd/MM/yyyy'], ['epoch_milliseconds'])
    >>> likely_formats(["01/02/2022"])
    ['dd/MM/yyyy', 'MM/dd/yyyy']
    """
    if not values:
        return []
    both = {
        f"{day}{clock}": f"{in_python}{time}" for clock, time in _CLOCKS.items() for day, in_python in _KNOWN.items()
    }
    dated = [pattern for pattern, in_python in both.items() if all(_is_read(value, in_python) for value in values)]
    lengths = {len(value) for value in values if re.fullmatch(r"\d+", value)}
    counted = [word for digits, word in _EPOCH_DIGITS.items() if lengths == {digits}]
    return counted or dated


def _is_read(value: str, in_python: str) -> bool:
    try:
        return 1900 <= datetime.strptime(value, in_python).year <= 2100
    except ValueError:
        return False


def _pattern(pattern: str) -> str:
    """The regular expression of what a pattern reads, for Spark fails where its reader of old would read more."""
    return "^" + "".join(_piece(found[0]) for found in _LETTERS.finditer(pattern)) + "$"


def _piece(run: str) -> str:
    letter, width = run[0], len(run)
    if letter == "'":
        return re.escape(run[1:-1].replace("''", "'") or "'")
    if not letter.isalpha():
        return re.escape(run)
    if letter in _WORDS and (letter != "M" or width > 2):
        return r"[\p{L}.]+"
    if letter in _ZONES:
        return r"[\p{L}\d/_+:-]+"
    if letter not in _DIGITS:
        raise ValueError(f"{run} in a time's format means nothing; use such as dd/MM/yyyy HH:mm, or {', '.join(EPOCH)}")
    if letter == "S":
        return rf"\d{{1,{width}}}"
    return r"\d{1,2}" if width == 1 else rf"\d{{{width}}}"
