"""Profile numbers against numpy on a small random profile with gaps."""

import numpy as np
import pytest

from finrec_spark.transforms.profiles.numbers import Scale, collect_scales, profile_numbers, width
from finrec_spark.transforms.profiles.vector import ProfileFeature

FEATURES = [
    ProfileFeature("balance", "number"),
    ProfileFeature("channel", "category", ("app", "sms")),
    ProfileFeature("same for all", "number"),
    ProfileFeature("known of nobody", "number"),
]


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(8)
    balance = np.where(rng.random(40) < 0.2, np.nan, np.expm1(rng.normal(5, 3, 40)))
    balance[0] = -1e9  # far out
    channel = rng.choice([0.0, 1.0, 2.0, np.nan], 40)
    return np.column_stack([balance, channel, np.full(40, 7.0), np.full(40, np.nan)])


@pytest.fixture(scope="module")
def rows(spark, vectors):
    return spark.createDataFrame([(row.tolist(),) for row in vectors], "profile array<double>")


def test_numbers_are_standardised_logarithms_within_five(rows, vectors):
    found = numbers(rows)
    logs = np.sign(vectors[:, 0]) * np.log1p(np.abs(vectors[:, 0]))
    wanted = np.nan_to_num(np.clip((logs - np.nanmean(logs)) / np.nanstd(logs), -5, 5))
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-5)


def test_a_category_is_one_number_a_code_and_none_where_it_is_missing(rows, vectors):
    np.testing.assert_array_equal(numbers(rows)[:, 1:4], vectors[:, 1:2] == [0, 1, 2])


def test_what_tells_customers_not_apart_is_zero(rows):
    assert not numbers(rows)[:, 4:].any()
    assert numbers(rows).shape[1] == width(FEATURES)


def test_scales_are_the_same_to_the_bit_in_any_partitioning(rows):
    once = collect_scales(rows, FEATURES)
    assert once == collect_scales(rows.repartition(5), FEATURES)
    assert once[3] == Scale()


def numbers(rows):
    made = rows.select(profile_numbers(FEATURES, collect_scales(rows, FEATURES)).alias("numbers"))
    return np.array([row.numbers for row in made.collect()])
