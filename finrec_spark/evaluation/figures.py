"""Rows of ``mart.metrics`` as everything that shows them reads them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

BASELINE = "popularity"
ENSEMBLE_GAIN = "ndcg_gain_of_ensemble"
"""How much better than the model the ensemble is, customer by customer."""
CONFIGURED_GAIN = "ndcg_gain_over_configured"
"""How much better a trial's parameters are than those that are configured, likewise."""


class MetricRow(NamedTuple):
    """One figure of one model in one segment, with its 95 % interval where it has one."""

    model: str
    metric: str
    k: int | None
    segment: str
    value: float
    low: float | None
    high: float | None
    protocol: str = ""
    origin: date | None = None

    @property
    def half_width(self) -> float | None:
        """Half of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def key(self) -> str:
        """What names the row within a run: protocol, model, metric, k, segment and origin, each empty where null.

        >>> MetricRow("als", "ndcg", 10, "all", 0.3, None, None, "last_month", date(2022, 5, 1)).key
        'last_month|als|ndcg|10|all|2022-05-01'
        """
        parts = (self.protocol, self.model, self.metric, self.k, self.segment, self.origin)
        return "|".join("" if part is None else str(part) for part in parts)


def metric_rows(records: Iterable[Mapping[str, Any]]) -> list[MetricRow]:
    """The figures of rows of ``mart.metrics``."""
    return [MetricRow(*(record[name] for name in MetricRow._fields)) for record in records]


def leading_k(rows: Sequence[MetricRow]) -> int | None:
    """The list's length that leads: that of the ensemble's gain, else the longest that was ranked.

    >>> leading_k([MetricRow("als", "ndcg", k, "all", 0.3, None, None) for k in (3, 10)])
    10
    """
    for metric in (ENSEMBLE_GAIN, "ndcg"):
        lengths = [row.k for row in rows if row.metric == metric and row.k is not None]
        if lengths:
            return max(lengths)
    return None
