import numpy as np
import pytest
from chispa import assert_df_equality

from finrec_spark.errors import InputMissing
from finrec_spark.models.neighbours.pearson_ratings import predict_by_customers, predict_by_products

SCHEMA = "customer_index int, product_index int, rating double"


def random_ratings(customers=14, products=10, seed=0):
    rng = np.random.default_rng(seed)
    pairs = [(c, p, float(rng.integers(1, 6))) for c in range(customers) for p in range(products)]
    pairs = [pairs[i] for i in rng.permutation(len(pairs))[: len(pairs) * 2 // 3]]
    return pairs[:-20], pairs[-20:]


def slow_similarity(x, y):
    both = [i for i in x if i in y]
    a, b = np.array([x[i] for i in both]), np.array([y[i] for i in both])
    if len(both) == 0 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return round(np.corrcoef(a, b)[0, 1], 9)


def slow_prediction(train, row, col, k):
    """KNNWithMeans, rating by rating: similar rows that have rated the column."""
    rows, everything = {}, [rating for _, _, rating in train]
    for r, c, rating in train:
        rows.setdefault(r, {})[c] = rating
    if row not in rows or not any(col in row_ratings for row_ratings in rows.values()):
        return np.mean(everything)
    means = {r: np.mean(list(row_ratings.values())) for r, row_ratings in rows.items()}
    near = [(-slow_similarity(rows[row], rows[r]), r) for r in rows if r != row and col in rows[r]]
    near = [(-s, r) for s, r in sorted(near)[:k] if s < 0]
    shift = sum(s * (rows[r][col] - means[r]) for s, r in near) / sum(s for s, _ in near) if near else 0.0
    return np.clip(means[row] + shift, min(everything), max(everything))


@pytest.mark.parametrize("k", [2, 40])
def test_predictions_by_customers_are_those_of_the_slow_version(spark, k):
    train, test = random_ratings()
    found = predict_by_customers(spark.createDataFrame(train, SCHEMA), spark.createDataFrame(test, SCHEMA), k)
    slow = {(c, p): slow_prediction(train, c, p, k) for c, p, _ in test}
    assert {(r.customer_index, r.product_index): r.prediction for r in found.collect()} == pytest.approx(slow, abs=1e-8)


@pytest.mark.parametrize("k", [2, 40])
def test_predictions_by_products_are_those_of_the_slow_version(spark, k):
    train, test = random_ratings(seed=1)
    found = predict_by_products(spark.createDataFrame(train, SCHEMA), spark.createDataFrame(test, SCHEMA), k)
    turned = [(p, c, rating) for c, p, rating in train]
    slow = {(c, p): slow_prediction(turned, p, c, k) for c, p, _ in test}
    assert {(r.customer_index, r.product_index): r.prediction for r in found.collect()} == pytest.approx(slow, abs=1e-8)


@pytest.mark.parametrize("predict", [predict_by_customers, predict_by_products])
def test_who_or_what_is_unknown_gets_the_mean_of_all_ratings(spark, predict):
    train = spark.createDataFrame([(0, 0, 1.0), (0, 1, 2.0), (1, 1, 3.0)], SCHEMA)
    test = spark.createDataFrame([(7, 0), (0, 7), (7, 7)], "customer_index int, product_index int")
    assert [row.prediction for row in predict(train, test).collect()] == [2.0, 2.0, 2.0]


def test_without_a_neighbour_the_prediction_is_the_own_mean(spark):
    train = spark.createDataFrame([(0, 0, 1.0), (0, 1, 2.0), (1, 2, 5.0)], SCHEMA)
    test = spark.createDataFrame([(0, 2)], "customer_index int, product_index int")
    assert predict_by_customers(train, test).first().prediction == 1.5
    assert predict_by_products(train, test).first().prediction == 5.0


def test_predictions_stay_on_the_scale_that_is_given(spark):
    train = spark.createDataFrame([(0, 0, 1.0), (0, 1, 5.0)], SCHEMA)
    test = spark.createDataFrame([(0, 2)], "customer_index int, product_index int")
    assert predict_by_customers(train, test, scale=(3.5, 5.0)).first().prediction == 3.5


def test_all_columns_of_the_test_come_back_and_repartitioning_changes_nothing(spark):
    train, test = random_ratings(seed=2)
    train, test = spark.createDataFrame(train, SCHEMA), spark.createDataFrame(test, SCHEMA)
    once = predict_by_customers(train.coalesce(1), test)
    assert once.columns == ["customer_index", "product_index", "rating", "prediction"]
    assert_df_equality(once, predict_by_customers(train.repartition(5), test.repartition(3)), ignore_row_order=True)


def test_no_rating_at_all_is_one_clear_error(spark):
    nothing = spark.createDataFrame([], SCHEMA)
    with pytest.raises(InputMissing, match="no ratings"):
        predict_by_customers(nothing, nothing)
