"""Kernel: randomised contacts as uplift is learned from them.

One row is one offer that chance might have made to one customer at one time. Its columns:

=================== =========== =====================================================================================
key                 bigint      of the row
customer_key        bigint      of the customer: rows that share it are never on both sides of a split
decision            bigint      of the customer at that time; the offers among which chance chose have it in common
profile             array       the customer's profile vector, as it was before the contact
category, channel   string      of the offer
contacted           boolean     whether chance made this offer; false: none was made; null: another one was
contact_probability double      of this offer's being made, as chance was drawn with
control_probability double      of none's being made
taken               double      1 where the customer took it in the window, else 0
amount              double      the money that it was taken with, 0 where it was not
=================== =========== =====================================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.offer_features import feature_array, included_features, offer_features
from finrec_spark.models.uplift.params import UpliftParams
from finrec_spark.sampling import bucket
from finrec_spark.transforms.profiles.vector import ProfileFeature

COLUMNS = (
    "key",
    "customer_key",
    "decision",
    "profile",
    "category",
    "channel",
    "contacted",
    "contact_probability",
    "control_probability",
    "taken",
    "amount",
)


@dataclass(frozen=True)
class Sample:
    """What a learner is given.

    Attributes:
        rows: one trial each: ``key``, ``features``, ``half`` (0 or 1, by customer), ``contacted`` (never null),
            ``propensity`` (of contact, where contact and none were possible), ``taken``, ``weight`` (1).
        names: the features by place.
        params: the model's parameters.
        scratch: folder or URI for MLlib's trees; overwritten, and read whenever the fitted rows are.
    """

    rows: DataFrame
    names: tuple[str, ...]
    params: UpliftParams
    scratch: str


def sample_of(
    trials: DataFrame,
    profile: Sequence[ProfileFeature],
    cells: Sequence[tuple[str, str]],
    params: UpliftParams,
    scratch: str,
) -> Sample:
    """The trials as learners read them.

    Args:
        trials: the columns above; rows whose ``contacted`` is null are not learned from.
        profile: the places of the profile vector.
        cells: category and channel of every offer.
        params: the model's parameters.
        scratch: folder or URI for MLlib's trees.
    """
    offers = offer_features(*(_if_several(words) for words in zip(*cells, strict=True)))
    names = (*included_features(profile, params.include, params.exclude), *offers)
    rows = trials.where(F.col("contacted").isNotNull()).select(
        "key",
        feature_array(profile, names).alias("features"),
        bucket(2, F.lit("half"), "customer_key").alias("half"),
        "contacted",
        propensity().alias("propensity"),
        "taken",
        F.lit(1.0).alias("weight"),
    )
    return Sample(rows, names, params, scratch)


def propensity() -> Column:
    """Probability that this offer was made, given that it or none was."""
    return F.col("contact_probability") / (F.col("contact_probability") + F.col("control_probability"))


def _if_several(words: Sequence[str]) -> frozenset[str]:
    """The words, or none: what every offer has tells no two of them apart."""
    distinct = frozenset(words)
    return distinct if len(distinct) > 1 else frozenset()
