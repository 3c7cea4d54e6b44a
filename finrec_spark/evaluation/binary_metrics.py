"""Probabilities and outcomes → how well they rank, and whether a probability keeps its promise."""

from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Floats

BINS = 10


@dataclass(frozen=True)
class Predicted:
    """How many rows had each predicted probability, and how many of them turned out 1.

    Attributes:
        probability: distinct, ascending, S.
        rows: above 0, S.
        positive: at most ``rows``, S.
    """

    probability: Floats
    rows: Floats
    positive: Floats

    @property
    def share(self) -> float:
        """Share of 1s among all rows."""
        return float(self.positive.sum() / self.rows.sum())


def predicted(label: Floats, probability: Floats) -> Predicted:
    """The counts of single rows.

    >>> predicted(np.array([0.0, 1, 1]), np.array([0.4, 0.2, 0.4]))
    Predicted(probability=array([0.2, 0.4]), rows=array([1., 2.]), positive=array([1., 1.]))
    """
    values, group = np.unique(probability, return_inverse=True)
    rows, positive = np.bincount(group), np.bincount(group, weights=label)
    return Predicted(values, rows.astype(np.float64), positive.astype(np.float64))


def auc(of: Predicted) -> float:
    """Share of pairs of a 1 and a 0 in which the 1 scores higher; equal scores count half.

    >>> auc(predicted(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8])))
    0.875
    """
    negative = of.rows - of.positive
    beaten = np.cumsum(negative) - negative / 2
    return float(of.positive @ beaten / (of.positive.sum() * negative.sum()))


def calibration_error(of: Predicted, bins: int = BINS) -> float:
    """Mean |share of 1s − mean probability| over bins of equally many rows, in the order of the probability.

    Rows of one probability that two bins share are divided between them in proportion.

    >>> calibration_error(predicted(np.array([0.0, 0, 1, 1]), np.array([0.25, 0.25, 0.5, 1.0])), bins=2)
    0.25
    """
    edges = np.linspace(0, of.rows.sum(), bins + 1)
    surplus = _up_to(edges, of.rows, of.positive - of.rows * of.probability)
    return float(np.abs(np.diff(surplus)).sum() / of.rows.sum())


def brier(of: Predicted) -> float:
    """Mean (outcome − probability)², smaller is better.

    >>> brier(predicted(np.array([0.0, 1]), np.array([0.5, 1.0])))
    0.125
    """
    squares = of.positive * (1 - of.probability) ** 2 + (of.rows - of.positive) * of.probability**2
    return float(squares.sum() / of.rows.sum())


def top_lift(of: Predicted, share: float = 1 / BINS) -> float:
    """How many times more 1s the likeliest ``share`` of the rows has than all; ties at the border count in part.

    >>> top_lift(predicted(np.array([1.0, 0, 0, 0, 0, 0, 1, 0, 0, 0]), np.arange(10.0)[::-1]))
    5.0
    """
    wanted = share * of.rows.sum()
    found = _up_to(np.array([wanted]), of.rows[::-1], of.positive[::-1])[0]
    return float(found / wanted / of.share)


def _up_to(edges: Floats, rows: Floats, amount: Floats) -> Floats:
    """What the first ``edges`` rows have of the groups' amounts; a group that an edge cuts counts in part."""
    return np.interp(edges, np.cumsum(np.r_[0.0, rows]), np.cumsum(np.r_[0.0, amount]))
