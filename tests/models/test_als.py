import numpy as np
import pytest
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.models.als import numbered_customers, product_factors, scorer
from finrec_spark.models.als_ratings import arranged, predict_ratings
from finrec_spark.models.factorisation import AlsParams, estimator, require_checkpoint
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.spec import ScorerInputs

N_CUSTOMERS, N_PRODUCTS = 40, 12
PRODUCTS = [f"p{i:02}" for i in range(N_PRODUCTS)]
INPUTS = ScorerInputs(tuple(PRODUCTS))
IMPLICIT = AlsParams(rank=4, iterations=3, alpha=2.0, regularisation=0.1)
PRODUCT_FACTORS = "product_id string, factors array<double>"
ENTRIES = "customer_id string, customer_index int, product_id string, product_index int, strength double, rating double"
RATING = "customer_index int, product_index int, rating double"
EXPLICIT = AlsParams(rank=3, iterations=6, rating_regularisation=0.001, implicit=False)


def test_folding_in_equals_mllibs_customer_factors(matrix, als, history):
    entries = numbered_customers(matrix.select("customer_id", "product_index", "strength"), IMPLICIT.customer_blocks)
    model = estimator(IMPLICIT, "strength").fit(entries)
    expected = dense(model.userFactors) @ dense(model.itemFactors).T
    scores = als.score(batch(history))
    np.testing.assert_allclose(scores[scores[:, 0].argsort()], expected[expected[:, 0].argsort()], atol=1e-5)


def test_folding_in_equals_mllibs_customer_factors_of_ratings(spark, matrix, history):
    model = estimator(EXPLICIT, "rating").fit(arranged(matrix, EXPLICIT))
    customers, products = dense(model.userFactors), dense(model.itemFactors)
    factors = spark.createDataFrame(list(zip(PRODUCTS, products.tolist(), strict=True)), PRODUCT_FACTORS)
    scores = scorer(factors, INPUTS, EXPLICIT).score(batch(history))
    np.testing.assert_allclose(scores, customers @ products.T, atol=2e-4)


def test_partitioning_changes_no_bit_of_the_factors(matrix, factors, with_shuffle_partitions):
    with_shuffle_partitions(7)
    again = product_factors(matrix.orderBy(F.desc("strength")).repartition(7), IMPLICIT)
    assert sorted(again.collect()) == sorted(factors.collect())


def test_positions_that_earlier_months_gave_change_no_bit_of_the_factors(matrix, factors):
    moved = matrix.withColumn("customer_index", 997 - 3 * F.col("customer_index"))
    moved = moved.withColumn("product_index", (5 * F.col("product_index") + 7) % N_PRODUCTS)
    assert sorted(product_factors(moved, IMPLICIT).collect()) == sorted(factors.collect())


def test_customers_are_numbered_once_each_and_their_entries_stay(matrix):
    entries = matrix.select("customer_id", "product_index", "strength")
    numbered = numbered_customers(entries, 3)
    assert numbered.select("customer_index").distinct().count() == entries.select("customer_id").distinct().count()
    assert entries_of(numbered, "customer_index") == entries_of(entries, "customer_id")


def test_more_blocks_than_two_still_give_the_same_scores(matrix, history):
    params = IMPLICIT.model_copy(update={"iterations": 2, "customer_blocks": 3, "product_blocks": 3})
    once, again = (scorer(product_factors(rows, params), INPUTS, params) for rows in (matrix, matrix.repartition(7)))
    np.testing.assert_allclose(once.score(batch(history)), again.score(batch(history)), atol=1e-5)


def test_ratings_of_low_rank_are_recovered_where_they_are_hidden(spark, low_rank):
    hidden = (np.arange(low_rank.size) % 5 == 0).reshape(low_rank.shape)
    train, test = (frame(spark, low_rank, where).drop("product_id") for where in (~hidden, hidden))
    found = predict_ratings(train, test.drop("strength", "rating"), EXPLICIT, scale=(-9, 9)).toPandas()
    truth = low_rank[found.customer_index, found.product_index]
    assert np.abs(found.prediction - truth).mean() < 0.1 * np.abs(truth).mean()


def test_a_predicted_rating_is_within_the_scale_and_a_mean_where_nothing_was_learned(spark):
    train = spark.createDataFrame([(0, 0, 5.0), (1, 0, 4.0), (0, 1, 1.0)], RATING)
    pairs = [(1, 0), (0, 1), (9, 0), (0, 9), (9, 9)]
    test = spark.createDataFrame(pairs, "customer_index int, product_index int")
    found = {tuple(row[:2]): row.prediction for row in predict_ratings(train, test, EXPLICIT, scale=(2, 3.5)).collect()}
    assert found == {(1, 0): 3.5, (0, 1): 2.0, (9, 0): 3.5, (0, 9): 3.0, (9, 9): pytest.approx(10 / 3)}


def test_customers_without_a_history_score_zero_everywhere(als):
    nobody = batch(csr_matrix((2, N_PRODUCTS)))
    assert not als.score(nobody).any()
    assert (als.explain(nobody, np.array([[0, 1], [2, 3]])).product == -1).all()


def test_products_without_factors_score_zero_and_teach_nothing(factors, history):
    als = scorer(factors.where("product_id <> 'p03'"), INPUTS, IMPLICIT)
    without = history.tolil()
    without[:, 3] = 0
    scores = als.score(batch(history))
    assert not scores[:, 3].any()
    np.testing.assert_allclose(scores, als.score(batch(without.tocsr())))


