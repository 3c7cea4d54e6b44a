"""Scores and outcomes of one fold → how well they rank, and whether a probability keeps its promise."""

import numpy as np
from scipy.stats import rankdata

from finrec_spark.arrays import Floats

BINS = 10


def auc(label: Floats, score: Floats) -> float:
    """Share of pairs of a 1 and a 0 in which the 1 scores higher; equal scores count half.

    >>> auc(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    positive = label.sum()
    ranks = rankdata(score)[label == 1].sum()
    return float((ranks - positive * (positive + 1) / 2) / (positive * (len(label) - positive)))


def calibration_error(label: Floats, probability: Floats, bins: int = BINS) -> float:
    """Mean |share of 1 − mean probability| over bins of equally many rows, in the order of the probability.

    >>> calibration_error(np.array([0.0, 0, 1, 1]), np.array([0.25, 0.25, 0.5, 1.0]), bins=2)
    0.25
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(label[part].mean() - probability[part].mean()) * len(part) for part in parts]
    return float(np.sum(gaps) / len(label))


def top_lift(label: Floats, score: Floats, share: float = 1 / BINS) -> float:
    """How many times more 1s the best-scored ``share`` of the rows has than all; ties at the border count in part.

    >>> top_lift(np.array([1.0, 0, 0, 0, 0, 0, 1, 0, 0, 0]), np.arange(10.0)[::-1])
    5.0
    """
    wanted = share * len(label)
    values, group = np.unique(-score, return_inverse=True)
    size, positive = np.bincount(group), np.bincount(group, weights=label)
    before = np.cumsum(size) - size
    part = np.clip((wanted - before) / size, 0, 1)
    return float((positive * part).sum() / wanted / label.mean())
