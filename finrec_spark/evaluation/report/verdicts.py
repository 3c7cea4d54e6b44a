"""Gains with intervals → what they show, with Holm's correction over all that are compared.

Of n comparisons at a level of 5 % each, one in twenty shows a difference by chance alone. Holm's correction keeps the
probability of any such mistake among them at 5 % (Holm, "A simple sequentially rejective multiple test procedure",
1979).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from finrec_spark.evaluation.figure_rows import Z_95
from finrec_spark.evaluation.figures import MetricRow

_LEVEL = 0.05
BETTER, WORSE, NOT_SHOWN = "better", "worse", "no difference shown"


@dataclass(frozen=True)
class Comparison:
    """One gain: the row, its probability by chance alone after Holm's correction, and what is shown."""

    row: MetricRow
    p_adjusted: float
    verdict: str


def comparisons(gains: Sequence[MetricRow]) -> list[Comparison]:
    """What the gains show, in their order; those without an interval show nothing.

    Args:
        gains: differences of two models over the same customers, above 0 where the named model is better.

    >>> lows = {"a": 0.001, "b": 0.01}
    >>> gains = [MetricRow(model, "gain", 10, "all", 0.02, low, 0.04 - low) for model, low in lows.items()]
    >>> [(found.row.model, round(found.p_adjusted, 3), found.verdict) for found in comparisons(gains)]
    [('a', 0.039, 'better'), ('b', 0.0, 'better')]
    """
    if not gains:
        return []
    adjusted = multipletests([p_value(row) for row in gains], method="holm")[1]
    return [
        Comparison(row, float(p), _verdict(row, float(p)))
        for row, p in zip(gains, np.minimum(adjusted, 1), strict=True)
    ]


def p_value(row: MetricRow) -> float:
    """Two-sided probability of such a difference by chance, from its 95 % interval; 1 without an interval."""
    if row.half_width is None:
        return 1.0
    if row.half_width == 0:
        return 1.0 if row.value == 0 else 0.0
    return float(2 * stats.norm.sf(abs(row.value) * Z_95 / row.half_width))


def _verdict(row: MetricRow, p_adjusted: float) -> str:
    holds_zero = row.low is None or row.high is None or row.low <= 0 <= row.high
    if holds_zero or p_adjusted > _LEVEL:
        return NOT_SHOWN
    return BETTER if row.value > 0 else WORSE
