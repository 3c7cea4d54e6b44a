import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from finrec_spark.evaluation.list_contents import content_metrics

LISTS = "model string, customer_id string, rank int, product_id string, held_by double"
TRUTH = "customer_id string, product_id string, held_by double"


def test_the_example_of_the_module(measured):
    listed = [("als", "ann", 1, "card", 1 / 2), ("als", "ann", 2, "loan", 1 / 4)]
    found = measured(listed, [("ann", "loan", 1 / 4)], 2, 4)
    assert found == {("als", "coverage", 2): 1 / 2, ("als", "novelty", 2): 1.5, ("als", "popularity_bias", 2): 1.5}


def test_ranks_beyond_a_length_count_in_longer_lists_alone(measured):
    listed = [("als", "ann", 1, "card", 1 / 2), ("als", "ann", 2, "loan", 1 / 4)]
    found = measured(listed, [("ann", "loan", 1 / 4)], 2, 4, other_k=(1,))
    assert (found["als", "coverage", 1], found["als", "coverage", 2]) == (1 / 4, 1 / 2)


def test_without_any_list_there_is_no_figure_and_without_truth_no_bias(measured):
    assert measured([], [("ann", "loan", 1 / 4)], 2, 4) == {}
    found = measured([("als", "ann", 1, "card", 1 / 2)], [], 2, 4)
    assert found == {("als", "coverage", 2): 1 / 4, ("als", "novelty", 2): 1.0}


def test_each_segment_is_held_against_what_it_took_itself(spark):
    lists = spark.createDataFrame([("als", "ann", 1, "card", 1 / 2), ("als", "bob", 1, "card", 1 / 2)], LISTS)
    truth = spark.createDataFrame([("ann", "loan", 1 / 4), ("bob", "card", 1 / 2)], TRUTH)
    segments = spark.createDataFrame([("ann", ["a"]), ("bob", ["b"])], "customer_id string, segments array<string>")
    rows = content_metrics(lists, truth, 1, 4, ["als"], segments=segments).where("metric = 'popularity_bias'").collect()
    assert {row.segment: row.value for row in rows} == pytest.approx({"a": 2, "b": 1, "all": 4 / 3})


@given(st.integers(0, 10_000))
@settings(max_examples=3, deadline=None)
def test_random_lists_are_measured_as_by_plain_numpy(measured, seed):
    rng = np.random.default_rng(seed)
    held_by = rng.integers(1, 50, 12) / 50
    lists = [rng.permutation(12)[: rng.integers(0, 6)] for _ in range(30)]  # also empty and short ones
    taken = [rng.permutation(12)[: rng.integers(1, 4)] for _ in range(30)]
    listed = [("als", f"c{c}", r + 1, f"p{p}", held_by[p]) for c, row in enumerate(lists) for r, p in enumerate(row)]
    truth = [(f"c{c}", f"p{p}", held_by[p]) for c, row in enumerate(taken) for p in row]
    found = measured(plain(listed), plain(truth), 4, 12, other_k=(2,))

    at = {k: np.concatenate([row[:k] for row in lists]).astype(int) for k in (2, 4)}
    assert found["als", "coverage", 2] == pytest.approx(len(set(at[2])) / 12)
    assert found["als", "coverage", 4] == pytest.approx(len(set(at[4])) / 12)
    assert found["als", "novelty", 4] == pytest.approx(np.mean(-np.log2(held_by[at[4]])))
    bias = held_by[at[4]].mean() / held_by[np.concatenate(taken)].mean()
    assert found["als", "popularity_bias", 4] == pytest.approx(bias)


def plain(rows):
    return [tuple(value.item() if isinstance(value, np.generic) else value for value in row) for row in rows]


@pytest.fixture(scope="module")
def measured(spark):
    def build(listed, truth, k, n_products, other_k=()):
        lists, taken = spark.createDataFrame(listed, LISTS), spark.createDataFrame(truth, TRUTH)
        rows = content_metrics(lists, taken, k, n_products, ["als"], other_k).where(F.col("segment") == "all")
        return {(row.model, row.metric, row.k): row.value for row in rows.collect()}

    return build
