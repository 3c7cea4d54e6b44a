"""Kernel: trees of several kinds over the same features that vote softly: what each holds probable is averaged.

Soft voting: Kuncheva, "Combining Pattern Classifiers" (2014), section 5.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finrec_spark.arrays import Floats
from finrec_spark.models.trees.kernel import Trees, attributed, attribution_table, leaves, probabilities

Leaves = tuple[NDArray[np.int32], ...]
"""Of R rows in each voter's trees: R × T positions of nodes each."""


@dataclass(frozen=True)
class Vote:
    """Trees whose probabilities are averaged.

    Attributes:
        voters: at least one; all of them read the same features.
    """

    voters: tuple[Trees, ...]

    def leaves(self, features: NDArray[np.floating[Any]]) -> Leaves:
        """The leaf of each row in each tree; ``features`` is R × F, NaN where a value is missing."""
        return tuple(leaves(trees, features) for trees in self.voters)

    def probabilities(self, features: NDArray[np.floating[Any]]) -> Floats:
        """Probability of the positive class, R: the mean over the voters; ``features`` as ``leaves`` reads them."""
        return np.asarray(np.mean([probabilities(trees, features) for trees in self.voters], axis=0))

    def attribution_tables(self, groups: Sequence[int], n_groups: int) -> tuple[Floats, ...]:
        """Each voter's ``attribution_table``."""
        return tuple(attribution_table(trees, groups, n_groups) for trees in self.voters)

    def attributed(self, tables: Sequence[Floats], found: Leaves) -> Floats:
        """What each group of features adds to each row's probability, R × G: the mean over the voters.

        The mean of the voters' ``bias`` and these parts add up to the probability.
        """
        of_voters = zip(self.voters, tables, found, strict=True)
        return np.asarray(np.mean([attributed(*of_voter) for of_voter in of_voters], axis=0))
