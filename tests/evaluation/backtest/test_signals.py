import numpy as np
import pytest
from hypothesis import given, settings

from finrec_spark.evaluation.backtest.pairs import FEATURE_NAMES, PERSONAL, candidate_pairs, date_model, scored
from finrec_spark.evaluation.backtest.signals import FALLBACK, date_signals
from tests.evaluation.backtest.banks import CATALOGUE, PARAMS, histories, pasts_from, sums_from

BANK = [{0: [1], 1: [2]}, {0: [3], 1: [4], 2: [9]}, {1: [5]}, {0: [6], 2: [8]}, {4: [25]}]


def signals_at(day, customers=BANK):
    pasts = pasts_from(customers)
    return scored(date_model(sums_from(pasts), day, CATALOGUE, PARAMS), pasts)


@settings(max_examples=30, deadline=None)
@given(histories)
def test_what_comes_after_a_date_changes_nothing_at_it(customers):
    past = [{p: [d for d in days if d <= 20] for p, days in bought.items()} for bought in customers]
    known = [{p: days for p, days in bought.items() if days} for bought in past]
    with_future, without = (candidate_pairs(*pair, PARAMS) for pair in (models_at_20(customers), models_at_20(known)))
    assert np.array_equal(with_future.product, without.product)
    assert np.array_equal(with_future.features, without.features)


def models_at_20(customers):
    pasts = pasts_from(customers)
    model = date_model(sums_from(pasts), 20, CATALOGUE, PARAMS)
    return scored(model, pasts), model


@settings(max_examples=30, deadline=None)
@given(histories)
def test_shares_are_of_what_was_not_bought_and_sum_to_one_or_to_nothing(customers):
    scores = signals_at(20, customers)
    for share in (*scores.shares.values(), scores.fusion):
        assert (share >= 0).all() and (share[~scores.eligible] == 0).all()
        assert all(total == pytest.approx(1) or total == 0 for total in share.sum(axis=1))


def test_the_walk_takes_three_steps_of_equal_chances():
    scores = date_signals(sums_from(pasts_from(BANK)), 20, CATALOGUE, PARAMS.signals)
    owned = pasts_from(BANK).until(20).owned().toarray()
    to_product = owned / np.maximum(owned.sum(axis=1, keepdims=True), 1)
    to_customer = owned.T / np.maximum(owned.sum(axis=0)[:, None], 1)
    assert np.allclose(scores.by_history["walk"], to_customer @ to_product, atol=1e-6)


def test_ease_is_the_ridge_regression_of_each_product_on_the_others():
    signals = PARAMS.signals.model_copy(update={"ease_ridge": 2.0})
    weights = date_signals(sums_from(pasts_from(BANK)), 20, CATALOGUE, signals).by_history["ease"]
    owned = pasts_from(BANK).until(20).owned().toarray()
    for product in range(5):
        others = np.delete(np.arange(5), product)
        gram = owned[:, others].T @ owned[:, others] + 2.0 * np.eye(4)
        assert weights[others, product] == pytest.approx(np.linalg.solve(gram, owned[:, others].T @ owned[:, product]))


def test_a_customer_without_a_past_gets_the_fading_popularity_of_every_signal_over_histories():
    scores = signals_at(20)
    for name in PERSONAL:
        assert np.array_equal(scores.shares[name][4], scores.shares[FALLBACK][4])


def test_products_bought_equally_often_lately_go_by_all_time_popularity():
    sums = sums_from(pasts_from([{0: [1]}, {0: [2]}, {0: [90]}, {1: [91]}]), np.array([100]))
    lately = date_signals(sums, 100, CATALOGUE, PARAMS.signals).by_product["popularity_60_days"]
    assert lately[0] > lately[1] > lately[2] == 0


def test_pearson_of_the_backtest_is_that_of_the_matrix():
    owned = pasts_from(CROWD).until(20).owned().toarray()
    weights = date_signals(sums_from(pasts_from(CROWD)), 20, CATALOGUE, PARAMS.signals).by_history["pearson_item"]
    both = owned[:, 0] @ owned[:, 1]
    expected = np.corrcoef(owned[:, 0], owned[:, 1])[0, 1] * both / (both + 10.0)
    assert weights[0, 1] == pytest.approx(expected, abs=2e-9)


CROWD = [{0: [1], 1: [2]}] * 4 + [{0: [1]}, {1: [3]}, {2: [4]}, {3: [4]}, {2: [5]}, {4: [5]}]


def test_every_candidate_has_every_feature_as_a_number():
    scores, model = models_at_20(BANK)
    pairs = candidate_pairs(scores, model, PARAMS)
    assert pairs.features.shape == (len(pairs.product), len(FEATURE_NAMES))
    assert np.isfinite(pairs.features).all()
    assert scores.eligible[pairs.customer, pairs.product].all()
