"""What each customer is offered at given prices: the best few products, and shares of them under a ridge term."""

from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.problem import Problem, usage_of

WHOLE = 2**16  # shares are whole numbers of 1/WHOLE
_HALVINGS = 16  # as many bits as a share has


class Shares(NamedTuple):
    """What is taken of some candidates: positions, customers, whole 2^-16 of each, and whose offers are all used."""

    position: Ints
    owner: Ints
    share: Ints
    full: Bools


def product_best(block: Block, reduced: Floats, considered: Ints) -> Ints:
    """Of the candidates considered, in order, the best of each customer and product; the first of equal ones."""
    owner, product = block.owner[considered], block.product[considered]
    new = (np.diff(owner, prepend=-1) != 0) | (np.diff(product, prepend=-1) != 0)
    if new.all():
        return considered
    return considered[first_of_best(reduced[considered], np.flatnonzero(new))]


def first_of_best(values: Floats, starts: Ints) -> Ints:
    """Position of the largest value of each stretch; the first of equal ones.

    >>> first_of_best(np.array([1.0, 3.0, 3.0, 2.0]), np.array([0, 3]))
    array([1, 3])
    """
    if not len(starts):
        return starts
    best = np.maximum.reduceat(values, starts)
    sizes = np.diff(np.append(starts, len(values)))
    equal: Ints = np.flatnonzero(values == np.repeat(best, sizes))
    stretch = np.searchsorted(starts, equal, side="right")
    first: Ints = equal[np.diff(stretch, prepend=-1) != 0]
    return first


def best_offers(owner: Ints, reduced: Floats, n: int) -> list[Ints]:
    """The best, second best … ``n``th best of each customer, as positions in ``owner``; shorter where there are fewer.

    Args:
        owner: customers in order.
        reduced: one a candidate, no two of one product.
    """
    left = np.arange(len(owner))
    ranks = []
    for _ in range(n):
        starts = np.flatnonzero(np.diff(owner[left], prepend=-1))
        if not len(starts):
            break
        best = first_of_best(reduced[left], starts)
        ranks.append(left[best])
        left = np.delete(left, best)
    return ranks


def chosen_offers(block: Block, reduced: Floats, n: int) -> Ints:
    """Positions of each customer's best ``n`` products with a positive reduced value, in order."""
    worth = product_best(block, reduced, np.flatnonzero(reduced > 0))
    ranks = best_offers(block.owner[worth], reduced[worth], n)
    return worth[np.sort(np.concatenate(ranks))] if ranks else worth[:0]


def shares_of(block: Block, reduced: Floats, n: int, ridge: float) -> Shares:
    """The x in [0, 1] that maximise Σ (reduced · x - ridge / 2 · x²) with Σ x ≤ n a customer, the best of each product.

    They are clip((reduced - threshold) / ridge, 0, 1), where the customer's threshold is 0 or makes the sum n, found
    by halving. Without a ridge they are the best ``n`` products.
    """
    if ridge == 0:
        chosen = chosen_offers(block, reduced, n)
        whole = np.full(len(chosen), WHOLE)
        return Shares(chosen, block.owner[chosen], whole, np.zeros(len(chosen), bool))
    worth = product_best(block, reduced, np.flatnonzero(reduced > 0))
    owner, value = block.owner[worth], reduced[worth]
    last = np.zeros(len(block.sizes))
    ranks = best_offers(owner, value, n)
    if len(ranks) == n:
        last[owner[ranks[-1]]] = value[ranks[-1]]
    near = np.flatnonzero(value > last[owner] - ridge)
    return _balanced(worth[near], owner[near], value[near], last, n, ridge)


def _balanced(position: Ints, owner: Ints, value: Floats, last: Floats, n: int, ridge: float) -> Shares:
    """Raise each customer's threshold until the shares add up to at most ``n``."""
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    sizes = np.diff(np.append(starts, len(owner)))
    low = np.maximum(last[owner[starts]] - ridge, 0.0)
    high = np.maximum(last[owner[starts]], 0.0)

    def shares(threshold: Floats) -> Ints:
        lifted = (value - np.repeat(threshold, sizes)) * (WHOLE / ridge)
        return np.rint(np.clip(lifted, 0, WHOLE)).astype(np.int64)

    def too_many(threshold: Floats) -> Bools:
        return np.add.reduceat(shares(threshold), starts) > n * WHOLE if len(starts) else np.zeros(0, bool)

    full = too_many(low)
    high = np.where(full, high, low)
    for _ in range(_HALVINGS if full.any() else 0):
        middle = (low + high) / 2
        above = too_many(middle)
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return Shares(position, owner, shares(high), np.repeat(full, sizes))


def dual_sums(block: Block, reduced: Floats, problem: Problem, ridge: float) -> Ints:
    """The block's part of the dual value and of the use of each resource, 1 + R whole numbers.

    The first counts units of the problem, rounded up, the others are those of ``usage_of``.
    """
    taken = shares_of(block, reduced, problem.offers, ridge)
    x = taken.share / WHOLE
    value = reduced[taken.position] * x - ridge / 2 * x * x
    units = np.ceil(value / problem.unit).astype(np.int64).sum()
    return np.append(units, usage_of(block, taken.position, problem, taken.share))
