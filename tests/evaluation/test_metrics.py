from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from finrec_spark.evaluation.list_contents import coverage_metrics
from finrec_spark.evaluation.metrics import (
    in_segments,
    mean_metrics,
    ndcg_of_lists,
    paired_differences,
    per_customer_metrics,
    recall_of_lists,
)

SEGMENTS = "customer_id string, segments array<string>"
D1, D2, D3 = 1, 1 / log2(3), 1 / 2  # what a hit at rank 1, 2, 3 counts


def test_a_list_of_hits_at_ranks_1_and_3_of_4_taken_products(lists_of, truth_of):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "ann", 2, "loan"), ("als", "ann", 3, "fund")])
    truth = truth_of([("ann", "card"), ("ann", "fund"), ("ann", "bond"), ("ann", "gold")])
    row = per_customer_metrics(lists, truth, 3, ["als"]).first()
    assert row.ndcg == pytest.approx((D1 + D3) / (D1 + D2 + D3))
    assert (row.recall, row.precision, row.hit_rate) == pytest.approx((2 / 4, 2 / 3, 1))
    assert row.map == pytest.approx((1 / 1 + 2 / 3) / 3)
    assert row.mrr == 1


def test_the_reciprocal_rank_is_that_of_the_first_hit(lists_of, truth_of):
    lists = lists_of([("als", "ann", r, p) for r, p in enumerate(("card", "loan", "fund"), start=1)])
    row = per_customer_metrics(lists, truth_of([("ann", "loan"), ("ann", "fund")]), 3, ["als"]).first()
    assert row.mrr == 1 / 2


def test_pairs_of_one_category_and_of_two_make_the_diversity(spark, truth_of):
    listed = [("als", "ann", 1, "card", "credit"), ("als", "ann", 2, "loan", "credit"), ("als", "ann", 3, "fund", "x")]
    lists = spark.createDataFrame(
        [*listed, ("als", "bob", 1, "card", "credit")],
        "model string, customer_id string, rank int, product_id string, category string",
    )
    found = per_customer_metrics(lists, truth_of([("ann", "gold"), ("bob", "gold")]), 3, ["als"]).collect()
    assert {row.customer_id: row.diversity for row in found} == {"ann": pytest.approx(2 / 3), "bob": None}


def test_other_lengths_are_measured_for_everyone_alone(lists_of, truth_of, spark):
    lists = lists_of([("als", "ann", r, p) for r, p in enumerate(("card", "loan", "fund"), start=1)])
    per_customer = per_customer_metrics(lists, truth_of([("ann", "loan")]), 3, ["als"], other_k=(1, 2))
    segments = spark.createDataFrame([("ann", ["rich", "warm"])], SEGMENTS)
    found = {(row.segment, row.k): row.value for row in recalls(mean_metrics(per_customer, 3, (1, 2), segments))}
    assert found == {("all", 3): 1, ("rich", 3): 1, ("warm", 3): 1, ("all", 1): 0, ("all", 2): 1}


def test_a_customer_of_two_segments_counts_in_both_and_once_for_everyone(spark):
    rows = spark.createDataFrame([("ann",), ("bob",)], "customer_id string")
    segments = spark.createDataFrame([("ann", ["rich", "cold"])], SEGMENTS)
    found = [tuple(row) for row in in_segments(rows, segments).orderBy("customer_id", "segment").collect()]
    assert found == [("ann", "all"), ("ann", "cold"), ("ann", "rich"), ("bob", "all")]


def test_a_gain_is_told_by_segment(spark):
    values = [("als", "ann", 0.5), ("popularity", "ann", 0.25), ("als", "bob", 1.0), ("popularity", "bob", 0.5)]
    per_customer = spark.createDataFrame(values, "model string, customer_id string, ndcg double")
    segments = spark.createDataFrame([("ann", ["rich"]), ("bob", ["young"])], SEGMENTS)
    rows = paired_differences(per_customer, "popularity", "ndcg", segments).collect()
    assert {row.segment: row.value for row in rows} == {"all": 0.375, "rich": 0.25, "young": 0.5}


def test_the_ideal_of_one_taken_product_is_one_hit_at_rank_1(lists_of, truth_of):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "ann", 2, "loan")])
    row = per_customer_metrics(lists, truth_of([("ann", "loan")]), 2, ["als"]).first()
    assert (row.ndcg, row.recall, row.map) == pytest.approx((D2 / D1, 1, 1 / 2))


