"""Randomised customers → what a policy would have brought each of them, had it decided and not chance.

A customer with whom chance did what the policy would have done counts 1 ÷ the probability of that; the others do not
count (inverse probability weighting, normalised as Hájek 1971; Horvitz, Thompson 1952):

    V = Σ πᵢ wᵢ yᵢ ÷ Σ πᵢ wᵢ        variance = Σ (πᵢ wᵢ (yᵢ − V))² ÷ (Σ πᵢ wᵢ)²

π is the policy's own probability of what happened: 0 or 1, but for the customers of one score that the last contacts
do not suffice for. The difference of two policies has a variance of its own, as both rest on the same customers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Bools, Floats

W, WY, WW, WWY, WWYY = range(5)
"""Places of Σw, Σwy, Σw², Σw²y and Σw²y² in the last axis of ``PolicyCells.sums``."""


@dataclass(frozen=True)
class PolicyCells:
    """Customers added up by the score of the offer that a policy would make them, and by what chance did with them.

    Attributes:
        score: of that offer, C.
        customers: C.
        followed: whether chance made that very offer, C.
        standard: whether chance made the offer that is best on average, which the references make, C.
        control: whether chance made none, C.
        sums: C × 5, over w = 1 ÷ the probability of what chance did and y = the outcome.
    """

    score: Floats
    customers: Floats
    followed: Bools
    standard: Bools
    control: Bools
    sums: Floats


class Estimate(NamedTuple):
    """Mean outcome of a customer, and its sampling variance."""

    value: float
    variance: float


def of_policy(cells: PolicyCells, share: float) -> Floats:
    """The policy's probability of what chance did, C: it contacts this share of the customers, the highest scores."""
    return _probability(cells.followed, cells.control, contact_probability(cells.score, cells.customers, share))


def of_chance(cells: PolicyCells, share: float) -> Floats:
    """Likewise of contacting as many by chance, with the offer that is best on average; all of them where it is 1."""
    return _probability(cells.standard, cells.control, np.full(len(cells.score), share))


def contact_probability(score: Floats, customers: Floats, share: float) -> Floats:
    """How likely customers of each score are contacted, C: the highest are, until the share is used up.

    >>> contact_probability(np.array([0.1, 0.3, 0.2, 0.3]), np.array([4.0, 1, 4, 1]), share=0.4)
    array([0. , 1. , 0.5, 1. ])
    """
    _, group = np.unique(-score, return_inverse=True)
    of_score = np.bincount(group, weights=customers)
    left = share * customers.sum() - (np.cumsum(of_score) - of_score)
    return np.asarray(np.clip(left / of_score, 0.0, 1.0))[group]


def policy_value(cells: PolicyCells, followed: Floats) -> Estimate:
    """Mean outcome under the policy; NaN where chance never did what it would have done.

    Args:
        cells: the customers.
        followed: the policy's probability of what chance did, C.
    """
    share, value = _normalised(cells, followed)
    return Estimate(value, _square_sum(cells, share, share * value))


def policy_gain(cells: PolicyCells, followed: Floats, reference: Floats) -> Estimate:
    """Mean outcome under one policy minus that under another, on the same customers."""
    (one, value), (other, other_value) = (_normalised(cells, policy) for policy in (followed, reference))
    return Estimate(value - other_value, _square_sum(cells, one - other, one * value - other * other_value))


def _probability(made: Bools, control: Bools, contact: Floats) -> Floats:
    return np.where(control, 1 - contact, np.where(made, contact, 0.0))


def _normalised(cells: PolicyCells, followed: Floats) -> tuple[Floats, float]:
    """π ÷ Σπw, and the value."""
    weight = followed @ cells.sums[:, W]
    share = followed / weight if weight > 0 else np.full(len(followed), np.nan)
    return share, float(share @ cells.sums[:, WY])


def _square_sum(cells: PolicyCells, slope: Floats, offset: Floats) -> float:
    """Σ w² (slope · y − offset)²."""
    sums = cells.sums
    return float((slope**2 * sums[:, WWYY] - 2 * slope * offset * sums[:, WWY] + offset**2 * sums[:, WW]).sum())
