import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrec_spark.transforms.profiles.bins import FeatureBins, collect_profile_sample, profile_bins
from finrec_spark.transforms.profiles.vector import ProfileFeature

NUMBER, CATEGORY = ProfileFeature("numbers:age", "number"), ProfileFeature("segment", "category", ("retail", "private"))


def test_every_level_of_a_number_with_few_values_is_a_bin_of_its_own():
    levels = np.array([1.0] * 6 + [2, 2, 2, 3])[:, None]
    (bins,) = profile_bins([NUMBER], [0], levels, 10).features
    assert bins.edges == (2.0, 3.0)


def test_a_number_that_nobody_has_has_one_open_bin_and_the_missing_one():
    (bins,) = profile_bins([NUMBER], [0], np.full((3, 1), np.nan), 10).features
    assert (bins.edges, bins.count) == ((), 2)


def test_tokens_are_numbered_through_the_features():
    bins = profile_bins([CATEGORY, NUMBER], [0, 1], np.array([[1.0, 10], [2, 20]]), 2)
    profiles = np.array([[np.nan, np.nan], [0, 10], [2, 20], [9, 99]])
    assert bins.tokens(profiles).tolist() == [[0, 4], [1, 5], [3, 6], [1, 6]]


@given(st.lists(st.integers(-5, 5) | st.just(np.nan), min_size=1, max_size=30), st.integers(2, 6))
def test_a_number_lies_between_the_ends_of_its_bin_and_no_bin_of_the_sample_is_empty(values, n):
    sample = np.array(values, float)
    (bins,) = profile_bins([NUMBER], [0], sample[:, None], n).features
    ends = [-np.inf, *bins.edges, np.inf]
    found = bins.bins(sample)
    known = ~np.isnan(sample)
    assert all(ends[b] <= x < ends[b + 1] for b, x in zip(found[known], sample[known], strict=True))
    assert (found[~known] == -1).all()
    assert not known.any() or set(found[known]) == set(range(len(bins.edges) + 1))


@pytest.mark.parametrize("size", [4, 1000])
def test_the_sample_depends_on_the_customers_alone(spark, size):
    rows = [(f"c{n}", [float(n), None]) for n in range(40)]
    profiles = spark.createDataFrame(rows, "customer_id string, profile array<double>")
    once, again = (collect_profile_sample(df, size) for df in (profiles.coalesce(1), profiles.repartition(7)))
    assert sorted(once[:, 0]) == sorted(again[:, 0])
    assert np.isnan(once[:, 1]).all()
    assert len(once) == 40 if size > 40 else 0 < len(once) < 20


def test_a_code_beyond_the_known_ones_is_one_of_the_others():
    assert FeatureBins("segment", 0, None, 2).bins(np.array([3.0])).tolist() == [0]
