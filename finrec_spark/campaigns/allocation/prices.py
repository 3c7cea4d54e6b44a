"""Prices of a campaign's limits: the dual problem, minimised by projected Newton steps under a ridge that shrinks.

The dual value at prices y ≥ 0 is Σ over customers of the best that each can be offered at them, plus y · limits; it
bounds from above what any allocation reaches. A ridge term in the customers' choice makes it smooth (as in Basu,
Ghoting, Mazumder, Pan, "ECLIPSE: An Extreme-Scale Linear Program Solver for Web-Applications", 2020), so that it has a
curvature. Limits are brought to one scale by that curvature's diagonal.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, diags

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.choice import WHOLE, dual_sums, shares_of
from finrec_spark.campaigns.allocation.problem import BUDGET, FIRST_CHANNEL, Problem, reduced_value

_DAMPING = 0.01
_DAMPED_BY = 10.0


class Dual(NamedTuple):
    """The dual value in yuan and its gradient: limit less use of each row."""

    value: float
    gradient: Floats


class Trust(NamedTuple):
    """For each row, the least curvature that is believed, above 0, and the highest price that is tried."""

    least_curvature: Floats
    dearest: Floats


class Search(NamedTuple):
    """How long prices are sought: rounds, steps that a round tries at once, and the gain that is too small to go on.

    Of the steps each is shorter and more cautious than the one before; ``enough`` is a share of the dual value.
    """

    rounds: int
    steps: int
    enough: float


_IN_MEMORY = Search(rounds=29, steps=1, enough=1e-6)

Evaluate = Callable[[Sequence[Floats]], list[Dual]]
Curvature = Callable[[Floats], Floats]


def dual_of(sums: Ints, prices: Floats, problem: Problem) -> Dual:
    """The dual from the sums of ``dual_sums`` over all customers."""
    used = sums[1:] / WHOLE
    used[BUDGET] = sums[1 + BUDGET]
    gradient = (problem.signs * (problem.limits - used[problem.resources])).astype(np.float64)
    return Dual(float(sums[0]) * problem.unit + float(prices @ (problem.signs * problem.limits)), gradient)


def ridge_sums(block: Block, problem: Problem, tried: Sequence[Floats], ridge: float) -> Ints:
    """``dual_sums`` of a block at several prices, one after the other."""
    return np.concatenate([dual_sums(block, reduced_value(block, problem, prices), problem, ridge) for prices in tried])


def duals_of(sums: Ints, tried: Sequence[Floats], problem: Problem) -> list[Dual]:
    """The duals from the sums of ``ridge_sums`` over all customers."""
    parts = sums.reshape(len(tried), -1)
    return [dual_of(part, prices, problem) for part, prices in zip(parts, tried, strict=True)]


def local_dual(block: Block, problem: Problem, ridge: float) -> Evaluate:
    """The dual of customers that this process holds."""

    def evaluate(tried: Sequence[Floats]) -> list[Dual]:
        return duals_of(ridge_sums(block, problem, tried, ridge), tried, problem)

    return evaluate


def local_curvature(block: Block, problem: Problem, ridge: float) -> Curvature:
    """The dual's second derivatives, rows × rows: only candidates that are taken in part move with the prices."""

    def curvature(prices: Floats) -> Floats:
        taken = shares_of(block, reduced_value(block, problem, prices), problem.offers, ridge)
        partly = (taken.share > 0) & (taken.share < WHOLE)
        use = rows_used(block, taken.position[partly], problem)
        return _second_derivatives(use, taken.owner[partly], taken.full[partly]) / ridge

    return curvature


def rows_used(block: Block, position: Ints, problem: Problem) -> csr_matrix:
    """How much each candidate uses of each row's resource, with the row's sign."""
    vocabulary, n = problem.vocabulary, problem.vocabulary.n_resources
    count, branch = np.arange(len(position)), block.branch[position].astype(np.int64)
    in_branch = branch >= 0
    ones, cost = np.ones(len(position)), block.cost[position].astype(np.float64)
    entries = (
        (count, np.full(len(count), 0), ones),
        (count, np.full(len(count), BUDGET), cost),
        (count, FIRST_CHANNEL + block.channel[position].astype(np.int64), ones),
        (count[in_branch], vocabulary.first_branch + branch[in_branch], ones[in_branch]),
        (count, vocabulary.first_product + block.product[position].astype(np.int64), ones),
    )
    rows, columns, amounts = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    by_resource = csr_matrix((amounts, (rows, columns)), shape=(len(position), n)).tocsc()
    return (by_resource[:, problem.resources] @ diags(problem.signs.astype(np.float64))).tocsr()


