from datetime import datetime

import numpy as np
import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.evaluation.ratings import (
    RatingsParams,
    cross_validate,
    explicit_ratings,
    mean_with_interval,
    rating_errors,
)
from finrec_spark.tables.mart import METRICS
from finrec_spark.transforms.splits import folds

INDEXED = "event_id string, customer_index int, product_index int, rating double, event_time timestamp, fold int"
RATING = INDEXED.replace("customer_index int, product_index int", "customer_id string, product_id string")
ANN, BOB, CAT = 0, 1, 2
CARD, LOAN = 0, 1
MAY, JUNE = datetime(2022, 5, 1), datetime(2022, 6, 1)


def test_errors_are_taken_over_each_fold(rated):
    ratings = rated([(ANN, CARD, 4, 1), (BOB, CARD, 2, 1), (ANN, LOAN, 5, 2), (BOB, LOAN, 4, 2)])
    first, second = cross_validate(ratings, {"threes": always(3.0)}, n=5, seed=0)
    assert (first.fold, first.rmse, first.mae) == (1, 1, 1)
    assert (second.fold, second.rmse, second.mae) == pytest.approx((2, ((4 + 1) / 2) ** 0.5, 3 / 2))


def test_a_fold_is_learnt_from_the_others_only(rated):
    seen = []
    ratings = rated([(ANN, CARD, 4, 1), (BOB, CARD, 2, 2), (CAT, CARD, 5, 3)])
    cross_validate(ratings, {"mean": recording(seen)}, n=5, seed=0)
    assert [sorted(learnt) for learnt in seen] == [[2, 5], [4, 5], [2, 4]]


def test_the_newest_of_several_ratings_is_learnt_and_all_are_measured(spark):
    seen = []
    rows = [
        ("e1", ANN, CARD, 1.0, MAY, 1),
        ("e2", ANN, CARD, 5.0, JUNE, 1),
        ("e3", BOB, CARD, 3.0, MAY, 2),
    ]
    ratings = spark.createDataFrame(rows, INDEXED)
    first, _ = cross_validate(ratings, {"mean": recording(seen)}, n=5, seed=0)
    assert seen == [[3], [5]]
    assert first.mae == pytest.approx(2)  # the ratings 1 and 5 against a prediction of 3


def test_a_pair_that_is_measured_is_not_learnt(rated):
    seen = []
    ratings = rated([(ANN, CARD, 1, 1), (ANN, CARD, 5, 2), (BOB, CARD, 3, 2), (CAT, CARD, 4, 1)])
    cross_validate(ratings, {"mean": recording(seen)}, n=5, seed=0)
    assert [sorted(learnt) for learnt in seen] == [[3], [4]]


def test_folds_are_made_where_none_are_given(spark):
    rows = [(f"e{i}", i, CARD, 3.0, MAY, None) for i in range(30)]
    errors = cross_validate(spark.createDataFrame(rows, INDEXED), {"threes": always(3.0)}, n=3, seed=0)
    assert [error.fold for error in errors] == [0, 1, 2]


def test_folds_that_are_given_as_they_would_be_made_change_nothing(rated):
    made = folds(rated([(i, CARD, i % 5, None) for i in range(10)]), n=2, seed=0)
    given = made.withColumn("fold", F.col("fold") + 7)
    rmse = [[e.rmse for e in cross_validate(r, {"threes": always(3.0)}, n=2, seed=0)] for r in (made, given)]
    assert rmse[0] == pytest.approx(rmse[1])


def test_folds_given_for_some_ratings_only_are_refused(rated):
    with pytest.raises(DataQualityError, match="filled in 1 of 2"):
        cross_validate(rated([(ANN, CARD, 4, 1), (BOB, CARD, 2, None)]), {}, n=5, seed=0)


def test_one_fold_is_refused(rated):
    with pytest.raises(DataQualityError, match="make 1 fold"):
        cross_validate(rated([(ANN, CARD, 4, 1), (BOB, CARD, 2, 1)]), {}, n=5, seed=0)


def test_no_ratings_are_refused(rated):
    with pytest.raises(DataQualityError, match="0 explicit ratings"):
        cross_validate(rated([]), {}, n=5, seed=0)