def test_a_reason_is_the_largest_addend_of_the_score_and_its_share(als, history):
    products = np.tile([[0, 4, 7]], (N_CUSTOMERS, 1))
    reason = als.explain(batch(history), products)
    scores = als.score(batch(history))
    for row, column in np.ndindex(products.shape):
        added = slow_addends(als.fold_in.basis, history[row], products[row, column])
        np.testing.assert_allclose(sum(added.values()), scores[row, products[row, column]], atol=1e-9)
        best = max(added, key=added.get)
        share = added[best] / sum(added.values())
        expected = (best, pytest.approx(min(share, 1))) if sum(added.values()) > 0 else (-1, 1)
        assert (reason.product[row, column], reason.share[row, column]) == expected


def test_explicit_scores_are_zero_where_the_bank_has_no_ratings(factors, history):
    als = scorer(factors, INPUTS, IMPLICIT.model_copy(update={"implicit": False}))
    assert not als.score(batch(history, rated=False)).any()


def test_a_matrix_without_ratings_says_to_use_strength(matrix):
    with pytest.raises(InputMissing, match="set implicit to true"):
        product_factors(matrix.withColumn("rating", F.lit(None).cast("double")), EXPLICIT)


def test_factors_of_another_rank_are_refused(spark):
    factors = spark.createDataFrame([("p00", [1.0, 2.0])], PRODUCT_FACTORS)
    with pytest.raises(ConfigError, match="not of rank 4"):
        scorer(factors, INPUTS, IMPLICIT)


def test_many_iterations_need_a_checkpoint_directory():
    many = IMPLICIT.model_copy(update={"iterations": 25})
    require_checkpoint(many, "checkpoints")
    with pytest.raises(ConfigError, match="give the session a checkpoint directory"):
        require_checkpoint(many, None)


def test_many_iterations_end_with_a_checkpoint_directory(spark, matrix, tmp_path):
    spark.sparkContext.setCheckpointDir(str(tmp_path))
    assert product_factors(matrix, IMPLICIT.model_copy(update={"iterations": 20})).count() == N_PRODUCTS


@pytest.fixture(scope="module")
def low_rank():
    rng = np.random.default_rng(5)
    return rng.normal(size=(N_CUSTOMERS, 3)) @ rng.normal(size=(3, N_PRODUCTS))


@pytest.fixture(scope="module")
def history():
    """Strengths of N_CUSTOMERS × N_PRODUCTS, about half of them 0; customer 0 has one product, as short as it gets."""
    rng = np.random.default_rng(11)
    strengths = rng.exponential(size=(N_CUSTOMERS, N_PRODUCTS)) * (rng.random((N_CUSTOMERS, N_PRODUCTS)) < 0.5)
    strengths[0] = 0
    strengths[0, 2] = 1.5
    return csr_matrix(strengths)


@pytest.fixture(scope="module")
def matrix(spark, history):
    return frame(spark, history.toarray(), history.toarray() > 0)


@pytest.fixture(scope="module")
def factors(spark, matrix):
    return spark.createDataFrame(product_factors(matrix, IMPLICIT).collect(), PRODUCT_FACTORS)


@pytest.fixture(scope="module")
def als(factors):
    return scorer(factors, INPUTS, IMPLICIT)


@pytest.fixture
def with_shuffle_partitions(spark):
    before = spark.conf.get("spark.sql.shuffle.partitions")
    yield lambda n: spark.conf.set("spark.sql.shuffle.partitions", n)
    spark.conf.set("spark.sql.shuffle.partitions", before)


def frame(spark, values, where):
    """Matrix entries; the rating is the strength."""
    pairs = [(int(c), int(p), float(values[c, p])) for c, p in np.argwhere(where)]
    rows = [(f"c{c}", c, PRODUCTS[p], p, value, value) for c, p, value in pairs]
    schema = (
        "customer_id string, customer_index int, product_id string, product_index int, strength double, rating double"
    )
    return spark.createDataFrame(rows, schema).repartition(3)


def entries_of(entries, customer):
    """Each customer's entries, whoever it is: sorted lists of products and strengths."""
    lists = entries.groupBy(customer).agg(
        F.sort_array(F.collect_list(F.struct("product_index", "strength"))).alias("all")
    )
    return sorted(row["all"] for row in lists.collect())


def dense(factors):
    return np.array(factors.orderBy("id").toPandas().features.tolist(), dtype=float)


def batch(history, rated=True):
    nobody = np.zeros(history.shape[0], dtype=np.int64)
    none = csr_matrix(history.shape)
    segment = np.full(history.shape[0], "all", dtype=object)
    rating = history if rated else None
    return CustomerBatch(history, none, none, none, segment, nobody, nobody.astype(np.uint64), rating)


def slow_addends(factors, row, product):
    """What each product of the history adds to one score: y' A⁻¹ yₕ (1 + cₕ)."""
    confidence = dict(zip(row.indices.tolist(), IMPLICIT.alpha * row.data, strict=True))
    matrix = factors.T @ factors + IMPLICIT.regularisation * len(confidence) * np.eye(IMPLICIT.rank)
    matrix = matrix + sum(c * np.outer(factors[p], factors[p]) for p, c in confidence.items())
    inverse = np.linalg.inv(matrix)
    return {p: factors[product] @ inverse @ factors[p] * (1 + c) for p, c in confidence.items()}
