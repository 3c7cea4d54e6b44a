import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from finrec_spark.models.neighbours.screening import Screen
from finrec_spark.models.neighbours.similar_customers import CustomerSimilarityParams, neighbourhood
from finrec_spark.models.neighbours.similarity import Powers, nearest, pair_sums, similar_pairs

ROWS, COLUMNS = 300, 12
VALUES = {
    "ones": lambda rng, shape: np.ones(shape),
    "few": lambda rng, shape: rng.integers(1, 4, shape).astype(float),
    "many": lambda rng, shape: rng.random(shape) + 0.1,
    "nearly flat": lambda rng, shape: 1.0 + 0.01 * rng.random(shape),
    "negative": lambda rng, shape: rng.standard_normal(shape),
}


def histories(values, density, seed):
    """Some rows are empty, some constant, some twice there."""
    rng = np.random.default_rng(seed)
    table = np.where(rng.random((ROWS, COLUMNS)) < density, VALUES[values](rng, (ROWS, COLUMNS)), 0.0)
    table[0], table[1], table[-40:] = 0.0, 1.0, table[40:80]
    return csr_matrix(table)


def nearest_of_all_pairs(rows, own, params):
    left, right = Powers.of(rows[own]), Powers.of(rows).transposed()
    pairs = similar_pairs(pair_sums(left, right, "all"), "pearson", params)
    pairs = pairs.where(pairs.right != own[pairs.left])
    return nearest(pairs.left, pairs.right, pairs.similarity, params.neighbours)


def nearest_of_screened(rows, own, params):
    found = [
        (of_block[part.query], part.reference, part.similarity) for of_block, part in neighbourhood(rows, own, params)
    ]
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(VALUES)),
    st.sampled_from([0.05, 0.3, 1.0]),
    st.integers(0, 1000),
    st.sampled_from([(1, 0.0), (3, 0.0), (1, 5.0), (2, 50.0)]),
    st.sampled_from([1, 5, 18, 1000]),
)
def test_the_nearest_among_the_screened_pairs_are_the_nearest_of_all(values, density, seed, rests_on, neighbours):
    support, shrinkage = rests_on
    params = CustomerSimilarityParams(minimum_support=support, shrinkage=shrinkage, neighbours=neighbours)
    rows, own = histories(values, density, seed), np.arange(0, ROWS, 7)
    query, reference, similarity = nearest_of_all_pairs(rows, own, params)
    found_query, found_reference, found_similarity = nearest_of_screened(rows, own, params)
    assert found_query.tolist() == own[query].tolist()
    assert found_similarity == pytest.approx(similarity, abs=2e-9)
    assert similarity_of(rows, found_query, found_reference) == pytest.approx(
        similarity_of(rows, own[query], reference), abs=2e-9
    )


def similarity_of(rows, left, right):
    """Correlations by numpy: two rows of equal similarity may stand in for each other where the ninth digit differs."""
    table = rows.toarray()
    return [np.corrcoef(table[x], table[y])[0, 1] for x, y in zip(left, right, strict=True)]


def test_few_more_pairs_than_the_nearest_are_kept():
    params = CustomerSimilarityParams(neighbours=5)
    rows, own = histories("many", 0.5, 3), np.arange(ROWS)
    screen = Screen.of(Powers.of(rows), params)
    kept = sum(len(row) for _, _, row, _ in screen.near_pairs(Powers.of(rows), own))
    assert kept < 3 * params.neighbours * ROWS
