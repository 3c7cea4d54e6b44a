import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from finrec_spark.evaluation.binary_metrics import auc, brier, calibration_error, predicted, top_lift


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_auc_and_brier_are_those_of_scikit_learn_ties_included(seed):
    rng = np.random.default_rng(seed)
    label = np.r_[0.0, 1.0, rng.integers(0, 2, 30)]
    score = rng.integers(0, 6, 32) / 5
    assert auc(predicted(label, score)) == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    assert brier(predicted(label, score)) == pytest.approx(brier_score_loss(label, score), abs=1e-12)


def test_a_probability_that_keeps_its_promise_has_no_error():
    assert calibration_error(predicted(np.array([0.0, 1, 0, 1]), np.full(4, 0.5)), bins=1) == 0


def test_rows_of_one_probability_are_alike_in_every_bin():
    assert calibration_error(predicted(np.array([0.0, 0, 0, 1]), np.full(4, 0.5)), bins=4) == pytest.approx(0.25)


def test_lift_is_1_where_the_score_says_nothing():
    assert top_lift(predicted(np.array([1.0, 0, 0, 1]), np.zeros(4))) == pytest.approx(1)


def test_lift_of_a_perfect_score_is_1_by_the_share_of_all():
    label = np.r_[np.ones(20), np.zeros(80)]
    assert top_lift(predicted(label, label)) == pytest.approx(1 / 0.2)
