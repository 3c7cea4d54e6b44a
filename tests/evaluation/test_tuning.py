"""Trials' figures, what is said of them, and what is proposed for the configuration."""

from datetime import date
from math import sqrt

import pytest
import yaml

from finrec_spark.evaluation.tuning import Takers, Trial, TrialFigures, Tuning, collect_figures, collect_takers
from finrec_spark.evaluation.tuning_report import better_parameters, tuning_figures, tuning_table, verdict
from finrec_spark.models.neighbours.walk import WalkParams

MARCH, APRIL = date(2022, 3, 1), date(2022, 4, 1)


@pytest.fixture
def measured(spark):
    return lambda *rows: spark.createDataFrame(list(rows), "customer_id string, ndcg double, configured double")


def tuned(*gains):
    """A tuning whose trials after the configured one have these gains, each ± .01."""
    configured = Trial(0, {"neighbours": 200}, TrialFigures((0.5, 0.5), 0.0, 0.0, 0.0))
    tried = [
        Trial(n, {"neighbours": n}, TrialFigures((0.5 + gain, 0.5 + gain), gain, gain - 0.01, gain + 0.01))
        for n, gain in enumerate(gains, start=1)
    ]
    return Tuning("walk", WalkParams(), (MARCH, APRIL), 10, (configured, *tried))


def test_takers_are_counted_by_month_and_once_over_all(spark):
    taken = [
        spark.createDataFrame(rows, "customer_id string, product_id string")
        for rows in ([("ann", "card"), ("ann", "loan"), ("bob", "card")], [("ann", "fund")])
    ]
    assert collect_takers(taken) == Takers((2, 1), 2)


def test_a_taker_without_a_list_counts_0(measured):
    figures = collect_figures([measured(("ann", 0.5, 0.5), ("bob", 1.0, 0.5))], Takers((4,), 4))
    assert figures.by_month == (0.375,)
    assert figures.gain == 0.125


def test_the_interval_is_that_of_the_customers_paired_differences(measured):
    figures = collect_figures([measured(("ann", 0.6, 0.5), ("bob", 0.8, 0.5), ("cyd", 0.7, 0.5))], Takers((3,), 3))
    half_width = 1.96 * 0.1 / sqrt(3)  # s of .1, .3 and .2 is .1
    assert (figures.gain, figures.low, figures.high) == pytest.approx((0.2, 0.2 - half_width, 0.2 + half_width))
    assert figures.is_better


def test_one_customer_s_months_are_not_taken_for_independent(measured):
    better, worse = ("ann", 0.6, 0.5), ("bob", 0.4, 0.5)
    once = collect_figures([measured(better, worse)], Takers((2,), 2))
    twice = collect_figures([measured(better, worse)] * 2, Takers((2, 2), 2))
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))


def test_what_is_better_is_proposed_for_the_configuration():
    assert yaml.safe_load(better_parameters([tuned(0.02, 0.05)])) == {"parameters": {"walk": {"neighbours": 2}}}
    assert "trial 2 is better" in verdict(tuned(0.02, 0.05))


@pytest.mark.parametrize(("gains", "said"), [([0.005], "no difference shown"), ([-0.05], "nothing tried is better")])
def test_what_is_not_shown_to_be_better_is_not_proposed(gains, said):
    assert better_parameters([tuned(*gains)]) == ""
    assert said in verdict(tuned(*gains)) and "keep" in verdict(tuned(*gains))


def test_the_table_has_the_best_five_and_the_configured_parameters():
    table = tuning_table(tuned(0.02, 0.03, 0.04, 0.05, 0.06, 0.005))
    numbers, words = (list(table.columns[place].cells) for place in (0, -1))
    assert numbers == ["5", "4", "3", "2", "1", "0"]
    assert str(words[-1]) == "configured"


def test_where_nothing_differs_the_table_says_so_in_words():
    table = tuning_table(tuned(0.005))
    assert str(next(iter(table.columns[-1].cells))).startswith("no difference shown")


def test_figures_name_their_trial_and_month():
    figures = list(tuning_figures(tuned(0.02)))
    keys = {(of, figure.metric, figure.segment) for of, figure in figures}
    assert len(figures) == len(keys) == 8
    assert (MARCH, "ndcg", "trial 1") in keys and (None, "ndcg_gain_over_configured", "trial 0") in keys