def _second_derivatives(use: csr_matrix, owner: Ints, full: Bools) -> Floats:
    """Where a customer's offers are all used, what rises for all of its candidates alike moves none of them."""
    total: Floats = np.asarray((use.T @ use).todense())
    customers, group = np.unique(owner[full], return_inverse=True)
    if len(customers):
        member = csr_matrix((np.ones(len(group)), (group, np.flatnonzero(full))), shape=(len(customers), len(owner)))
        of_customer = member @ use
        inverse = diags(1.0 / np.bincount(group))
        total = total - np.asarray((of_customer.T @ inverse @ of_customer).todense())
    return total


def minimised(evaluate: Evaluate, curvature: Curvature, start: Floats, trust: Trust, search: Search) -> Floats:
    """The prices with the lowest dual value that were met."""
    prices, dual, damping = start, evaluate([start])[0], _DAMPING
    second = curvature(prices)
    for _ in range(search.rounds):
        steps = [
            newton_step(prices, dual.gradient, second, trust.least_curvature, damping * _DAMPED_BY**k)
            for k in range(search.steps)
        ]
        tried = [np.clip(prices + step, 0.0, trust.dearest) for step in steps]
        found = evaluate(tried)
        best = int(np.argmin([each.value for each in found]))
        if found[best].value >= dual.value:
            damping *= _DAMPED_BY**search.steps
            continue
        gained, prices, dual = dual.value - found[best].value, tried[best], found[best]
        if gained <= search.enough * abs(dual.value):
            break
        second, damping = curvature(prices), damping * _DAMPED_BY ** (best - 1)
    return prices


def newton_step(prices: Floats, gradient: Floats, curvature: Floats, least: Floats, damping: float) -> Floats:
    """Where the quadratic model is lowest among prices that stay at 0 or above, found by an active set.

    >>> newton_step(np.array([1.0, 1.0]), np.array([4.0, -2.0]), np.eye(2), np.full(2, 1e-9), 0.01).round(2)
    array([-1.  ,  1.98])
    """
    diagonal = np.maximum(np.diag(curvature), least)
    unit = 1 / np.sqrt(diagonal)
    scaled = curvature * unit[:, None] * unit[None, :]
    np.fill_diagonal(scaled, 1.0 + damping)
    step = np.zeros(len(prices))
    free = (prices > 0) | (gradient < 0)
    while free.any():
        held = gradient * unit + scaled[:, ~free] @ (step[~free] / unit[~free])
        step[free] = -np.linalg.solve(scaled[np.ix_(free, free)], held[free]) * unit[free]
        below = free & (prices + step < 0)
        if not below.any():
            break
        step[below] = -prices[below]
        free &= ~below
    return step


def prices_of(block: Block, problem: Problem, start: Floats, ridges: Sequence[float]) -> Floats:
    """Prices of customers that this process holds, found under one ridge after the other.

    Args:
        ridges: shares of the mean value, falling.
    """
    prices, trust = start, trust_of(block, problem)
    for share in ridges:
        ridge = share * problem.scale
        evaluate, curvature = local_dual(block, problem, ridge), local_curvature(block, problem, ridge)
        prices = minimised(evaluate, curvature, prices, trust, _IN_MEMORY)
    return prices


def trust_of(block: Block, problem: Problem, share: float = 1.0) -> Trust:
    """How far steps may go; the curvature is at least that of values spread over a thousand times their mean size.

    Args:
        share: share of the campaign's customers that are in the block.
    """
    use = rows_used(block, np.arange(len(block.product)), problem)
    spread = np.asarray(use.multiply(use).sum(axis=0)).ravel()
    return Trust(np.maximum(spread, 1.0) / (1000 * problem.scale * share), problem.dearest)
