"""The dates of a backtest, as days since 1970-01-01."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from finrec_spark.arrays import Ints

EPOCH = date(1970, 1, 1)


def as_day(origin: date) -> int:
    """Days since 1970-01-01.

    >>> as_day(date(1970, 1, 3))
    2
    """
    return (origin - EPOCH).days


def as_date(day: int) -> date:
    """The date of a day; the inverse of ``as_day``."""
    return EPOCH + timedelta(days=day)


def learning_dates(origins: Sequence[int], first_day: int, spacing_days: int, most: int) -> Ints:
    """Dates that trees may learn from: the origins, and before the first of them one every ``spacing_days``.

    Args:
        origins: the dates that are measured, ascending.
        first_day: first day of which anything is known; no date lies before it.
        spacing_days: days between two dates.
        most: dates before the first origin, at most.

    >>> learning_dates([30, 40], first_day=8, spacing_days=10, most=5).tolist()
    [10, 20, 30, 40]
    """
    earlier = np.arange(origins[0] - spacing_days, first_day, -spacing_days)[:most][::-1]
    return np.array([*earlier, *origins], dtype=np.int64)


def spread_evenly(days: Sequence[int], number: int) -> list[int]:
    """``number`` of the days, evenly spread, the last one among them; all of them where there are no more.

    >>> spread_evenly([1, 2, 3, 4, 5, 6], 3)
    [2, 4, 6]
    """
    places = np.ceil(np.arange(1, number + 1) * len(days) / max(number, 1)).astype(int) - 1
    return [days[place] for place in sorted(set(places.tolist()))]
