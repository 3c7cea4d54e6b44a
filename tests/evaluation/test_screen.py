from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from finrec_spark.evaluation.figures import ENSEMBLE_GAIN, MetricRow, metric_rows
from finrec_spark.evaluation.report.screen import metrics_table, ratings_table

ROWS = [
    MetricRow("popularity", "ndcg", 10, "all", 0.271, 0.26, 0.282),
    MetricRow("popularity", "coverage", 10, "all", 0.05, None, None),
    MetricRow("als", "ndcg", 10, "all", 0.3, 0.28, 0.32),
    MetricRow("als", "coverage", 10, "all", 0.4, None, None),
    MetricRow("als", "ndcg", 10, "young", 0.9, 0.8, 1.0),
]


def test_the_best_model_stands_first():
    assert first_words(metrics_table(ROWS)) == ["als", "popularity"]


def test_the_baseline_is_marked_and_the_others_are_held_against_it():
    als, popularity = lines(metrics_table(ROWS))
    assert "popularity (baseline)" in popularity
    assert als.split()[-1] == "+.0290"


def test_a_mean_is_shown_with_half_of_its_interval_and_coverage_without():
    als, _ = lines(metrics_table(ROWS))
    assert als.split()[:5] == ["als", ".3000", "±", ".0200", ".4000"]


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(0.027, 0.031, "+.0290 ± .0020 *"), (-0.03, 0.088, "+.0290 ± .0590")]
)
def test_the_ensembles_gain_is_starred_where_its_interval_leaves_out_0(low, high, shown):
    gain = MetricRow("als", ENSEMBLE_GAIN, 10, "all", 0.029, low, high)
    als, popularity = lines(metrics_table([*ROWS, gain]))
    assert shown in als
    assert popularity.split()[-2:] == ["–", "–"]


def test_a_segment_is_shown_by_itself():
    assert first_words(metrics_table(ROWS, segment="young")) == ["als"]


def test_titles_carry_k():
    assert {"nDCG@10", "coverage@10"} <= set(rendered(metrics_table(ROWS)).split())


@pytest.mark.parametrize("rows", [[], [row for row in ROWS if row.model == "als"]])
def test_a_missing_baseline_is_no_fault(rows):
    assert all("–" in line for line in lines(metrics_table(rows)))


def test_ratings_are_ordered_by_the_smallest_rmse():
    rows = [
        MetricRow("als", "rmse", None, "all", 0.96, 0.95, 0.97),
        MetricRow("als", "mae", None, "all", 0.75, 0.74, 0.76),
        MetricRow("pearson_item", "rmse", 40, "all", 0.94, 0.93, 0.95),
        MetricRow("pearson_item", "mae", 40, "all", 0.74, 0.73, 0.75),
    ]
    item, als = lines(ratings_table(rows))
    assert item.split() == ["pearson_item", ".9400", "±", ".0100", ".7400", "±", ".0100", "40"]
    assert als.split()[-1] == "–"


def test_figures_are_read_by_name():
    record = {"value": 0.3, "model": "als", "metric": "ndcg", "k": 10, "segment": "all", "low": 0.28, "high": 0.32}
    known = {"run_id": "2022-06-x", "origin": date(2022, 5, 1), "protocol": "last_month"}
    row = MetricRow("als", "ndcg", 10, "all", 0.3, 0.28, 0.32, "last_month", date(2022, 5, 1))
    assert metric_rows([known | record]) == [row]


def rendered(table):
    console = Console(file=StringIO(), width=140)
    console.print(table)
    return console.file.getvalue()


def lines(table):
    """The body's lines, without the frame."""
    return [line.replace("│", " ").strip() for line in rendered(table).splitlines() if line.startswith("│")]


def first_words(table):
    return [line.split()[0] for line in lines(table)]
