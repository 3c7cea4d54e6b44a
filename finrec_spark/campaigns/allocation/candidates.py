"""All candidates of a campaign, wherever they lie: what the method asks of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from finrec_spark.arrays import Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.problem import Vocabulary


class Kept(NamedTuple):
    """Of one block: whole numbers that are summed over all, and some of its customers."""

    sums: Ints
    customers: Block


class Candidates(Protocol):
    """Candidates that are read one block after the other, in any order and on any machine."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The names behind the blocks' positions."""

    @property
    def count(self) -> int:
        """How many candidates there are."""

    @property
    def largest_yuan(self) -> float:
        """The largest size of a value."""

    def total(self, part: Callable[[Block], Ints]) -> Ints:
        """The sum over all blocks of the whole numbers that ``part`` gives; few enough to hold once a block."""

    def tally(self, part: Callable[[Block], Ints]) -> Ints:
        """As ``total``, for more numbers than that."""

    def collect_customers(self, part: Callable[[Block], Kept]) -> Kept:
        """The sums over all blocks and the customers kept of each, together; the caller keeps both few."""


@dataclass
class PassCount:
    """Candidates, and how often all of them were read."""

    candidates: Candidates
    passes: int = field(default=0)

    def total(self, part: Callable[[Block], Ints]) -> Ints:
        """As ``Candidates.total``."""
        self.passes += 1
        return self.candidates.total(part)

    def tally(self, part: Callable[[Block], Ints]) -> Ints:
        """As ``Candidates.tally``."""
        self.passes += 1
        return self.candidates.tally(part)

    def collect_customers(self, part: Callable[[Block], Kept]) -> Kept:
        """As ``Candidates.collect_customers``."""
        self.passes += 1
        return self.candidates.collect_customers(part)
