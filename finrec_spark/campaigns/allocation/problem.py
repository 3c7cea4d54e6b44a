"""A campaign's limits as rows of a linear program, and the prices that stand for them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Floats, Ints
from finrec_spark.campaigns.allocation.block import MICROS, Block
from finrec_spark.campaigns.allocation.params import AllocationParams, Lever
from finrec_spark.campaigns.allocation.report import LimitPrice
from finrec_spark.sampling import pair_draws

CONTACTS, BUDGET, FIRST_CHANNEL = 0, 1, 2  # positions among the resources; then channels, branches, products
DEAREST = 64  # times the largest value: no minimum is priced above, so that no sum overflows where none can be met
_NOISE = 1e-4  # of the mean value: what equal values are told apart by


@dataclass(frozen=True)
class Vocabulary:
    """The names that candidates carry as positions, each kind in order."""

    products: tuple[str, ...]
    channels: tuple[str, ...]
    branches: tuple[str, ...]
    segments: tuple[str, ...]

    @property
    def first_branch(self) -> int:
        """Position of the first branch among the resources."""
        return FIRST_CHANNEL + len(self.channels)

    @property
    def first_product(self) -> int:
        """Position of the first product among the resources."""
        return self.first_branch + len(self.branches)

    @property
    def n_resources(self) -> int:
        """Contacts, the budget, and one for every channel, branch and product."""
        return self.first_product + len(self.products)


class Row(NamedTuple):
    """One limit: ``sign`` · use of the resource ≤ ``sign`` · ``limit``; a minimum has the sign -1."""

    name: str
    resource: int
    sign: int
    limit: int

    @property
    def kind(self) -> str:
        """In the report's words."""
        return "maximum" if self.sign > 0 else "minimum"

    @property
    def units(self) -> int:
        """How many of the limit's units are what the report counts: offers, or yuan."""
        return MICROS if self.resource == BUDGET else 1


@dataclass(frozen=True)
class Weights:
    """Factors on the value by position; the last of ``branch`` and of ``segment`` is for null, the position -1."""

    product: Floats
    channel: Floats
    branch: Floats
    segment: Floats

    @property
    def largest(self) -> float:
        """No candidate's factor is larger."""
        return float(np.prod([factors.max() for factors in (self.product, self.channel, self.branch, self.segment)]))


@dataclass(frozen=True)
class Problem:
    """What every pass over the candidates knows of the campaign.

    Attributes:
        offers: offers a customer at most.
        unit: yuan that sums of values are whole numbers of, so that any order of the rows gives the same sum.
        scale: mean size of a weighted value in yuan.
        largest: no weighted value is larger, in yuan.
    """

    vocabulary: Vocabulary
    rows: tuple[Row, ...]
    weights: Weights
    offers: int
    seed: int
    unit: float
    scale: float
    largest: float

    @property
    def resources(self) -> Ints:
        """Resource of each row."""
        return np.array([row.resource for row in self.rows], dtype=np.int64)

    @property
    def signs(self) -> Ints:
        """1 for a maximum, -1 for a minimum."""
        return np.array([row.sign for row in self.rows], dtype=np.int64)

    @property
    def limits(self) -> Ints:
        """Limit of each row: offers, or millionths of a yuan for the budget."""
        return np.array([row.limit for row in self.rows], dtype=np.int64)

    @property
    def dearest(self) -> Floats:
        """The highest price that is tried of each row."""
        return np.where(self.signs < 0, DEAREST * self.largest, np.inf)

    def of_share(self, share: float) -> "Problem":
        """The same campaign for a share of the customers."""
        return replace(self, rows=tuple(row._replace(limit=round(row.limit * share)) for row in self.rows))

    def prices_from(self, known: Iterable[LimitPrice]) -> Floats:
        """Prices of the rows from those of a report; 0 where it has none."""
        prices = {(name, kind): price for name, kind, price in known}
        return np.array([prices.get((row.name, row.kind), 0.0) / row.units for row in self.rows])

    def with_weights(self, weights: Weights) -> "Problem":
        """The same campaign under other levers."""
        return replace(self, weights=weights)


def rows_of(params: AllocationParams, vocabulary: Vocabulary) -> tuple[Row, ...]:
    """The limits in a fixed order; those on names that no candidate carries cannot be exceeded and are left out."""
    return tuple(_rows(params, vocabulary))