def test_a_missing_prediction_is_refused(rated):
    ratings = rated([(ANN, CARD, 4, 1), (BOB, CARD, 2, 2)])
    with pytest.raises(DataQualityError, match="mute predicted 0 of the 1 ratings of fold 1"):
        cross_validate(ratings, {"mute": always(float("nan"))}, n=5, seed=0)


def test_a_fold_stays_in_memory_no_longer_than_it_is_needed(rated):
    frames = []

    def threes(train, test):
        frames.extend([train, test])
        assert train.storageLevel.useMemory
        return always(3.0)(train, test)

    cross_validate(rated([(ANN, CARD, 4, 1), (BOB, CARD, 2, 2)]), {"threes": threes}, n=5, seed=0)
    assert not any(frame.storageLevel.useMemory for frame in frames)


def test_equal_folds_have_an_interval_of_width_0():
    assert mean_with_interval([0.5, 0.5]) == (0.5, 0.5, 0.5)


def test_an_explicit_rating_is_a_rating_event_with_a_value(spark):
    rows = [("e1", "rating", 4.5), ("e2", "rating", None), ("e3", "buy", 120.0)]
    events = spark.createDataFrame(rows, "event_id string, event_type string, rating double").select(
        "*", *(F.lit(name).alias(name) for name in ("customer_id", "product_id", "event_time", "fold"))
    )
    assert [(row.event_id, row.rating) for row in explicit_ratings(events).collect()] == [("e1", 4.5)]


def test_every_model_beats_the_mean_on_ratings_of_few_tastes(few_tastes):
    params = RatingsParams(folds=2, neighbours=20)
    found = rating_errors(few_tastes, params)
    assert found.columns == [name for name in METRICS.column_names if name != "run_id"]

    rmse = {row.model: row.value for row in found.where("metric = 'rmse'").collect()}
    spread = few_tastes.agg(F.stddev_pop("rating")).first()[0]  # the error of the mean of all
    assert set(rmse) == {"pearson_user", "pearson_item", "als"}
    assert max(rmse.values()) < 0.9 * spread


def test_small_ratings_are_predicted_as_well_as_stars(few_tastes):
    """The same ratings on a scale of a thousandth: the factors' error is a thousandth too."""
    params = RatingsParams(folds=2, models=("als",))
    small = few_tastes.withColumn("rating", F.col("rating") / 1000)
    errors = [rating_errors(ratings, params).where("metric = 'rmse'").first().value for ratings in (few_tastes, small)]
    assert errors[1] == pytest.approx(errors[0] / 1000, rel=1e-3)


def always(value):
    return lambda train, test: test.withColumn("prediction", F.lit(value))


def recording(seen):
    """Predicts the mean of what was learnt, and notes the ratings that were."""

    def predict(train, test):
        learnt = [row.rating for row in train.collect()]
        seen.append(learnt)
        return test.withColumn("prediction", F.lit(float(np.mean(learnt))))

    return predict


@pytest.fixture
def rated(spark):
    """Ratings of (customer, product, rating, fold), all of one time."""
    return lambda rows: spark.createDataFrame(
        [
            (f"e{i}", customer, product, float(rating), MAY, fold)
            for i, (customer, product, rating, fold) in enumerate(rows)
        ],
        INDEXED,
    )


@pytest.fixture(scope="module")
def few_tastes(spark):
    """Half of the ratings of 60 customers and 40 products, of rank 2 and with a little noise, on a scale of 1 to 5."""
    rng = np.random.default_rng(5)
    taste, kind = rng.normal(size=(60, 2)), rng.normal(size=(40, 2))
    full = np.clip(np.round(2 * (3 + taste @ kind.T + 0.1 * rng.normal(size=(60, 40)))) / 2, 1, 5)
    pairs = np.argwhere(rng.random((60, 40)) < 0.5)
    rows = [(f"e{u}-{p}", f"u-{u:04}", f"p-{p:02}", float(full[u, p]), MAY, None) for u, p in pairs.tolist()]
    return spark.createDataFrame(rows, RATING)
