import numpy as np
import pytest

from finrec_spark.evaluation.backtest.ensemble import HorizonTrees, fitted_horizons, refined_scores
from finrec_spark.evaluation.backtest.pairs import FEATURE_NAMES, candidate_pairs, date_model, scored
from finrec_spark.evaluation.backtest.params import LearningParams
from finrec_spark.evaluation.backtest.training_rows import NEVER, TrainingRows, examples
from finrec_spark.models.trees.boosting import boosted_trees
from finrec_spark.models.trees.boosting_params import BoostingParams
from tests.evaluation.backtest.banks import CATALOGUE, PARAMS, pasts_from, sums_from

LEARNING = LearningParams(customers=2, dates=2)


def rows(*told):
    """Rows of day, draw, wait, taken_after and drawn; the feature is the row's place."""
    day, draw, wait, taken_after, drawn = np.array(told, dtype=np.int64).T
    features = np.arange(len(told), dtype=np.float32)[:, None]
    return TrainingRows(day, draw, wait, taken_after, drawn.astype(bool), features)


def learned(training, day, horizon_days=30, params=LEARNING):
    found = examples(training, day, horizon_days, params)
    return dict(zip(found.features[:, 0].astype(int).tolist(), found.label.tolist(), strict=True))


def test_a_date_whose_horizon_has_not_ended_teaches_nothing():
    training = rows((100, 1, 5, 5, True), (110, 1, 5, 5, True))
    assert learned(training, 139) == {0: 1.0}
    assert learned(training, 140) == {0: 1.0, 1: 1.0}


def test_what_happens_after_the_horizon_changes_nothing():
    bought_later, never_bought = (rows((100, 1, 5, 5, True), (100, 1, 5, then, False)) for then in (31, NEVER))
    assert learned(bought_later, 200) == learned(never_bought, 200) == {0: 1.0}


def test_a_candidate_is_a_positive_of_the_horizons_that_it_was_taken_in():
    training = rows((100, 1, 40, 40, True), (100, 1, 40, NEVER, True))
    assert learned(training, 300, horizon_days=30) == {}
    assert learned(training, 300, horizon_days=91) == {0: 1.0, 1: 0.0}


def test_no_more_customers_and_dates_than_asked_for():
    training = rows(*((day, draw, 1, 1, True) for day in (100, 110, 120) for draw in (1, 2, 3)))
    assert sorted(learned(training, 200)) == [3, 4, 6, 7]  # the two newest dates, the first two customers of each


def test_a_customer_of_many_positives_weighs_less_in_each():
    training = rows(*((100, 1, 1, 1, True) for _ in range(4)), (100, 2, 1, 1, True))
    assert examples(training, 200, 30, LEARNING).weight.tolist() == [0.5] * 4 + [1.0]


BANK = [{0: [1], 1: [2]}, {0: [3], 1: [4], 2: [9]}, {1: [5]}, {0: [6], 2: [8]}, {}]


def refined(horizons):
    pasts = pasts_from(BANK)
    model = date_model(sums_from(pasts), 20, CATALOGUE, PARAMS)
    scores = scored(model, pasts)
    return refined_scores(candidate_pairs(scores, model, PARAMS), scores, horizons, 3), scores


def test_without_trees_the_ensemble_is_the_fusion():
    found, scores = refined(())
    for values in (found.trees, found.ensemble):
        known = scores.fusion.sum(axis=1) > 0
        assert values[known] == pytest.approx(scores.fusion[known], abs=3e-6)


def test_the_fewer_positives_the_closer_to_the_fusion(odd_trees):
    distances = []
    for weight in (0.01, 0.5, 0.99):
        found, scores = refined((HorizonTrees(odd_trees, weight),) * 3)
        known = scores.fusion.sum(axis=1) > 0
        distances.append(np.abs(found.ensemble[known] - scores.fusion[known]).sum())
    assert distances == sorted(distances) and distances[0] < 0.1 < distances[2]


@pytest.fixture(scope="module")
def odd_trees():
    """Trees that go against popularity."""
    draws = np.random.default_rng(5)
    features = draws.normal(size=(400, len(FEATURE_NAMES))).astype(np.float32) * 5
    label = (features[:, FEATURE_NAMES.index("log_popularity")] < -2.0).astype(float)
    return boosted_trees(features, label, np.ones(400), FEATURE_NAMES, BoostingParams(rounds=80, minimum_rows=5))


def test_a_horizon_with_too_few_positives_has_no_trees():
    training = rows((100, 1, 1, 1, True), (100, 1, 1, NEVER, True))
    assert fitted_horizons(training, 300, ("place",), PARAMS) == ()
