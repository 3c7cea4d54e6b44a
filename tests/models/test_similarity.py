import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from finrec_spark.models.neighbours.similarity import (
    PAIRS_AT_ONCE,
    Powers,
    SimilarityParams,
    blocks_of,
    euclidean,
    largest,
    nearest,
    pair_sums,
    pearson,
    similar_pairs,
)

MISSING = 9.0
TABLES = arrays(np.float64, (5, 7), elements=st.sampled_from([MISSING, 0.0, 1.0, 2.0, 3.5, 5.0]))


def sparse(table):
    """A matrix whose entries are all but the missing ones; zeros are entries."""
    row, col = np.nonzero(table != MISSING)
    return csr_matrix((table[row, col], (row, col)), shape=table.shape)


def square(sums, values, size):
    found = np.zeros((size, size))
    found[sums.left, sums.right] = values
    return found


def slow_pearson(x, y):
    if len(x) == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return np.corrcoef(x, y)[0, 1]


def both_have(x, y):
    both = (x != MISSING) & (y != MISSING)
    return x[both], y[both]


def as_zeros(table):
    return np.where(table == MISSING, 0.0, table)


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_pearson_over_co_rated_entries_is_that_of_numpy_pair_by_pair(table):
    powers = Powers.of(sparse(table))
    sums = pair_sums(powers, powers.transposed(), "co_rated")
    slow = [[slow_pearson(*both_have(x, y)) for y in table] for x in table]
    np.testing.assert_allclose(square(sums, pearson(sums), 5), slow, atol=1e-9)


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_pearson_over_all_columns_is_that_of_numpy_wherever_a_pair_shares_an_entry(table):
    powers = Powers.of(sparse(table))
    sums = pair_sums(powers, powers.transposed(), "all")
    slow = [slow_pearson(*as_zeros(table[[i, j]])) for i, j in zip(sums.left, sums.right, strict=True)]
    np.testing.assert_allclose(pearson(sums), slow, atol=1e-9)


@given(TABLES)
@settings(max_examples=30, deadline=None)
def test_a_pair_that_shares_no_entry_has_no_positive_correlation_over_all(table):
    held = (table != MISSING).astype(float)
    apart = [
        (x, y)
        for x, held_x in zip(table, held, strict=True)
        for y, held_y in zip(table, held, strict=True)
        if held_x @ held_y == 0
    ]
    assert all(slow_pearson(as_zeros(x), as_zeros(y)) <= 1e-12 for x, y in apart)


@given(TABLES, st.sampled_from(["co_rated", "all"]))
@settings(max_examples=40, deadline=None)
def test_pearson_is_symmetric_and_within_one(table, over):
    powers = Powers.of(sparse(table))
    sums = pair_sums(powers, powers.transposed(), over)
    found = square(sums, pearson(sums), 5)
    np.testing.assert_allclose(found, found.T, atol=1e-12)
    assert np.abs(found).max() <= 1.0


@given(TABLES)
@settings(max_examples=40, deadline=None)
def test_euclidean_over_co_rated_entries_is_one_over_one_plus_the_root_mean_square_difference(table):
    powers = Powers.of(sparse(table))
    sums = pair_sums(powers, powers.transposed(), "co_rated")
    pairs = [both_have(table[i], table[j]) for i, j in zip(sums.left, sums.right, strict=True)]
    slow = [1 / (1 + np.sqrt(np.mean((x - y) ** 2))) for x, y in pairs]
    np.testing.assert_allclose(euclidean(sums, "co_rated"), slow, atol=1e-9)


@given(TABLES)
@settings(max_examples=40, deadline=None)
def test_euclidean_over_all_is_one_over_one_plus_the_distance(table):
    powers = Powers.of(sparse(table))
    sums = pair_sums(powers, powers.transposed(), "all")
    rows = as_zeros(table)
    slow = [1 / (1 + np.linalg.norm(rows[i] - rows[j])) for i, j in zip(sums.left, sums.right, strict=True)]
    np.testing.assert_allclose(euclidean(sums, "all"), slow, atol=1e-9)


def similar(table, **params):
    powers = Powers.of(sparse(np.array(table, float)))
    pairs = similar_pairs(pair_sums(powers, powers.transposed(), "co_rated"), "pearson", SimilarityParams(**params))
    return {(int(i), int(j)): s for i, j, s in zip(pairs.left, pairs.right, pairs.similarity, strict=True) if i < j}


def test_a_row_without_variance_has_no_neighbour():
    assert similar([[1, 2, 3], [0.1, 0.1, 0.1]]) == {}


def test_too_little_support_makes_no_neighbour():
    table = [[1, 2, MISSING], [1, 2, 3]]
    assert similar(table, minimum_support=2) == {(0, 1): 1.0}
    assert similar(table, minimum_support=3) == {}


def test_shrinkage_takes_its_share_of_the_support():
    assert similar([[1, 2, 3], [1, 2, 3]], shrinkage=1.0) == {(0, 1): 0.75}


def test_a_correlation_that_is_not_positive_makes_no_neighbour():
    assert similar([[1, 2, 3], [3, 2, 1]]) == {}


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5)), max_size=40), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_the_nearest_are_ordered_by_similarity_then_by_position(pairs, k):
    left = np.sort(np.array([row for row, _ in pairs], np.int64))
    right, similarity = np.arange(len(pairs)), np.array([step / 5 for _, step in pairs])
    slow = [
        (row, place, similarity[place])
        for row in sorted(set(left.tolist()))
        for place in sorted(np.flatnonzero(left == row), key=lambda p: (-similarity[p], p))[:k]
    ]
    assert list(zip(*(part.tolist() for part in nearest(left, right, similarity, k)), strict=True)) == slow


def test_the_largest_are_cut_row_by_row():
    row, value = np.array([1, 0, 1, 1, 0]), np.array([1.0, 5.0, 3.0, 3.0, 7.0])
    assert largest(row, value, np.arange(5), 2).tolist() == [4, 1, 2, 3]


def test_similarities_closer_than_the_rounding_are_ties():
    found = largest(np.zeros(2, int), np.array([1.0, 1.0 + 1e-12]), np.array([0, 1]), 1)
    assert found.tolist() == [0]


@pytest.mark.parametrize("cost", [[], [1], [PAIRS_AT_ONCE * 3, 1, 1], [PAIRS_AT_ONCE // 2] * 7, [0] * 10_000])
def test_blocks_follow_each_other_without_gap(cost):
    blocks = list(blocks_of(np.array(cost, np.int64)))
    assert [row for start, stop in blocks for row in range(start, stop)] == list(range(len(cost)))
