"""Months: a month is its first day."""

import re
from datetime import date

from finrec_spark.errors import ConfigError


def parse_month(text: str) -> date:
    """The first day of ``YYYY-MM``.

    Raises:
        ConfigError: the text is not a month.

    >>> parse_month("2022-06")
    datetime.date(2022, 6, 1)
    """
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
    if not found or not 1900 <= int(found[1]) <= 2100:
        raise ConfigError(f"month {text!r}: expected YYYY-MM, such as 2022-06")
    return date(int(found[1]), int(found[2]), 1)


def months_before(month: date, n: int) -> date:
    """The month ``n`` months earlier; later where ``n`` is negative.

    >>> months_before(date(2022, 1, 1), 1)
    datetime.date(2021, 12, 1)
    """
    count = month.year * 12 + month.month - 1 - n
    return date(count // 12, count % 12 + 1, 1)


def month_after(day: date) -> date:
    """The month that follows the day's.

    >>> month_after(date(2022, 12, 31))
    datetime.date(2023, 1, 1)
    """
    return months_before(day.replace(day=1), -1)
