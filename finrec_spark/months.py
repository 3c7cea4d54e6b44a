"""Months: a month is its first day."""

import re
from collections.abc import Mapping
from datetime import date
from statistics import median

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


def month_name(day: date) -> str:
    """The month whose first day it is; another day as it stands.

    >>> month_name(date(2022, 6, 1)), month_name(date(2022, 6, 15))
    ('2022-06', '2022-06-15')
    """
    return f"{day:%Y-%m}" if day.day == 1 else day.isoformat()


def month_number(month: date) -> int:
    """Number of a month: 12 · year + month - 1, so that the next one's is one more.

    >>> month_number(date(2022, 1, 1)) - month_number(date(2021, 12, 1))
    1
    """
    return month.year * 12 + month.month - 1


def months_before(month: date, n: int) -> date:
    """The month ``n`` months earlier; later where ``n`` is negative.

    >>> months_before(date(2022, 1, 1), 1)
    datetime.date(2021, 12, 1)
    """
    count = month_number(month) - n
    return date(count // 12, count % 12 + 1, 1)


def month_after(day: date) -> date:
    """The month that follows the day's.

    >>> month_after(date(2022, 12, 31))
    datetime.date(2023, 1, 1)
    """
    return months_before(day.replace(day=1), -1)


def last_real_month(counts: Mapping[date, int]) -> date:
    """The newest month that holds more than next to nothing: what comes after it is a slip, as a day in 2099.

    A month is passed over where it holds less than a hundredth of what is usual in the (at most twelve) months with
    anything before it; at most a tenth of it where nothing lies in the two months before it; less than
    usual where nothing lies in the year before it; less than half of all where nothing lies in the ten years before it.

    Args:
        counts: month → what happened in it; not empty, none is 0.

    >>> last_real_month({date(2022, 4, 1): 240, date(2022, 5, 1): 310, date(2099, 1, 1): 1})
    datetime.date(2022, 5, 1)
    >>> last_real_month({date(2022, 4, 1): 2, date(2022, 5, 1): 1})
    datetime.date(2022, 5, 1)
    """
    months = sorted(counts)
    while len(months) > 1 and _is_slip(months, counts):
        months.pop()
    return months[-1]


def _is_slip(months: list[date], counts: Mapping[date, int]) -> bool:
    *earlier, newest = months
    usual, found = median(counts[month] for month in earlier[-12:]), counts[newest]
    silent = months_between(earlier[-1], newest) - 1
    return (
        100 * found < usual
        or (silent >= 2 and 10 * found <= usual)
        or (silent >= 12 and found < usual)
        or (silent >= 120 and 2 * found < sum(counts[month] for month in months))
    )


def months_between(earlier: date, later: date) -> int:
    """How many months later; both are months.

    >>> months_between(date(2021, 12, 1), date(2022, 2, 1))
    2
    """
    return month_number(later) - month_number(earlier)
