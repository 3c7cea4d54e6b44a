from datetime import date, timedelta

import numpy as np
import pytest

from finrec_spark.evaluation.backtest.differences import mean_over_dates
from finrec_spark.evaluation.backtest.report import backtest_table, best_single, half_years_table
from finrec_spark.evaluation.backtest.summary import over_dates, overlapping_dates
from finrec_spark.evaluation.figures import MetricRow

FIRST = date(2019, 8, 1)


def figures(model, values, segment="in_train"):
    return [
        {
            "model": model,
            "metric": "ndcg",
            "k": 10,
            "segment": segment,
            "origin": FIRST + timedelta(days=90 * n),
            "value": v,
        }
        for n, v in enumerate(values)
    ]


def summed(*records):
    return {(f.model, f.metric, f.segment): f for f in over_dates([row for part in records for row in part], 165)}


def test_the_mean_of_a_model_is_over_dates_whatever_their_customers():
    found = summed(figures("walk", [0.2, 0.4]), figures("ensemble", [0.3, 0.6]))
    assert found["walk", "ndcg", "in_train"].value == pytest.approx(0.3)
    assert found["walk", "ndcg_gain_of_ensemble", "in_train"].value == pytest.approx(0.15)


def test_a_half_year_has_figures_of_its_own():
    found = summed(figures("walk", [0.2, 0.4, 0.9]), figures("ensemble", [0.3, 0.6, 0.9]))
    assert found["walk", "ndcg", "in_train, 2019 H2"].value == pytest.approx(0.3)
    assert found["walk", "ndcg", "in_train, 2020 H1"].value == pytest.approx(0.9)


def test_an_even_gain_has_an_interval_without_width_however_the_dates_differ():
    walk = np.linspace(0.1, 0.5, 12)
    gain = summed(figures("walk", walk), figures("ensemble", walk + 0.01))["walk", "ndcg_gain_of_ensemble", "in_train"]
    assert (gain.low, gain.value, gain.high) == pytest.approx((0.01, 0.01, 0.01))


def test_blocks_of_dates_that_go_together_make_the_interval_wider():
    swings = np.repeat([0.0, 0.1, 0.0, 0.1, 0.0, 0.1], 10)
    alone, together = (mean_over_dates(swings, block, seed=1) for block in (1, 10))
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_fewer_than_two_blocks_have_no_interval():
    assert mean_over_dates(np.ones(23), 12, seed=1).low is None
    assert mean_over_dates(np.ones(24), 12, seed=1).low == 1.0


def test_dates_13_days_apart_share_test_time_with_the_next_twelve():
    assert overlapping_dates([FIRST + timedelta(days=13 * n) for n in range(69)], 165) == 13


def row(model, metric, segment, value):
    return MetricRow(model, metric, 10, segment, value, None, None)


TOLD = [
    row("ensemble", "ndcg", "in_train", 0.4),
    row("walk", "ndcg", "in_train", 0.35),
    row("popularity", "ndcg", "in_train", 0.26),
    row("fusion", "ndcg", "in_train", 0.36),
    row("ensemble", "ndcg", "in_train, 2019 H2", 0.41),
]


def test_the_published_figures_stand_beside_and_below_ours():
    table = backtest_table(TOLD, "the dates")
    models, published = (list(table.columns[place].cells) for place in (0, -1))
    assert [str(model) for model in models[:5]] == ["ensemble", "fusion", "walk", "popularity", "LightGCN"]
    assert published[3:5] == [".2710", ".3404"]


def test_the_best_single_model_is_no_fusion_of_others():
    assert best_single(TOLD) == "walk"


def test_half_years_name_what_the_ensemble_is_held_against():
    table = half_years_table(TOLD)
    assert [column.header for column in table.columns] == [
        "half-year",
        "ensemble",
        "gain over fusion",
        "gain over walk",
    ]
    assert list(table.columns[0].cells) == ["2019 H2"]


def test_lists_of_several_lengths_have_means_of_their_own():
    short, long = figures("walk", [0.2, 0.4]), [{**row, "k": 3} for row in figures("walk", [0.1, 0.1])]
    found = {f.k: f.value for f in over_dates(short + long, 165) if f.segment == "in_train"}
    assert found == pytest.approx({10: 0.3, 3: 0.1})
