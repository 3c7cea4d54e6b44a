from dataclasses import replace

import numpy as np
import pytest

from finrec_spark.errors import DataQualityError
from finrec_spark.evaluation.backtest.histories import buyers_at
from finrec_spark.evaluation.backtest.leaks import require_no_leak
from finrec_spark.evaluation.backtest.pieces import BacktestState
from finrec_spark.evaluation.backtest.sums import Sums, collect_sums
from tests.evaluation.backtest.banks import CATALOGUE, DATES, PARAMS

BANK = [{0: [1], 1: [2], 3: [28]}, {0: [3], 1: [4], 2: [9], 4: [27]}, {1: [5], 2: [26]}, {0: [6], 2: [8]}, {4: [25]}]


@pytest.fixture
def bank(frame):
    histories = frame(BANK)
    return histories, BacktestState(DATES, collect_sums(histories, CATALOGUE, DATES), CATALOGUE, PARAMS)


def test_without_a_leak_every_customer_is_the_same(bank):
    histories, state = bank
    assert require_no_leak(histories, histories.select("customer_id"), state, 20) == len(BANK)


def test_sums_that_know_the_future_are_caught(bank):
    histories, state = bank
    from_the_start = {name: np.zeros_like(at) for name, at in state.sums.at.items()}
    leaking = replace(state, sums=Sums(from_the_start, state.sums.row, state.sums.column, state.sums.value))
    with pytest.raises(DataQualityError, match=r"at 1970-01-21 the signals of 5 of 5 customers change"):
        require_no_leak(histories, histories.select("customer_id"), leaking, 20)


def test_a_history_that_knows_a_purchase_too_early_is_caught(bank, frame):
    """As a feature would be that is made from the newest state of a customer: the purchase is there on any day."""
    histories, state = bank
    told_early = frame([{p: [1] if d == [28] else d for p, d in BANK[0].items()}, *BANK[1:]])
    leaking = replace(state, sums=collect_sums(told_early, CATALOGUE, DATES))
    with pytest.raises(DataQualityError, match="the future leaks"):
        require_no_leak(histories, histories.select("customer_id"), leaking, 20)


def test_buyers_of_a_date_are_those_who_buy_something_new_within_the_horizon(frame):
    customers = [{0: [15]}, {0: [20]}, {0: [21]}, {0: [5, 15]}, {0: [5], 1: [12]}, {0: [10]}]
    found = buyers_at(frame(customers), [10], [10], most=9).collect()
    assert {row.customer_id: row.wait for row in found} == {"c0": 5, "c1": 10, "c4": 2}


def test_a_sample_of_buyers_does_not_depend_on_who_buys_after_the_horizon(frame):
    soon = [{0: [11 + n % 5]} for n in range(6)]
    later = [{0: [45]} for _ in range(20)]
    few, many = (
        buyers_at(frame(c), [10], [10, 60], most=3).where("wait <= 10").collect() for c in (soon, soon + later)
    )
    first = [sorted((r.draw, r.customer_id) for r in rows)[:3] for rows in (few, many)]
    assert first[0] == first[1] and len(first[0]) == 3
