"""Figures of every date → figures over the dates: means, the ensemble against each other model, half-years."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from finrec_spark.evaluation.backtest.differences import mean_over_dates
from finrec_spark.evaluation.figures import ENSEMBLE_GAIN
from finrec_spark.evaluation.held_out import ENSEMBLE

PROTOCOL, SUMMARY = "far_trans", "far_trans_over_dates"
NETWORK, NETWORK_SUMMARY = "far_trans_gru", "far_trans_gru_over_dates"
"""Protocols of the recurrent network's own figures, and of all models' over the dates on which it was trained."""

IN_TRAIN, NEW = "in_train", "new"
"""Segments: test customers with a purchase before the date, and without any."""

METRIC = "ndcg"
_SHOWN = (METRIC, "recall", "coverage")
_SEED = 11


class OverDates(NamedTuple):
    """One figure of one model over the dates of a period, in the columns of ``mart.metrics``."""

    model: str
    metric: str
    k: int
    segment: str
    value: float
    low: float | None
    high: float | None


def over_dates(records: Sequence[Mapping[str, Any]], test_days: int) -> list[OverDates]:
    """Means over the dates, and how much better than each model the ensemble is, with intervals over the dates.

    Segments are those of the dates, and of each again by half-year, as ``in_train, 2019 H2``; customers of a date weigh
    as much as the date, however many they are.

    Args:
        records: rows of ``mart.metrics``, each with its ``origin``.
        test_days: days from a date on whose purchases test its lists.
    """
    rows = pd.DataFrame(records)
    rows = rows[rows["metric"].isin(_SHOWN)]
    block = overlapping_dates(sorted(set(rows["origin"])), test_days)
    return [
        figure
        for (segment, metric, k), part in rows.groupby(["segment", "metric", "k"], sort=True)
        for figure in _of_segment(part, str(segment), str(metric), int(k), block)
    ]


def overlapping_dates(origins: Sequence[date], test_days: int) -> int:
    """How many neighbouring dates have test times that overlap with the first one's; at least 1.

    >>> overlapping_dates([date(2020, 1, 1), date(2020, 3, 1), date(2020, 7, 1)], 165)
    2
    """
    days = np.array([origin.toordinal() for origin in origins])
    return int(max(np.sum((days >= day) & (days < day + test_days)) for day in days))


def half_year(origin: date) -> str:
    """The half-year that a date lies in.

    >>> half_year(date(2019, 8, 1))
    '2019 H2'
    """
    return f"{origin.year} H{1 if origin.month <= 6 else 2}"


def _of_segment(rows: pd.DataFrame, segment: str, metric: str, k: int, block: int) -> Iterator[OverDates]:
    """Figures of all dates, and of each half-year."""
    by_date = rows.pivot(index="origin", columns="model", values="value").sort_index()
    halves = by_date.index.map(half_year)
    yield from _of_period(by_date, segment, metric, k, block)
    for half in sorted(set(halves)):
        yield from _of_period(by_date[halves == half], f"{segment}, {half}", metric, k, block)


def _of_period(by_date: pd.DataFrame, segment: str, metric: str, k: int, block: int) -> Iterator[OverDates]:
    """Each model's mean, and of the leading metric the ensemble's gain; by name."""
    for model in sorted(by_date.columns):
        own = by_date[model].dropna()
        yield OverDates(model, metric, k, segment, *mean_over_dates(own.to_numpy(), block, _SEED))
        if metric == METRIC and model != ENSEMBLE and ENSEMBLE in by_date:
            gain = (by_date[ENSEMBLE] - by_date[model]).dropna().to_numpy()
            yield OverDates(model, ENSEMBLE_GAIN, k, segment, *mean_over_dates(gain, block, _SEED))
