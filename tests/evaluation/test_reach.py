import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.evaluation.reach import reach_metrics

SCORED = "score double, purchases int, value double"


@given(st.integers(0, 10_000))
@settings(max_examples=3, deadline=None)
def test_random_customers_are_reached_as_by_plain_numpy(reached, seed):
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 8, 60) / 8  # many ties
    purchases, value = rng.poisson(0.4, 60), rng.gamma(1.0, 100.0, 60)
    rows = list(zip(score.tolist(), purchases.tolist(), value.tolist(), strict=True))
    found = reached(rows, [1, 7, 50, 100])
    for capacity in (1, 7, 50, 100):
        expected = slow_captured(score, purchases, capacity), slow_captured(score, value, capacity)
        assert found["captured_purchases", capacity].value == pytest.approx(expected[0])
        assert found["captured_value", capacity].value == pytest.approx(expected[1])
        assert found["contact_lift", capacity].value == pytest.approx(expected[0] / capacity * 100)


def test_everyone_contacted_is_everything_captured_without_doubt(reached):
    row = reached([(0.9, 1, 5.0), (0.1, 3, 1.0)], [100])["captured_purchases", 100]
    assert (row.value, row.low, row.high) == (1, 1, 1)


def test_equal_scores_reach_no_more_than_chance(reached):
    found = reached([(0.5, n % 2, 1.0) for n in range(10)], [20])
    assert (found["captured_purchases", 20].value, found["contact_lift", 20].value) == pytest.approx((0.2, 1))


def test_the_interval_is_that_of_a_ratio_of_sums(reached):
    row = reached([(0.9, 2, 0.0), (0.8, 0, 0.0), (0.2, 1, 0.0), (0.1, 1, 0.0)], [50])["captured_purchases", 50]
    half_width = 1.96 * (2**2 * 0.5**2 + 1 * 0.5**2 + 1 * 0.5**2) ** 0.5 / 4
    assert (row.value, row.high - row.value, row.value - row.low) == pytest.approx((0.5, half_width, half_width))


def test_what_nobody_bought_has_no_figure(reached):
    assert reached([(0.5, 0, 0.0), (0.1, 0, 0.0)], [10]) == {}
    assert {metric for metric, _ in reached([(0.5, 1, 0.0)], [10])} == {"captured_purchases", "contact_lift"}


def slow_captured(score, amount, capacity):
    """The mean of many orders of those of equal score is a line between the groups' ends."""
    ends = [(0.0, 0.0)]
    for one in sorted(set(score), reverse=True):
        ends.append((ends[-1][0] + (score == one).sum(), ends[-1][1] + amount[score == one].sum()))
    x, y = zip(*ends, strict=True)
    return np.interp(capacity / 100 * len(score), x, y) / amount.sum()


@pytest.fixture(scope="module")
def reached(spark):
    def build(rows, capacities):
        found = reach_metrics(spark.createDataFrame(rows, SCORED), capacities, "ensemble").collect()
        return {(row.metric, row.k): row for row in found}

    return build
