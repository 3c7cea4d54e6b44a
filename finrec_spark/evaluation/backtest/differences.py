"""Figures of many dates → means and paired differences with intervals.

Test times overlap: with dates 13 days apart and test times of 165 days, a date shares most of its purchases with the
twelve dates after it, so the dates' differences are not independent. The intervals therefore come from a moving-block
bootstrap (Künsch, "The jackknife and the bootstrap for general stationary observations", 1989): blocks of as many
neighbouring dates as share test time are drawn with replacement until there are as many dates again. Where there are
fewer than two blocks there is no interval.
"""

from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Floats

_DRAWS = 10_000
_ENDS = (2.5, 97.5)


class Interval(NamedTuple):
    """A mean over dates with its 95 % interval; None where there are too few dates for one."""

    value: float
    low: float | None
    high: float | None


def mean_over_dates(values: Floats, block: int, seed: int) -> Interval:
    """Mean of figures in the order of their dates.

    Args:
        values: one a date; a difference of two models at the date, for a paired interval.
        block: dates whose test times overlap, at least 1.
        seed: of the draws.

    >>> mean_over_dates(np.array([0.2, 0.4]), block=2, seed=1)
    Interval(value=0.30000000000000004, low=None, high=None)
    """
    mean = float(values.mean())
    if len(values) < 2 * block:
        return Interval(mean, None, None)
    draws = np.random.default_rng(seed)
    starts = draws.integers(0, len(values) - block + 1, size=(_DRAWS, -(-len(values) // block)))
    places = (starts[:, :, None] + np.arange(block)).reshape(_DRAWS, -1)[:, : len(values)]
    low, high = np.percentile(values[places].mean(axis=1), _ENDS)
    return Interval(mean, float(low), float(high))
