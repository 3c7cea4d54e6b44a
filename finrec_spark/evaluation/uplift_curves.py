"""Randomised trials by score → Qini and AUUC, as scikit-uplift's ``qini_auc_score`` and ``uplift_auc_score``.

Going down the scores, with n₁ contacted and y₁ takers among them, n₀ controls and y₀ takers so far:

    Qini curve      y₁ − y₀ n₁ ÷ n₀
    uplift curve    (y₁ ÷ n₁ − y₀ ÷ n₀) (n₁ + n₀)

over n₁ + n₀, a ratio without any rows counting 0; trials of one score come in one step. A score is the area between the
curve and the straight line to the perfect curve's end, as a share of the same area of the perfect curve: 1 is perfect,
0 is chance, and less than 0 is worse than chance.

Radcliffe, "Using control groups to target on predicted lift", 2007; Devriendt, Guns, Verbeke, "Learning to rank for
uplift modeling", 2020.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Bools, Floats

_ROUNDING = 1e-12


class Group(NamedTuple):
    """One line of ``RankedTrials``."""

    contacted: float = 0.0
    contacted_taken: float = 0.0
    control: float = 0.0
    control_taken: float = 0.0


@dataclass(frozen=True)
class RankedTrials:
    """Trials added up by score, the highest first.

    Attributes:
        contacted: contacted trials of each score, S.
        contacted_taken: those of them in which the product was taken, S.
        control: trials without contact, S.
        control_taken: likewise, S.
    """

    contacted: Floats
    contacted_taken: Floats
    control: Floats
    control_taken: Floats


Curve = Callable[[RankedTrials], Floats]
"""From the sums so far, at every score, to the curve's height there."""


def ranked_trials(score: Floats, contacted: Bools, taken: Floats) -> RankedTrials:
    """The sums of single trials.

    >>> ranked_trials(np.array([0.2, 0.7, 0.7]), np.array([True, True, False]), np.array([0.0, 1.0, 0.0]))
    RankedTrials(contacted=array([1., 1.]), contacted_taken=array([1., 0.]), control=array([1., 0.]), \
control_taken=array([0., 0.]))
    """
    _, group = np.unique(-score, return_inverse=True)
    sums = (contacted, contacted * taken, ~contacted, ~contacted * taken)
    return RankedTrials(*(np.bincount(group, weights=values).astype(np.float64) for values in sums))


def qini(of: RankedTrials) -> float:
    """The Qini coefficient; NaN where no order of the trials differs from chance."""
    return _relative_area(of, _best_for_qini(of), _qini_curve)


def auuc(of: RankedTrials) -> float:
    """The area under the uplift curve, as a share of the perfect one; NaN likewise."""
    return _relative_area(of, _best_for_auuc(of), _uplift_curve)


def qini_points(of: RankedTrials, percents: Sequence[int]) -> Floats:
    """The Qini curve where so many percent of the trials are contacted, highest scores first; in takers a trial.

    Between two scores it is the straight line that the area is taken under.

    >>> trials = RankedTrials(*np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]))
    >>> qini_points(trials, (25, 50, 100)).tolist()
    [0.125, 0.25, 0.25]
    """
    x, y = _from_nothing(of, _qini_curve)
    points: Floats = np.interp(np.asarray(percents) / 100 * x[-1], x, y) / x[-1]
    return points


def _relative_area(of: RankedTrials, best: RankedTrials, curve: Curve) -> float:
    x, y = _from_nothing(of, curve)
    x_best, y_best = _from_nothing(best, curve)
    by_chance = x_best[-1] * y_best[-1] / 2
    reachable = np.trapz(y_best, x_best) - by_chance
    if abs(reachable) <= _ROUNDING * x_best[-1] ** 2:
        return float("nan")
    return float((np.trapz(y, x) - by_chance) / reachable)


def _from_nothing(of: RankedTrials, curve: Curve) -> tuple[Floats, Floats]:
    """The curve's points over the trials so far, from (0, 0) on."""
    sums = (of.contacted, of.contacted_taken, of.control, of.control_taken)
    so_far = RankedTrials(*(np.cumsum(trials, dtype=np.float64) for trials in sums))
    return np.r_[0.0, so_far.contacted + so_far.control], np.r_[0.0, curve(so_far)]


def _qini_curve(so_far: RankedTrials) -> Floats:
    return so_far.contacted_taken - so_far.control_taken * _ratio(so_far.contacted, so_far.control)


def _uplift_curve(so_far: RankedTrials) -> Floats:
    contacted = _ratio(so_far.contacted_taken, so_far.contacted)
    control = _ratio(so_far.control_taken, so_far.control)
    return (contacted - control) * (so_far.contacted + so_far.control)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def _best_for_qini(of: RankedTrials) -> RankedTrials:
    """Contacted takers first, then all who did not take it, controls who took it last."""
    takers, others, control_takers, control_others = _outcomes(of)
    return _in_order((takers,), (others, control_others), (control_takers,))


def _best_for_auuc(of: RankedTrials) -> RankedTrials:
    """Contacted takers, then controls who did not take it; of the two rests the larger one first, as scikit-uplift."""
    takers, others, control_takers, control_others = _outcomes(of)
    first, second = (control_takers, others) if control_takers.control > others.contacted else (others, control_takers)
    return _in_order((takers,), (control_others,), (first,), (second,))


def _outcomes(of: RankedTrials) -> Sequence[Group]:
    """All trials in four groups, contacted takers, others, controls who took it, others."""
    contacted, taken = float(of.contacted.sum()), float(of.contacted_taken.sum())
    control, control_taken = float(of.control.sum()), float(of.control_taken.sum())
    return (
        Group(contacted=taken, contacted_taken=taken),
        Group(contacted=contacted - taken),
        Group(control=control_taken, control_taken=control_taken),
        Group(control=control - control_taken),
    )


def _in_order(*steps: tuple[Group, ...]) -> RankedTrials:
    """The groups one step after the other; those of one step at once."""
    return RankedTrials(*np.array([np.sum(groups, axis=0) for groups in steps]).T)
