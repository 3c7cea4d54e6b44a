import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.ranking.top_n import top_n


def slow_top_n(scores, eligible, n, id_rank):
    order = [
        sorted(np.flatnonzero(row_eligible), key=lambda p: (-round(row[p] * 1e9), id_rank[p]))[:n]
        for row, row_eligible in zip(scores, eligible, strict=True)
    ]
    width = min(n, scores.shape[1])
    return np.array([[*row, *[-1] * (width - len(row))] for row in order])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 15))
def test_equals_the_slow_version_with_ties_and_few_eligible(seed, n_products, n):
    draw = np.random.default_rng(seed)
    scores = draw.integers(0, 4, (5, n_products)) / 4
    eligible = draw.random((5, n_products)) < 0.6
    id_rank = draw.permutation(n_products)
    np.testing.assert_array_equal(top_n(scores, eligible, n, id_rank), slow_top_n(scores, eligible, n, id_rank))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_a_shorter_list_is_the_beginning_of_a_longer_one(seed, n):
    draw = np.random.default_rng(seed)
    scores, eligible, id_rank = draw.random((4, 10)), draw.random((4, 10)) < 0.8, draw.permutation(10)
    longer = top_n(scores, eligible, n + 1, id_rank)
    np.testing.assert_array_equal(top_n(scores, eligible, n, id_rank), longer[:, :n])
