import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklift.metrics import qini_auc_score, uplift_auc_score

from finrec_spark.evaluation.uplift_curves import auuc, qini, ranked_trials


@given(st.integers(0, 2**32 - 1), st.integers(2, 200), st.integers(1, 50))
@settings(max_examples=300, deadline=None)
def test_both_scores_are_those_of_scikit_uplift(seed, n, scores):
    score, contacted, taken = drawn(seed, n, scores)
    assume(len(set(contacted)) == 2 and len(set(taken)) == 2)  # it refuses others
    ranked = ranked_trials(score, contacted, taken)
    ours = np.array([qini(ranked), auuc(ranked)])
    assume(np.isfinite(ours).all())  # where no order is better than chance, it divides by what rounding leaves of 0
    theirs = [of(taken.astype(int), score, contacted.astype(int)) for of in (qini_auc_score, uplift_auc_score)]
    assert ours == pytest.approx(theirs, abs=1e-9, rel=1e-9)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_neither_order_nor_scale_of_the_scores_matters(seed):
    score, contacted, taken = drawn(seed, 100, 20)
    shuffled = np.random.default_rng(seed).permutation(100)
    once = ranked_trials(score, contacted, taken)
    again = ranked_trials(np.exp(3 * score[shuffled]), contacted[shuffled], taken[shuffled])
    assert (qini(once), auuc(once)) == (qini(again), auuc(again))


def test_the_best_order_scores_one_and_one_score_for_all_nothing():
    contacted, taken = np.array([True, True, False, False]), np.array([1.0, 0.0, 0.0, 1.0])
    best = np.where(contacted, taken, -taken)
    assert qini(ranked_trials(best, contacted, taken)) == 1.0
    assert qini(ranked_trials(np.zeros(4), contacted, taken)) == 0.0


def test_without_any_acquisition_there_is_no_score():
    assert np.isnan(qini(ranked_trials(np.arange(4.0), np.array([True, True, False, False]), np.zeros(4))))


def drawn(seed, n, scores):
    """Trials with so many distinct scores at most, and shares of contact and of takers of any size."""
    rng = np.random.default_rng(seed)
    contacted, taken = rng.random(n) < rng.uniform(0.1, 0.9), rng.random(n) < rng.uniform(0.05, 0.95)
    return rng.integers(0, scores, n) / 7 - 1, contacted, taken.astype(float)
