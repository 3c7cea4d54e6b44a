"""From prices to an allocation that keeps every limit: settled customers, trimmed offers and close calls.

At good prices nearly every customer's best offers are right, and the use of each limit is nearly right. An offer's
*regret* is what its customer would lose by going without it. Where a limit is exceeded, the offers with the least
regret are dropped until it is kept. The customers with the closest calls are left open: what the others leave of each
limit is shared out among them exactly, by HiGHS. Regrets are counted in bins, so that one pass finds every threshold.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.choice import chosen_offers, dual_sums, first_of_best
from finrec_spark.campaigns.allocation.problem import (
    BUDGET,
    CONTACTS,
    FIRST_CHANNEL,
    Problem,
    reduced_value,
)

BINS = 512
_BINS_AN_OCTAVE = 16
_LOWEST_OCTAVE = -24
_SPARE = 10


class Choices(NamedTuple):
    """Each customer's best offers at the prices, and how near each was to another answer.

    Attributes:
        chosen: positions of candidates.
        regret: bin of what the customer loses without each of them.
        margin: bin of how near the customer is to another answer, one a customer.
        entering: positions of the best candidate of each product that the customer is not offered.
        entry: bin of what the customer loses if it takes each of them in place of another offer.
    """

    chosen: Ints
    regret: Ints
    margin: Ints
    entering: Ints
    entry: Ints


@dataclass(frozen=True)
class Cut:
    """Where the line is drawn at given prices, all in bins.

    Attributes:
        drop: for each resource, offers of a smaller regret are dropped.
        needed: whether so many may be dropped that a resource's minimum is missed: the customers of such offers are
            left open instead.
        enter: for each resource, customers that could take a product of it at a smaller loss are open.
        open: customers of a smaller margin are open.
    """

    prices: Floats
    drop: Ints
    needed: Bools
    enter: Ints
    open: int


def bins_of(loss: Floats, scale: float) -> Ints:
    """0 … BINS - 1 on a logarithmic scale.

    >>> bins_of(np.array([0.0, 1e-9, 1.0, 2.0, 1e9]), 1.0)
    array([  0,   0, 384, 400, 511])
    """
    with np.errstate(divide="ignore"):
        octave = np.log2(np.maximum(loss, 0.0) / scale)
    bins: Ints = np.clip((octave - _LOWEST_OCTAVE) * _BINS_AN_OCTAVE, 0, BINS - 1).astype(np.int64)
    return bins


def choices_of(block: Block, problem: Problem, reduced: Floats) -> Choices:
    """What the customers of a block are offered at the prices behind ``reduced``."""
    chosen = chosen_offers(block, reduced, problem.offers)
    owner, n = block.owner[chosen], len(block.sizes)
    entering, other_channel = _alternatives(block, reduced, chosen)
    other_product = _largest(block.owner[entering], reduced[entering], n)
    regret = reduced[chosen] - np.maximum(np.maximum(other_product[owner], other_channel), 0.0)
    full = np.bincount(owner, minlength=n) >= problem.offers
    margin = np.minimum(-_largest(owner, -regret, n), np.where(full, np.inf, -other_product))
    worst = -_largest(owner, -reduced[chosen], n)
    entry = np.where(full, worst, 0.0)[block.owner[entering]] - reduced[entering]
    regret_bin, margin_bin, entry_bin = (bins_of(loss, problem.scale) for loss in (regret, margin, entry))
    return Choices(chosen, regret_bin, margin_bin, entering, entry_bin)


def _alternatives(block: Block, reduced: Floats, chosen: Ints) -> tuple[Ints, Floats]:
    """The best candidate of each product that its customer is not offered, and the next best value of each that is."""
    new = (np.diff(block.owner, prepend=-1) != 0) | (np.diff(block.product, prepend=-1) != 0)
    starts, pair = np.flatnonzero(new), (np.cumsum(new) - 1)[chosen]
    best = first_of_best(reduced, starts)
    rest = reduced.copy()
    rest[chosen] = -np.inf
    return np.delete(best, pair), np.maximum.reduceat(rest, starts)[pair]


def _largest(owner: Ints, values: Floats, n: int) -> Floats:
    """The largest value of each of ``n`` customers, who are in order; minus infinity for those who have none."""
    largest = np.full(n, -np.inf)
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    if len(starts):
        largest[owner[starts]] = np.maximum.reduceat(values, starts)
    return largest


def resources_of(block: Block, positions: Ints, problem: Problem) -> Ints:
    """The resources that candidates use, 5 × n; R stands for the branch of none."""
    vocabulary, n = problem.vocabulary, problem.vocabulary.n_resources
    branch = block.branch[positions].astype(np.int64)
    return np.stack(
        [
            np.full(len(positions), CONTACTS),
            np.full(len(positions), BUDGET),
            FIRST_CHANNEL + block.channel[positions].astype(np.int64),
            np.where(branch < 0, n, vocabulary.first_branch + branch),
            vocabulary.first_product + block.product[positions].astype(np.int64),
        ]
    )


def closeness_sums(block: Block, problem: Problem, prices: Floats) -> Ints:
    """The dual sums (1 + R) at these prices, then what is counted by bin: 2 R + 1 rows of BINS.

    They are the use of each resource by offers of that regret, then the customers that could enter each resource's
    product at that loss, then the candidates of customers of that margin.
    """
    reduced, n = reduced_value(block, problem, prices), problem.vocabulary.n_resources
    found = choices_of(block, problem, reduced)
    used, entries = np.zeros((n + 1) * BINS, np.int64), np.zeros((n + 1) * BINS, np.int64)
    for resource, row in enumerate(resources_of(block, found.chosen, problem)):
        amount = block.cost[found.chosen] if resource == BUDGET else np.ones(len(row), np.int64)
        np.add.at(used, row * BINS + found.regret, amount)
    product = resources_of(block, found.entering, problem)[-1]
    np.add.at(entries, product * BINS + found.entry, 1)
    open_candidates = np.zeros(BINS, np.int64)
    np.add.at(open_candidates, found.margin, block.sizes)
    return np.concatenate(
        [dual_sums(block, reduced, problem, 0.0), used[: n * BINS], entries[: n * BINS], open_candidates]
    )


def cut_of(sums: Ints, problem: Problem, prices: Floats, core_candidates: int) -> Cut:
    """The thresholds that make every maximum kept, from the sums of all customers."""
    n = problem.vocabulary.n_resources
    table = sums[1 + n :].reshape(2 * n + 1, BINS)
    drop, enter = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for row in problem.rows:
        used, entries = table[row.resource], table[n + row.resource]
        if row.sign > 0:
            drop[row.resource] = bins_holding(used, used.sum() - row.limit)
        else:
            enter[row.resource] = bins_holding(entries, _SPARE * (row.limit - used.sum()))
    needed = np.zeros(n + 1, bool)
    for row in problem.rows:
        needed[row.resource] |= row.sign < 0 and table[row.resource, drop.max() :].sum() < row.limit
    return Cut(prices, drop, needed, enter, int(np.searchsorted(np.cumsum(table[-1]), core_candidates, side="right")))


def bins_holding(amounts: Ints, needed: int) -> int:
    """How many of the lowest bins hold at least so much together; all of them if they hold less.

    >>> [bins_holding(np.array([3, 0, 4]), needed) for needed in (-1, 0, 1, 3, 4, 9)]
    [0, 0, 1, 1, 3, 3]
    """
    return 0 if needed <= 0 else min(int(np.searchsorted(np.cumsum(amounts), needed)) + 1, len(amounts))


class Settled(NamedTuple):
    """The offers of customers that are not open, and which customers are."""

    chosen: Ints
    open: Bools


def settled(block: Block, problem: Problem, cut: Cut) -> Settled:
    """What the cut decides of a block."""
    found = choices_of(block, problem, reduced_value(block, problem, cut.prices))
    is_open = found.margin < cut.open
    enters = found.entry < cut.enter[resources_of(block, found.entering, problem)].max(axis=0)
    is_open[block.owner[found.entering[enters]]] = True
    resources = resources_of(block, found.chosen, problem)
    dropped = found.regret < cut.drop[resources].max(axis=0)
    is_open[block.owner[found.chosen[dropped & cut.needed[resources[-1]]]]] = True
    return Settled(found.chosen[~dropped & ~is_open[block.owner[found.chosen]]], is_open)
