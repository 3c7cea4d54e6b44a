"""What was decided: the cut's offers, what HiGHS gave the open customers, and the sums that the report is made of."""

from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Ints
from finrec_spark.campaigns.allocation.block import MICROS, Block
from finrec_spark.campaigns.allocation.candidates import Kept
from finrec_spark.campaigns.allocation.problem import BUDGET, CONTACTS, Problem, Row, usage_of, weighted_value
from finrec_spark.campaigns.allocation.report import LimitUse
from finrec_spark.campaigns.allocation.rounding import Cut, settled
from finrec_spark.errors import FinrecError

OfferKey = tuple[str, int, int]
"""Customer ID, and the positions of product and channel."""


@dataclass(frozen=True)
class Decision:
    """Which candidates are chosen; ``open_offers`` are those of the open customers."""

    problem: Problem
    cut: Cut
    open_offers: frozenset[OfferKey]

    def chosen(self, block: Block) -> Ints:
        """Positions of the chosen candidates of a block, in order."""
        found = settled(block, self.problem, self.cut)
        candidates = np.flatnonzero(found.open[block.owner])
        given = [key in self.open_offers for key in offer_keys(block, candidates)]
        return np.sort(np.concatenate([found.chosen, candidates[np.array(given, dtype=bool)]]))


@dataclass(frozen=True)
class Reached:
    """What chosen candidates bring and use: yuan, weighted yuan, and whole amounts of each resource."""

    value_yuan: float
    objective_yuan: float
    used: Ints

    @property
    def offers(self) -> int:
        """How many candidates are chosen."""
        return int(self.used[CONTACTS])

    @property
    def cost_yuan(self) -> float:
        """What they cost."""
        return float(self.used[BUDGET]) / MICROS


def offer_keys(block: Block, positions: Ints) -> list[OfferKey]:
    """The keys of some candidates."""
    customers = block.customers[block.owner[positions]].tolist()
    return list(zip(customers, block.product[positions].tolist(), block.channel[positions].tolist(), strict=True))


def chosen_sums(block: Block, chosen: Ints, problem: Problem) -> Ints:
    """What chosen candidates bring and use, 2 + R whole numbers: value, weighted value, each resource."""
    values = (block.value[chosen], weighted_value(block, problem.weights)[chosen])
    brought = [np.rint(value / problem.unit).astype(np.int64).sum() for value in values]
    return np.concatenate([brought, usage_of(block, chosen, problem)])


def settled_part(block: Block, problem: Problem, cut: Cut) -> Kept:
    """``chosen_sums`` of a block's settled customers, and its open customers."""
    found = settled(block, problem, cut)
    return Kept(chosen_sums(block, found.chosen, problem), block.of_customers(found.open))


def reached(sums: Ints, problem: Problem) -> Reached:
    """The sums of all customers as figures.

    Raises:
        FinrecError: a limit is not kept; nothing may be made of such an allocation.
    """
    used = sums[2:]
    broken = [row.name for row in problem.rows if row.sign * (used[row.resource] - row.limit) > 0]
    if broken:
        raise FinrecError(f"the allocation does not keep its limits: {', '.join(broken)}: please report this fault")
    return Reached(float(sums[0]) * problem.unit, float(sums[1]) * problem.unit, used)


def limit_use(row: Row, used: Ints, price: float) -> LimitUse:
    """One limit as the report shows it."""
    units = row.units
    used_units = float(used[row.resource])
    return LimitUse(row.name, row.kind, row.limit / units, used_units / units, float(price) * units)
