import pytest

from finrec_spark.evaluation.figures import ENSEMBLE_GAIN, MetricRow
from finrec_spark.evaluation.report.lookup import Lookup
from finrec_spark.evaluation.report.summary import summary
from finrec_spark.evaluation.report.verdicts import BETTER, NOT_SHOWN, WORSE, comparisons


@pytest.mark.parametrize(
    ("value", "half_width", "verdict"),
    [(0.05, 0.02, BETTER), (-0.05, 0.02, WORSE), (0.05, 0.06, NOT_SHOWN), (0.0, 0.0, NOT_SHOWN), (0.05, 0.0, BETTER)],
)
def test_an_interval_that_holds_zero_shows_no_difference(value, half_width, verdict):
    assert [one.verdict for one in comparisons([gain("als", value, half_width)])] == [verdict]


def test_what_alone_would_be_a_difference_is_none_among_many():
    barely = gain("als", 0.021, 0.02)  # p = .04
    assert comparisons([barely])[0].verdict == BETTER
    among = comparisons([barely, *(gain(f"model_{n}", 0.0, 0.02) for n in range(4))])
    assert among[0].verdict == NOT_SHOWN


def test_a_gain_without_an_interval_shows_nothing():
    assert comparisons([MetricRow("als", ENSEMBLE_GAIN, 10, "all", 0.3, None, None)])[0].verdict == NOT_SHOWN


def test_the_summary_names_the_best_model_and_each_verdict():
    ndcg = [MetricRow(model, "ndcg", 10, "all", value, value - 0.02, value + 0.02) for model, value in VALUES.items()]
    gains = [gain("als", 0.05, 0.02), gain("popularity", 0.01, 0.02), gain("random", 0.2, 0.02)]
    said = " ".join(map(str, summary(Lookup([*ndcg, *gains]))))
    assert "<strong>ensemble</strong> has the highest nDCG@10" in said
    assert "The ensemble is better than als" in said
    assert "No difference shown between the ensemble and popularity" in said
    assert "2 comparisons" in said  # chance is no rival
    assert "random" not in said


VALUES = {"true_propensity": 0.5, "ensemble": 0.3, "popularity": 0.29, "als": 0.25, "random": 0.1}


def gain(model, value, half_width):
    return MetricRow(model, ENSEMBLE_GAIN, 10, "all", value, value - half_width, value + half_width)