def test_the_order_is_that_of_the_rank_column(lists_of, truth_of):
    rows = [("als", "ann", 3, "fund"), ("als", "ann", 1, "card"), ("als", "ann", 2, "loan")]
    truth = truth_of([("ann", "fund")])
    for arrival in (rows, rows[::-1]):
        assert per_customer_metrics(lists_of(arrival), truth, 3, ["als"]).first().ndcg == pytest.approx(D3)


def test_ranks_beyond_k_are_not_read(lists_of, truth_of):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "ann", 2, "loan")])
    assert per_customer_metrics(lists, truth_of([("ann", "loan")]), 1, ["als"]).first().ndcg == 0


def test_a_customer_without_a_list_counts_0(lists_of, truth_of):
    lists = lists_of([("als", "ann", 1, "card")])
    found = means_of(ranking_metrics(lists, truth_of([("ann", "card"), ("bob", "card")]), 1, 4, ["als"]))
    assert found["als", "recall", "all"].value == 1 / 2


def test_a_customer_who_took_nothing_is_left_out(lists_of, truth_of):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "bob", 1, "loan")])
    found = means_of(ranking_metrics(lists, truth_of([("ann", "card")]), 1, 4, ["als"]))
    assert found["als", "recall", "all"].value == 1


def test_a_model_without_any_list_scores_0(lists_of, truth_of):
    found = means_of(ranking_metrics(lists_of([]), truth_of([("ann", "card"), ("bob", "card")]), 1, 4, ["als"]))
    assert found["als", "ndcg", "all"].value == 0


def test_the_interval_is_1_96_standard_errors_wide(lists_of, truth_of):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "bob", 1, "card"), ("als", "cat", 1, "card")])
    truth = truth_of([("ann", "card"), ("bob", "card"), ("cat", "loan")])
    row = means_of(ranking_metrics(lists, truth, 1, 4, ["als"]))["als", "ndcg", "all"]
    assert (row.value, row.high - row.value) == pytest.approx((2 / 3, 1.96 * (1 / 3) ** 0.5 / 3**0.5))
    assert row.value - row.low == pytest.approx(row.high - row.value)


def test_coverage_counts_each_product_once_and_has_no_interval(lists_of, truth_of):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "bob", 1, "card"), ("als", "cat", 1, "loan")])
    row = means_of(ranking_metrics(lists, truth_of([("ann", "card")]), 1, 4, ["als"]))["als", "coverage", "all"]
    assert (row.value, row.low, row.high) == (2 / 4, None, None)


def test_who_is_in_the_segment_of_all_counts_once(lists_of, truth_of, spark):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "bob", 1, "card")])
    segments = spark.createDataFrame([("ann", ["all"]), ("bob", ["young"])], SEGMENTS)
    found = means_of(ranking_metrics(lists, truth_of([("ann", "card"), ("bob", "loan")]), 1, 4, ["als"], segments))
    assert found["als", "ndcg", "all"].value == pytest.approx(1 / 2)


def test_a_segment_holds_its_own_customers_only(lists_of, truth_of, spark):
    lists = lists_of([("als", "ann", 1, "card"), ("als", "bob", 1, "card")])
    truth = truth_of([("ann", "card"), ("bob", "loan"), ("cat", "loan")])
    segments = spark.createDataFrame([("ann", ["rich"]), ("bob", ["young"])], SEGMENTS)
    found = means_of(ranking_metrics(lists, truth, 1, 4, ["als"], segments))
    assert {segment: row.value for (_, metric, segment), row in found.items() if metric == "ndcg"} == pytest.approx(
        {"rich": 1, "young": 0, "all": 1 / 3}
    )


def test_a_paired_difference_is_that_of_the_same_customers(spark):
    values = [("als", "ann", 0.5), ("popularity", "ann", 0.25), ("als", "bob", 1.0), ("popularity", "bob", 0.5)]
    per_customer = spark.createDataFrame(values, "model string, customer_id string, ndcg double")
    row = paired_differences(per_customer, "popularity", "ndcg").first()
    half_width = 1.96 * (0.125**2 * 2) ** 0.5 / 2**0.5
    assert (row.value, row.low, row.high) == pytest.approx((0.375, 0.375 - half_width, 0.375 + half_width))


