"""The customers' profile as small numbers, as a network reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.profiles.vector import ProfileFeature

_UNITS = 2**24  # sums of whole numbers are the same to the bit in any order
_LARGEST = 5.0  # standard deviations


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of a feature's logarithm over the customers who have it; both 0 where all agree."""

    mean: float = 0.0
    deviation: float = 0.0


def width(features: Sequence[ProfileFeature]) -> int:
    """How many numbers ``profile_numbers`` gives."""
    return sum(1 if feature.kind == "number" else len(feature.values) + 1 for feature in features)


def collect_scales(vectors: DataFrame, features: Sequence[ProfileFeature]) -> tuple[Scale, ...]:
    """The scale of each feature; one row a feature is collected.

    Args:
        vectors: ``profile``, as ``profile_vector(features)`` makes it.
    """
    value = F.col("value")
    entries = vectors.select(F.posexplode("profile").alias("place", "value")).where(~F.isnan("value"))
    logs = entries.select("place", _signed_log(value).alias("value"))
    sums = logs.groupBy("place").agg(
        F.count(F.lit(1)).alias("known"),
        F.sum(F.round(value * _UNITS).cast("long")).alias("sum"),
        F.sum(F.round(value * value * _UNITS).cast("long")).alias("squares"),
        (F.min("value") < F.max("value")).alias("varies"),
    )
    rows = sums.where("varies").collect()
    found = {row["place"]: _scale(row["known"], row["sum"], row["squares"]) for row in rows}
    return tuple(found.get(place, Scale()) for place in range(len(features)))


def profile_numbers(features: Sequence[ProfileFeature], scales: Sequence[Scale]) -> Column:
    """array<float> of a row's ``profile`` (``profile_vector(features)``).

    A number x becomes (sign(x)·log(1 + |x|) - mean) / standard deviation, within ±5, as sums of money are large for
    few; a category becomes one number for each code, 1 for the customer's and 0 for the others. What is missing, and
    a number that is the same for everyone, is 0: the mean, or no category at all.

    >>> features = [ProfileFeature("held", "number"), ProfileFeature("segment", "category", ("retail",))]
    >>> rows = spark.createDataFrame([([0.0, 1.0],), ([float("nan"), 0.0],), ([3.0, float("nan")],)],
    ...     "profile array<double>")
    >>> scales = collect_scales(rows, features)
    >>> rows.select(profile_numbers(features, scales).alias("numbers")).show()
    +----------------+
    |         numbers|
    +----------------+
    |[-1.0, 0.0, 1.0]|
    | [0.0, 1.0, 0.0]|
    | [1.0, 0.0, 0.0]|
    +----------------+
    <BLANKLINE>
    """
    entries = [
        entry
        for place, (feature, scale) in enumerate(zip(features, scales, strict=True))
        for entry in _entries(F.get("profile", F.lit(place)), feature, scale)
    ]
    return F.array(*entries).cast("array<float>")


def _entries(value: Column, feature: ProfileFeature, scale: Scale) -> list[Column]:
    if feature.kind == "category":
        return [F.when(value == code, 1.0).otherwise(0.0) for code in range(len(feature.values) + 1)]
    if not scale.deviation:
        return [F.lit(0.0)]
    number = (_signed_log(value) - scale.mean) / scale.deviation
    within = F.greatest(F.least(number, F.lit(_LARGEST)), F.lit(-_LARGEST))
    return [F.when(F.isnan(value), 0.0).otherwise(within)]


def _signed_log(value: Column) -> Column:
    return F.signum(value) * F.log1p(F.abs(value))


def _scale(known: int, total: int, squares: int) -> Scale:
    mean = total / known / _UNITS
    return Scale(mean, max(squares / known / _UNITS - mean * mean, 0.0) ** 0.5)
