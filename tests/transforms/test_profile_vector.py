import math

import pytest

from finrec_spark.tables import CUSTOMER_PROFILE, PROFILE_FEATURES, PROFILE_VALUES
from finrec_spark.transforms.profiles.customer_profiles import ProfileParams
from finrec_spark.transforms.profiles.vector import (
    ProfileFeature,
    assign_profile_features,
    assign_profile_values,
    collect_profile_features,
    padded_profile,
    profile_vector,
)

MAPS = ("held_by_category", "events_by_category", "numbers", "categories", "changed_days")
TWO = ProfileParams(rare_values=2, max_values=3)


@pytest.fixture
def profiles(spark):
    """Rows of gold.customer_profile, null or empty but for what a test names."""

    def build(*rows):
        given = [{"segment": "all", **{name: {} for name in MAPS}, **row} for row in rows]
        values = [tuple(row.get(name) for name in CUSTOMER_PROFILE.column_names) for row in given]
        return spark.createDataFrame(values, CUSTOMER_PROFILE.ddl)

    return build


@pytest.fixture
def regions(profiles):
    """Customers of these regions."""

    def build(*names):
        return profiles(*({"categories": {"region": name}} for name in names))

    return build


@pytest.fixture
def wanted(spark):
    return spark.createDataFrame([("categories:region", "category", 0)], PROFILE_FEATURES.ddl)


def codes(values):
    PROFILE_VALUES.conform(values)
    return {row.value: row.code for row in values.collect()}


def test_features_are_numbered_in_the_order_of_their_names(profiles):
    rows = profiles({"numbers": {"age": 1.0}}, {"categories": {"region": "n"}, "held_by_category": {"loan": 1}})
    features = assign_profile_features(None, rows)
    PROFILE_FEATURES.conform(features)
    found = sorted(features.collect(), key=lambda row: row.position)
    names = [row.feature for row in found]
    assert [row.position for row in found] == list(range(len(found)))
    assert names == sorted(names)
    assert {"numbers:age", "categories:region", "held_by_category:loan", "segment", "balance"} <= set(names)
    assert {row.feature for row in found if row.kind == "category"} == {"categories:region", "channel", "segment"}


def test_a_new_feature_comes_last_and_a_lost_one_keeps_its_position(profiles):
    known = assign_profile_features(None, profiles({"numbers": {"age": 1.0}})).persist()
    first = {row.feature: row.position for row in known.collect()}
    later = assign_profile_features(known, profiles({"numbers": {"aaa": 1.0}})).collect()
    known.unpersist()
    assert {row.feature: row.position for row in later} == {**first, "numbers:aaa": len(first)}


def test_values_get_codes_in_the_order_of_their_customers_and_rare_ones_none(regions, wanted):
    rows = regions("s", "s", "s", "n", "n", "e", "e", "w", None)
    assert codes(assign_profile_values(None, rows, wanted, TWO)) == {"s": 1, "e": 2, "n": 3}


def test_a_known_value_keeps_its_code_and_new_ones_follow_up_to_the_limit(regions, wanted, spark):
    known = spark.createDataFrame([("categories:region", "n", 1), ("categories:region", "x", 2)], PROFILE_VALUES.ddl)
    rows = regions("s", "s", "s", "n", "n", "e", "e")
    assert codes(assign_profile_values(known, rows, wanted, TWO)) == {"n": 1, "x": 2, "s": 3}


def test_features_are_collected_by_position_with_their_values_by_code(spark):
    features = spark.createDataFrame([("segment", "category", 1), ("held", "number", 0)], PROFILE_FEATURES.ddl)
    values = spark.createDataFrame([("segment", "b", 2), ("segment", "z", 1)], PROFILE_VALUES.ddl)
    expected = (ProfileFeature("held", "number"), ProfileFeature("segment", "category", ("z", "b")))
    assert collect_profile_features(features, values) == expected


def test_a_missing_value_is_nan_an_unseen_one_0_and_none_of_a_category_is_0(profiles):
    features = [
        ProfileFeature("held", "number"),
        ProfileFeature("held_by_category:loan", "number"),
        ProfileFeature("numbers:age", "number"),
        ProfileFeature("segment", "category", ("retail",)),
        ProfileFeature("channel", "category", ("app", "sms")),
        ProfileFeature("categories:region", "category"),
    ]
    known = {"held": 2, "held_by_category": {"loan": 1}, "numbers": {"age": 41.5}, "segment": "retail"}
    rows = profiles({**known, "channel": "sms", "categories": {"region": "new"}}, {})
    full, empty = (row.vector for row in rows.select(profile_vector(features).alias("vector")).collect())
    assert full == [2.0, 1.0, 41.5, 1.0, 2.0, 0.0]
    assert [None if math.isnan(value) else value for value in empty] == [None, 0.0, None, 0.0, None, None]


def test_a_vector_of_earlier_features_is_padded_to_what_it_would_be_today(profiles):
    today = [
        ProfileFeature(name, "category" if name.startswith("categories") else "number")
        for name in ("held", "numbers:age", "numbers:new", "categories:new", "events_by_category:new")
    ]
    rows = profiles({"held": 2, "numbers": {"age": 41.5}}, {"numbers": {"old": 1.0}})
    stored = rows.withColumn("profile", profile_vector(today[:2]))
    padded, made = padded_profile(today).cast("string"), profile_vector(today).cast("string")
    assert [row[0] == row[1] for row in stored.select(padded, made).collect()] == [True, True]


def test_no_features_make_an_empty_vector(profiles):
    assert profiles({}).select(profile_vector([]).alias("vector")).head().vector == []
