"""What an allocation reached, what it used, and what its levers cost."""

from dataclasses import dataclass
from typing import NamedTuple


class LimitPrice(NamedTuple):
    """What a limit's price was, by the names of ``LimitUse``."""

    name: str
    kind: str
    price_yuan: float


@dataclass(frozen=True)
class LimitUse:
    """One limit.

    Attributes:
        name: ``contacts``, ``budget``, ``channel …``, ``branch …`` or ``product …``.
        kind: ``maximum`` or ``minimum``.
        limit: offers, or yuan for the budget; likewise ``used``.
        price_yuan: weighted yuan that one more offer, or one more yuan of the budget, is worth; of a minimum, what one
            offer fewer is worth.
    """

    name: str
    kind: str
    limit: float
    used: float
    price_yuan: float


@dataclass(frozen=True)
class LeverCost:
    """Expected yuan that the campaign would bring without the lever and does not bring with it."""

    lever: str
    cost_yuan: float


@dataclass(frozen=True)
class AllocationReport:
    """An allocation in numbers.

    Attributes:
        offers: chosen candidates.
        value_yuan: expected yuan of the offers, without levers.
        cost_yuan: what the offers cost.
        objective_yuan: expected yuan times levers, which is what was maximised.
        bound_yuan: what no allocation within the limits exceeds, in the same yuan.
        limits: every limit.
        levers: every lever; estimated on ``sampled_share`` of the customers.
        unmatched: names in the parameters that no candidate carries.
        passes: how often all candidates were read.
        method: ``prices`` or ``exact``.
    """

    offers: int
    value_yuan: float
    cost_yuan: float
    objective_yuan: float
    bound_yuan: float
    limits: tuple[LimitUse, ...]
    levers: tuple[LeverCost, ...]
    sampled_share: float
    unmatched: tuple[str, ...]
    passes: int
    method: str

    @property
    def gap(self) -> float:
        """Share of the bound that may be missing: (bound - objective) / bound; 0 where the bound is 0."""
        missing = max(self.bound_yuan - self.objective_yuan, 0.0)
        return missing / abs(self.bound_yuan) if self.bound_yuan else 0.0

    @property
    def prices(self) -> tuple[LimitPrice, ...]:
        """Of every limit, to start next month's allocation from."""
        return tuple(LimitPrice(use.name, use.kind, use.price_yuan) for use in self.limits)
