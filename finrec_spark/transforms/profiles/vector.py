"""The customers' profile as a vector: which feature stands where, and how a row of it is made."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.tables import CUSTOMER_PROFILE, PROFILE_FEATURES, PROFILE_VALUES
from finrec_spark.transforms.profiles.customer_profiles import ProfileParams

_COUNTS = ("held_by_category", "events_by_category")
_MAPS = (*_COUNTS, "numbers", "categories", "changed_days")
_NUMBER_COLUMNS = tuple(column.name for column in CUSTOMER_PROFILE.columns if column.type in ("int", "double"))
_CATEGORY_COLUMNS = ("segment", "channel")


SLOW = ("segment", "risk_level", "tenure_days", "risk_age_days", "categories:*", "numbers:*", "changed_days:*")
"""Features that do not follow from taking products or from contacts: what was delivered, and what changes slowly."""


def with_changes(features: Iterable[str]) -> frozenset[str]:
    """The features and, of each delivered column among them, when it last changed: who may not be told apart by a value
    may not be by its change.

    >>> sorted(with_changes(["categories:gender", "tenure_days"]))
    ['categories:gender', 'changed_days:gender', 'tenure_days']
    """
    named = frozenset(features)
    columns = (name.partition(":") for name in named)
    return named | {f"changed_days:{key}" for map_, _, key in columns if map_ in ("numbers", "categories")}


def is_read(feature: str, include: Iterable[str], exclude: Iterable[str]) -> bool:
    """Whether a feature matches one of ``include`` and none of ``exclude``; * stands for anything.

    >>> is_read("numbers:age", SLOW, exclude=("*:gender",)), is_read("categories:gender", SLOW, ("*:gender",))
    (True, False)
    """
    included, excluded = (
        any(fnmatchcase(feature, p) for p in patterns) for patterns in (include, with_changes(exclude))
    )
    return included and not excluded


@dataclass(frozen=True)
class ProfileFeature:
    """One place of the profile vector.

    Attributes:
        name: a column of ``gold.customer_profile``, or ``column:key`` of one of its maps.
        kind: a number stands as it is, a category as its code; NaN where the value is missing.
        values: a category's values by code - 1; code 0 is every other value. Empty for a number.
    """

    name: str
    kind: Literal["number", "category"]
    values: tuple[str, ...] = ()


def assign_profile_features(known: DataFrame | None, profiles: DataFrame) -> DataFrame:
    """One row: one feature and its position; known ones keep theirs, new ones follow in the order of their names.

    A feature that no customer has any more keeps its position, and is missing in every vector.

    Args:
        known: ``gold.profile_features`` so far; None at first.
        profiles: ``gold.customer_profile`` of one month.

    Returns:
        The columns of ``gold.profile_features``; positions 0, 1, 2 … without gaps.
    """
    columns = [(name, "number") for name in _NUMBER_COLUMNS] + [(name, "category") for name in _CATEGORY_COLUMNS]
    fixed = profiles.sparkSession.createDataFrame(columns, "feature string, kind string")
    keys = F.concat(*[F.transform(F.map_keys(name), _of_map(name)) for name in _MAPS])
    delivered = profiles.select(F.explode(keys).alias("feature")).distinct()
    kind = F.when(F.col("feature").startswith("categories:"), "category").otherwise("number").alias("kind")
    features = fixed.unionByName(delivered.select("feature", kind))
    place = F.row_number().over(Window.orderBy("feature")) - 1
    if known is None:
        return features.select("feature", "kind", place.alias("position"))
    first = known.agg((F.coalesce(F.max("position"), F.lit(-1)) + 1).alias("first"))
    new = features.join(known, "feature", "left_anti").withColumn("place", place).crossJoin(F.broadcast(first))
    position = (F.col("first") + F.col("place")).alias("position")
    return known.select(*PROFILE_FEATURES.column_names).unionByName(new.select("feature", "kind", position))


def assign_profile_values(
    known: DataFrame | None, profiles: DataFrame, features: DataFrame, params: ProfileParams
) -> DataFrame:
    """One row: one value of a categorical feature and its code; known values keep theirs.

    A new value gets a code as soon as ``rare_values`` customers have it: the next ones of its feature, in the order of
    customers, then of names, until the feature has ``max_values`` of them. All other values are code 0 in the vector.

    Args:
        known: ``gold.profile_values`` so far; None at first.
        profiles: ``gold.customer_profile`` of one month.
        features: ``gold.profile_features``.

    Returns:
        The columns of ``gold.profile_values``; codes 1, 2, 3 … in each feature without gaps.
    """
    wanted = features.where(F.col("kind") == "category").select("feature")
    counts = _value_counts(profiles).where(F.col("customers") >= params.rare_values)
    new = counts.join(F.broadcast(wanted), "feature", "left_semi")
    place = F.row_number().over(Window.partitionBy("feature").orderBy(F.desc("customers"), "value"))
    if known is None:
        coded = new.withColumn("code", place)
        return coded.where(F.col("code") <= params.max_values).select(*PROFILE_VALUES.column_names)
    last = known.groupBy("feature").agg(F.max("code").alias("last"))
    unknown = new.join(F.broadcast(known), ["feature", "value"], "left_anti").withColumn("place", place)
    code = (F.coalesce("last", F.lit(0)) + F.col("place")).alias("code")
    added = unknown.join(F.broadcast(last), "feature", "left").select("feature", "value", code)
    return known.select(*PROFILE_VALUES.column_names).unionByName(added.where(F.col("code") <= params.max_values))


def collect_profile_features(features: DataFrame, values: DataFrame) -> tuple[ProfileFeature, ...]:
    """The features by position, with their values by code: as many as the profile has columns.

    Args:
        features: ``gold.profile_features``.
        values: ``gold.profile_values``.
    """
    listed = F.array_sort(F.collect_list(F.struct("code", "value")))["value"]
    lists = values.groupBy("feature").agg(listed.alias("values"))
    rows = features.join(F.broadcast(lists), "feature", "left").orderBy("position").collect()
    return tuple(ProfileFeature(row["feature"], row["kind"], tuple(row["values"] or ())) for row in rows)


def profile_vector(features: Sequence[ProfileFeature]) -> Column:
    """array<double> of a row of ``gold.customer_profile``: one number a feature, in their order.

    A number stands as it is, a category as its code (0: rare or new); NaN is a missing value. A product category
    that a customer has nothing of counts 0.

    >>> rows = spark.createDataFrame([("retail", 3, {"age": 41.0}), ("private", None, {})],
    ...     "segment string, held int, numbers map<string,double>")
    >>> features = [ProfileFeature("segment", "category", ("retail",)), ProfileFeature("held", "number"),
    ...     ProfileFeature("numbers:age", "number")]
    >>> rows.select(profile_vector(features).alias("vector")).show()
    +----------------+
    |          vector|
    +----------------+
    |[1.0, 3.0, 41.0]|
    | [0.0, NaN, NaN]|
    +----------------+
    <BLANKLINE>
    """
    return F.array(*map(_as_double, features)).cast("array<double>")


def padded_profile(features: Sequence[ProfileFeature]) -> Column:
    """array<double>: a row's ``profile``, made when the list of features was shorter, as long as today's.

    The places that came later have what ``profile_vector`` gives where a map has no such key.

    >>> rows = spark.createDataFrame([([41.0],)], "profile array<double>")
    >>> names = ("numbers:age", "numbers:children", "held_by_category:loan")
    >>> rows.select(padded_profile([ProfileFeature(name, "number") for name in names]).alias("profile")).show()
    +----------------+
    |         profile|
    +----------------+
    |[41.0, NaN, 0.0]|
    +----------------+
    <BLANKLINE>
    """
    missing = F.array(*[F.lit(_missing(feature)) for feature in features]).cast("array<double>")
    later = F.slice(missing, F.size("profile") + 1, len(features))
    return F.slice(F.concat("profile", later), 1, len(features))


def _missing(feature: ProfileFeature) -> float:
    """What stands for a customer's missing value: 0 of a product category, else NaN."""
    return 0.0 if feature.name.partition(":")[0] in _COUNTS else float("nan")


def _as_double(feature: ProfileFeature) -> Column:
    column, _, key = feature.name.partition(":")
    value = F.col(column)[key] if key else F.col(column)
    if feature.kind == "category":
        values = F.array(*map(F.lit, feature.values)).cast("array<string>")
        value = F.call_function("array_position", values, value)
    return F.coalesce(value.cast("double"), F.lit(_missing(feature)))


def _of_map(column: str) -> Callable[[Column], Column]:
    """The feature of a map's key."""
    return lambda key: F.concat(F.lit(f"{column}:"), key)


def _value_counts(profiles: DataFrame) -> DataFrame:
    """One row: a value of a categorical feature and the ``customers`` that have it."""
    columns = [F.struct(F.lit(name).alias("feature"), F.col(name).alias("value")) for name in _CATEGORY_COLUMNS]
    delivered = F.transform(
        F.map_entries("categories"),
        lambda entry: F.struct(_of_map("categories")(entry["key"]).alias("feature"), entry["value"].alias("value")),
    )
    values = profiles.select(F.inline(F.concat(F.array(*columns), delivered)))
    return values.where(F.col("value").isNotNull()).groupBy("feature", "value").agg(F.count("*").alias("customers"))
