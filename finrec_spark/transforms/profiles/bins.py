"""Profile vectors → tokens: which bin of which feature a customer falls in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from finrec_spark.sampling import bucket, seed_of
from finrec_spark.transforms.profiles.vector import ProfileFeature

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING = -1
OTHER = 0
_SHARES = 2**30  # a sample's share is a whole number of this


@dataclass(frozen=True)
class FeatureBins:
    """The bins of one profile feature.

    -1 is the bin of a missing value. A number x is in bin i where edges[i-1] ≤ x < edges[i], bin 0 and the last one
    being open. A category is in the bin of its code; a code that is not among ``codes`` is in bin 0, like every other
    rare or new value.

    Attributes:
        name: the feature's name.
        place: where it stands in the profile vector.
        edges: a number's inner edges, ascending; None for a category.
        codes: a category's codes, 1 … codes; 0 for a number.
    """

    name: str
    place: int
    edges: tuple[float, ...] | None
    codes: int = 0

    @property
    def count(self) -> int:
        """Number of bins, the missing one included."""
        return 2 + (self.codes if self.edges is None else len(self.edges))

    def bins(self, values: Floats) -> Ints:
        """The bin of each value, NaN being a missing one.

        >>> FeatureBins("age", 0, edges=(30.0, 60.0)).bins(np.array([29.9, 30.0, np.nan, 99.0])).tolist()
        [0, 1, -1, 2]
        >>> FeatureBins("region", 0, edges=None, codes=2).bins(np.array([2.0, 3.0, np.nan])).tolist()
        [2, 0, -1]
        """
        missing = np.isnan(values)
        if self.edges is not None:
            return np.where(missing, MISSING, np.searchsorted(self.edges, values, side="right"))
        code = np.where(missing, MISSING, values).astype(np.int64)
        return np.where(code > self.codes, OTHER, code)


@dataclass(frozen=True)
class ProfileBins:
    """The bins of several features, numbered through as tokens: feature by feature, in each from bin -1 on."""

    features: tuple[FeatureBins, ...]

    @cached_property
    def first(self) -> Ints:
        """Token of each feature's bin -1, and last the number of tokens."""
        return np.concatenate([[0], np.cumsum([feature.count for feature in self.features])]).astype(np.int64)

    @property
    def n_tokens(self) -> int:
        """Number of tokens."""
        return int(self.first[-1])

    def tokens(self, profile: Floats) -> Ints:
        """The token of every feature: B × features, from B × F profile vectors (NaN: missing)."""
        columns = [feature.bins(profile[:, feature.place]) for feature in self.features]
        return np.stack(columns, axis=1) - MISSING + self.first[:-1]


def profile_bins(features: Sequence[ProfileFeature], places: Sequence[int], sample: Floats, n_bins: int) -> ProfileBins:
    """Bins of the features at ``places``: a number's quantiles in the sample, a category's codes.

    Edges are values of the sample, each once and above its least, so no bin between two edges is empty in it.

    Args:
        sample: profile vectors, S × F.
        n_bins: bins of a number, the missing one not counted; fewer where values repeat.
    """
    of = [
        FeatureBins(features[place].name, place, _edges(sample[:, place], n_bins))
        if features[place].kind == "number"
        else FeatureBins(features[place].name, place, None, len(features[place].values))
        for place in places
    ]
    return ProfileBins(tuple(of))


def _edges(values: Floats, n_bins: int) -> tuple[float, ...]:
    known = values[~np.isnan(values)]
    if not known.size:
        return ()
    edges = np.unique(np.quantile(known, np.arange(1, n_bins) / n_bins, method="higher"))
    return tuple(edges[edges > known.min()].tolist())


def collect_profile_sample(profiles: DataFrame, size: int, seed: int = 17) -> Floats:
    """Profile vectors of about ``size`` customers, in no order: all of them where there are no more.

    Who is in it depends on the hash of the customer's ID, not on the partitioning.

    Args:
        profiles: ``customer_id``, ``profile`` (array<double>).
        size: about how many are collected.

    Returns:
        Customers × F; of shape (0,) where there is no customer.
    """
    customers = profiles.count()
    place = bucket(_SHARES, seed_of(seed), "customer_id")
    chosen = profiles.where(place < -(-size * _SHARES // max(customers, size)))
    rows: pd.DataFrame = chosen.select("profile").toPandas()
    return np.array(rows["profile"].tolist(), np.float64)
