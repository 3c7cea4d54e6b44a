"""Kernel: an offer, that is a product's category and a channel, as features of one forest beside the profile."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.transforms.profiles.vector import ProfileFeature, is_read

CATEGORY, CHANNEL = "product=", "channel="
"""What the features of a product's category and of a channel begin with: 1 where it is that one, else 0."""

Words = NDArray[np.object_]
"""Categories or channels, None where unknown."""


def included_features(
    profile: Sequence[ProfileFeature], include: Iterable[str], exclude: Iterable[str]
) -> tuple[str, ...]:
    """Names of the profile features that match one of ``include`` and none of ``exclude``, in their order."""
    return tuple(feature.name for feature in profile if is_read(feature.name, include, exclude))


def offer_features(categories: Iterable[str], channels: Iterable[str]) -> tuple[str, ...]:
    """Names of the features of these categories, then of these channels, each by name.

    >>> offer_features({"loan", "card"}, {"sms"})
    ('product=card', 'product=loan', 'channel=sms')
    """
    return (*(CATEGORY + name for name in sorted(categories)), *(CHANNEL + name for name in sorted(channels)))


def feature_array(profile: Sequence[ProfileFeature], names: Sequence[str]) -> Column:
    """array<double> of a row's ``profile``, ``category`` and ``channel``: one number a name, in their order."""
    place = {feature.name: position for position, feature in enumerate(profile)}
    values = [
        F.col("profile")[place[name]] if name in place else (F.col(column) == value).cast("double")
        for name in names
        for column, value in [_offer_feature(name)]
    ]
    return F.array(*values)


def feature_matrix(profile: Floats, offers: Sequence[str], category: Words, channel: Words) -> Floats:
    """The whole profile and then the offers' features, B × (F + offers).

    A category or channel that is none of the offers' has 0 in all of them.

    Args:
        profile: B × F profile vectors, NaN where a value is missing.
        offers: names, such as ``offer_features`` gives them.
        category: of the product that is offered, B.
        channel: that it is offered over, B.
    """
    given = {"category": category, "channel": channel}
    offered = [given[column] == value for column, value in map(_offer_feature, offers)]
    return np.column_stack([profile, *(np.asarray(column, np.float64) for column in offered)])


def collect_offer_features(trees: DataFrame) -> tuple[str, ...]:
    """The offers' features that the trees ask for: as many as there are, at most."""
    is_offer = F.col("feature").startswith(CATEGORY) | F.col("feature").startswith(CHANNEL)
    rows = trees.where(is_offer).select("feature").distinct().orderBy("feature").collect()
    return tuple(row["feature"] for row in rows)


def _offer_feature(name: str) -> tuple[str, str]:
    """The column of an offer and the value that the feature stands for."""
    column = "category" if name.startswith(CATEGORY) else "channel"
    return column, name[name.index("=") + 1 :] if "=" in name else ""