def _rows(params: AllocationParams, vocabulary: Vocabulary) -> Iterator[Row]:
    if params.contacts is not None:
        yield Row("contacts", CONTACTS, 1, params.contacts)
    if params.budget_yuan is not None:
        yield Row("budget", BUDGET, 1, int(params.budget_yuan * MICROS + 0.5))
    kinds = (
        ("channel", FIRST_CHANNEL, vocabulary.channels, 1, params.by_channel),
        ("branch", vocabulary.first_branch, vocabulary.branches, 1, params.by_branch),
        ("product", vocabulary.first_product, vocabulary.products, 1, params.product_maximum),
        ("product", vocabulary.first_product, vocabulary.products, -1, params.product_minimum),
    )
    for kind, first, names, sign, limits in kinds:
        for position, name in enumerate(names):
            if name in limits:
                yield Row(f"{kind} {name}", first + position, sign, limits[name])


def weights_of(levers: tuple[Lever, ...], vocabulary: Vocabulary) -> Weights:
    """The product of all levers that meet a candidate, split by column."""

    def factors(column: str, names: tuple[str, ...]) -> Floats:
        of_column: Mapping[str, list[float]] = {
            name: [lever.weight for lever in levers if (lever.column, lever.name) == (column, name)] for name in names
        }
        return np.array([*(float(np.prod(of_column[name])) for name in names), 1.0])

    return Weights(
        factors("product_id", vocabulary.products),
        factors("channel", vocabulary.channels),
        factors("branch", vocabulary.branches),
        factors("segment", vocabulary.segments),
    )


def weighted_value(block: Block, weights: Weights) -> Floats:
    """What an allocation maximises: yuan times levers, one a candidate."""
    value = block.value
    for factors, position in (
        (weights.product, block.product),
        (weights.channel, block.channel),
        (weights.branch, block.branch),
        (weights.segment, block.segment),
    ):
        if (factors != 1.0).any():
            value = value * factors[position]
    return value


def reduced_value(block: Block, problem: Problem, prices: Floats) -> Floats:
    """Weighted value of each candidate less the prices of what it uses, in yuan.

    A draw of at most 1e-4 of the mean value tells equal ones apart. It is never negative, so the dual value that is
    made of these bounds what can be reached without the draws as well.

    Args:
        prices: one a row of the problem, never negative.
    """
    vocabulary = problem.vocabulary
    by_resource = np.bincount(problem.resources, problem.signs * prices, vocabulary.n_resources)
    by_product = by_resource[vocabulary.first_product :] + by_resource[CONTACTS]
    by_channel = by_resource[FIRST_CHANNEL : vocabulary.first_branch]
    by_branch = np.append(by_resource[vocabulary.first_branch : vocabulary.first_product], 0.0)
    reduced = weighted_value(block, problem.weights) + _NOISE * problem.scale * tie_draws(block, problem)
    reduced -= by_product[block.product]
    for by_position, position in ((by_channel, block.channel), (by_branch, block.branch)):
        if by_position.any():
            reduced -= by_position[position]
    if by_resource[BUDGET]:
        reduced -= by_resource[BUDGET] * block.cost
    return reduced


def tie_draws(block: Block, problem: Problem) -> Floats:
    """Numbers in [0, 1) that depend on seed, customer, product and channel alone."""
    pair = block.channel.astype(np.int64) * len(problem.vocabulary.products) + block.product
    return pair_draws(np.repeat(block.keys, block.sizes), pair[:, None], problem.seed)[:, 0]


def usage_of(block: Block, chosen: Ints, problem: Problem, shares: Ints | None = None) -> Ints:
    """How much of each resource the chosen candidates use.

    Args:
        chosen: positions of candidates.
        shares: how much of each is taken, in whole 2^-16; none for all of it.

    Returns:
        Whole 2^-16 offers, but whole millionths of a yuan for the budget; whole offers without ``shares``.
    """
    vocabulary, n = problem.vocabulary, problem.vocabulary.n_resources
    amounts = np.ones(len(chosen), np.int64) if shares is None else shares
    used = np.zeros(n + 1, np.int64)  # the last is the branch of none
    branch = block.branch[chosen].astype(np.int64)
    for positions in (
        FIRST_CHANNEL + block.channel[chosen].astype(np.int64),
        np.where(branch < 0, n, vocabulary.first_branch + branch),
        vocabulary.first_product + block.product[chosen].astype(np.int64),
    ):
        used += np.bincount(positions, amounts, n + 1).astype(np.int64)  # below 2^53, so exact
    used[CONTACTS] = amounts.sum()
    cost = block.cost[chosen]
    used[BUDGET] = cost.sum() if shares is None else ((cost * shares) >> 16).sum()
    return used[:n]
