import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse

from finrec_spark.models.fold_in import FoldIn, PaddedHistory, padded_histories

LAMBDA = 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.booleans())
def test_factors_solve_the_normal_equations_of_every_customer(seed, rank, implicit):
    factors, history = example(seed, rank)
    fold_in = (FoldIn.implicit if implicit else FoldIn.explicit)(factors, LAMBDA)
    for padded in chunks(history, rank):
        scores = fold_in.factors(padded) @ fold_in.basis.T
        np.testing.assert_allclose(scores, [slow_scores(factors, history[row], implicit) for row in padded.row])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_influences_sum_to_the_factors(seed, rank):
    factors, history = example(seed, rank)
    fold_in = FoldIn.implicit(factors, LAMBDA)
    for padded in chunks(history, rank):
        np.testing.assert_allclose(fold_in.influence(padded).sum(axis=1), fold_in.factors(padded), atol=1e-12)


def test_every_customer_with_a_kept_entry_comes_once():
    history = random_sparse(500, 40, density=0.2, format="csr", random_state=3)
    keep = history.indices % 2 == 0
    parts = list(padded_histories(history, history.data, history.data, keep, rank=400))
    rows = np.concatenate([part.row for part in parts])
    assert len(parts) > 1
    assert sorted(rows) == np.flatnonzero(np.diff((history[:, ::2]).indptr)).tolist()


def test_shorter_histories_are_padded_with_confidence_and_target_zero():
    history = csr_matrix([[1.0, 0.0, 2.0, 3.0], [0.0, 0.0, 5.0, 6.0]])
    [part] = padded_histories(history, history.data, 1 + history.data, history.indices != 2, rank=2)
    assert part.row.tolist() == [1, 0]
    assert part.product.tolist() == [[3, 0], [0, 3]]
    assert part.confidence.tolist() == [[6, 0], [1, 3]]
    assert part.target.tolist() == [[7, 0], [2, 4]]


def test_no_customers_make_no_chunks():
    _, history = example(0, 2)
    assert list(chunks(history[:0], 2)) == []


def test_padding_changes_nothing():
    fold_in = FoldIn.implicit(np.eye(2), LAMBDA)
    one = PaddedHistory(*(np.array(x) for x in ([0], [1], [[1]], [[3.0]], [[4.0]])))
    padded = PaddedHistory(*(np.array(x) for x in ([0], [1], [[1, 0]], [[3.0, 0.0]], [[4.0, 0.0]])))
    np.testing.assert_allclose(fold_in.factors(padded), fold_in.factors(one))


def example(seed, rank):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(12, rank))
    factors[5] = 0
    return factors, random_sparse(8, 12, density=0.4, format="csr", random_state=rng)


def chunks(history, rank):
    keep = history.indices != 5
    return padded_histories(history, history.data, 1 + history.data, keep, rank)


def slow_scores(factors, row, implicit):
    entries = [(factors[p], c) for p, c in zip(row.indices, row.data, strict=True) if p != 5]
    matrix = factors.T @ factors if implicit else np.zeros((factors.shape[1],) * 2)
    matrix = matrix + sum(c * np.outer(y, y) for y, c in entries)
    right = sum((1 + c) * y for y, c in entries)
    return factors @ np.linalg.solve(matrix + LAMBDA * len(entries) * np.eye(len(matrix)), right)