def test_every_model_but_the_baseline_is_compared(spark):
    values = [(model, "ann", 0.5) for model in ("als", "popularity", "pearson_item")]
    per_customer = spark.createDataFrame(values, "model string, customer_id string, ndcg double")
    compared = paired_differences(per_customer, "popularity", "ndcg").collect()
    assert {row.model for row in compared} == {"als", "pearson_item"}


def test_spark_and_numpy_agree_with_the_slow_definition(spark, lists_of, truth_of):
    rng = np.random.default_rng(7)
    top = np.array([rng.permutation(12)[:5] for _ in range(40)])
    top[::7, 3:] = -1  # short lists
    taken = rng.random((40, 12)) < 0.2
    taken[:, 0] |= ~taken.any(axis=1)  # everyone took something

    listed = [("als", f"c{c:02}", r + 1, f"p{p}") for c, row in enumerate(top) for r, p in enumerate(row) if p >= 0]
    truth = truth_of([(f"c{c:02}", f"p{p}") for c, p in np.argwhere(taken)])
    measured = per_customer_metrics(lists_of(listed), truth, 5, ["als"], other_k=(2,))
    found = measured.orderBy("customer_id").toPandas()

    slow_at_2 = np.array([slow_ndcg_and_recall(list_[:2], of) for list_, of in zip(top, taken, strict=True)])
    np.testing.assert_allclose(found[["ndcg_at_2", "recall_at_2"]], slow_at_2, atol=1e-12)
    ranks = [slow_reciprocal_rank(*pair) for pair in zip(top, taken, strict=True)]
    np.testing.assert_allclose(found["mrr"], ranks, atol=1e-12)
    expected = np.array([slow_ndcg_and_recall(*pair) for pair in zip(top, taken, strict=True)])
    np.testing.assert_allclose(found[["ndcg", "recall"]], expected, atol=1e-12)
    relevant = csr_matrix(taken.astype(float))
    np.testing.assert_allclose(ndcg_of_lists(top, relevant), expected[:, 0], atol=1e-12)
    np.testing.assert_allclose(recall_of_lists(top, relevant), expected[:, 1], atol=1e-12)


def test_numpy_leaves_who_took_nothing_undefined():
    relevant = csr_matrix(np.array([[0.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_array_equal(ndcg_of_lists(np.array([[0, 1], [1, 0]]), relevant), [np.nan, 1])


def test_numpy_takes_an_empty_batch():
    assert ndcg_of_lists(np.empty((0, 3), dtype=np.int64), csr_matrix((0, 5))).shape == (0,)


@given(st.permutations(range(6)), st.sets(st.integers(0, 5), min_size=1), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_recall_never_falls_with_k_and_ndcg_stays_within_0_and_1(order, taken, k):
    relevant = csr_matrix(np.isin(np.arange(6), list(taken)).astype(float)[None, :])
    top = np.array([order])
    assert recall_of_lists(top[:, :k], relevant)[0] <= recall_of_lists(top[:, : k + 1], relevant)[0]
    assert 0 <= ndcg_of_lists(top[:, :k], relevant)[0] <= 1 + 1e-12


def slow_ndcg_and_recall(top, taken):
    """One customer, in plain Python."""
    hits = [rank for rank, product in enumerate(top, start=1) if product >= 0 and taken[product]]
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(len(top), taken.sum()) + 1))
    return sum(1 / log2(rank + 1) for rank in hits) / ideal, len(hits) / taken.sum()


def slow_reciprocal_rank(top, taken):
    hits = [rank for rank, product in enumerate(top, start=1) if product >= 0 and taken[product]]
    return 1 / hits[0] if hits else 0


def recalls(metrics):
    return metrics.where("metric = 'recall'").collect()


def ranking_metrics(lists, truth, k, n_products, models, segments=None):
    """Means and coverage, as the protocols put them together."""
    means = mean_metrics(per_customer_metrics(lists, truth, k, models), k, segments=segments)
    return means.unionByName(coverage_metrics(lists, k, n_products, models, segments=segments))


def means_of(metrics):
    return {(row.model, row.metric, row.segment): row for row in metrics.collect()}


@pytest.fixture
def lists_of(spark):
    return lambda rows: spark.createDataFrame(rows, "model string, customer_id string, rank int, product_id string")


@pytest.fixture
def truth_of(spark):
    return lambda rows: spark.createDataFrame(rows, "customer_id string, product_id string")
