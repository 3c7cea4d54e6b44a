"""Kernel: trees of several kinds over the same features that vote softly: what each holds probable is averaged.

Soft voting: Kuncheva, "Combining Pattern Classifiers" (2014), section 5.2. A forest keeps boosted trees from following
the noise of few positives; of many positives boosted trees learn what a forest of fixed depth cannot, and it has less
to say. With n the positives that it learned from and n₀ = ``SETTLED_POSITIVES``:

    a = min(1, n₀ ÷ n)          share of the forest = a ÷ 2          share of the boosted trees = 1 − a ÷ 2
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finrec_spark.arrays import Floats
from finrec_spark.models.trees.boosting_params import SETTLED_POSITIVES
from finrec_spark.models.trees.kernel import Trees, attributed, attribution_table, leaves, probabilities

Leaves = tuple[NDArray[np.int32], ...]
"""Of R rows in each voter's trees: R × T positions of nodes each."""


@dataclass(frozen=True)
class Vote:
    """Trees whose probabilities are averaged.

    Attributes:
        voters: at least one; all of them read the same features. Additive ones count as boosted, others as forests.
    """

    voters: tuple[Trees, ...]

    @cached_property
    def shares(self) -> Floats:
        """What each voter has to say; they sum to 1, and a single voter decides alone."""
        forest = 0.5 * self._doubt
        says = np.array([1.0 - forest if trees.additive else forest for trees in self.voters])
        return np.asarray(says / says.sum())

    @property
    def _doubt(self) -> float:
        """a of the formula; 1 where there is no forest."""
        learned_from = [trees.positives for trees in self.voters if not trees.additive]
        return min(1.0, SETTLED_POSITIVES / max(max(learned_from, default=0.0), 1.0))

    def leaves(self, features: NDArray[np.floating[Any]]) -> Leaves:
        """The leaf of each row in each tree; ``features`` is R × F, NaN where a value is missing."""
        return tuple(leaves(trees, features) for trees in self.voters)

    def probabilities(self, features: NDArray[np.floating[Any]]) -> Floats:
        """Probability of the positive class, R: the mean by ``shares``; ``features`` as ``leaves`` reads them."""
        return np.asarray(self.shares @ [probabilities(trees, features) for trees in self.voters])

    def attribution_tables(self, groups: Sequence[int], n_groups: int) -> tuple[Floats, ...]:
        """Each voter's ``attribution_table``."""
        return tuple(attribution_table(trees, groups, n_groups) for trees in self.voters)

    def attributed(self, tables: Sequence[Floats], found: Leaves) -> Floats:
        """What each group of features adds to each row's probability, R × G: the voters' mean by ``shares``.

        The voters' mean ``bias`` and these parts add up to the probability.
        """
        of_voters = zip(self.voters, tables, found, strict=True)
        return np.tensordot(self.shares, [attributed(*of_voter) for of_voter in of_voters], axes=1)
