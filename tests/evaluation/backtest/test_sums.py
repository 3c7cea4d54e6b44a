import numpy as np
import pytest
from hypothesis import given, settings

from finrec_spark.evaluation.backtest.sums import NEWCOMER, WALK_STEPS, collect_sums
from tests.evaluation.backtest.banks import CATALOGUE, DATES, histories, pasts_from, sums_from


@settings(max_examples=50, deadline=None)
@given(histories)
def test_the_sums_of_a_date_are_those_of_the_matrix_known_then(customers):
    pasts = pasts_from(customers)
    sums = sums_from(pasts)
    for day in DATES:
        owned = pasts.until(day).owned().toarray()
        assert np.array_equal(sums.matrix("support", day, 5), owned.T @ owned)
        size = np.maximum(owned.sum(axis=1, keepdims=True), 1)
        assert np.allclose(sums.matrix("walk", day, 5) / WALK_STEPS, owned.T @ (owned / size), atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(histories)
def test_what_was_held_before_each_new_purchase_is_counted_purchase_by_purchase(customers):
    sums = sums_from(pasts_from(customers))
    held, bought_next = np.zeros((5, 5)), np.zeros((5, 5))
    for bought in customers:
        first = {product: min(days) for product, days in bought.items() if min(days) <= 20}
        for day in set(first.values()):
            before, new = (np.array([check(first.get(p, 99)) for p in range(5)]) for check in (day.__gt__, day.__eq__))
            held, bought_next = held + np.outer(before, before), bought_next + np.outer(before, new)
    assert np.array_equal(sums.matrix("held", 20, 5), held)
    assert np.array_equal(sums.matrix("next", 20, 5), bought_next)


def test_a_purchase_counts_from_the_first_date_that_knows_it():
    sums = sums_from(pasts_from([{0: [10]}, {0: [11]}]))
    assert [sums.matrix("support", day, 5)[0, 0] for day in DATES] == [1, 2, 2]


def test_a_repeat_is_a_buy_but_no_first_buy():
    sums = sums_from(pasts_from([{2: [5, 8]}]))
    assert sums.buys("first_buys", 10)[2].sum() == 1
    assert sums.buys("buys", 10)[2].sum() == 2


def test_a_buy_is_told_with_the_kind_of_most_that_the_buyer_owned_before():
    kind, product, _, _ = sums_from(pasts_from([{1: [3], 0: [7]}])).buys("first_buys", 10)
    assert list(zip(product, kind, strict=True)) == [(1, NEWCOMER), (0, 1)]


def test_a_window_holds_what_was_known_for_fewer_days():
    sums = sums_from(pasts_from([{0: [4]}, {1: [5]}, {2: [10]}, {3: [11]}]))
    assert sums.buys("first_buys", 10, window_days=6)[1].tolist() == [1, 2]


def test_an_entry_fades_by_half_in_a_half_life():
    sums = sums_from(pasts_from([{0: [5], 1: [8]}]))
    assert sums.matrix("next", 30, 5, half_life_days=20.0)[0, 1] == pytest.approx(0.5)


def test_spark_adds_up_what_one_task_does_alone(frame):
    customers = [{0: [5], 1: [12, 14]}, {1: [3]}, {0: [5], 2: [22], 4: [29]}, {}]
    spread = collect_sums(frame(customers).repartition(3), CATALOGUE, DATES)
    alone = sums_from(pasts_from(customers))
    for day in DATES:
        for measure in ("support", "walk", "held", "next"):
            assert np.array_equal(spread.matrix(measure, day, 5), alone.matrix(measure, day, 5))
        for mine, other in zip(spread.buys("buys", day), alone.buys("buys", day), strict=True):
            assert np.array_equal(mine, other)
