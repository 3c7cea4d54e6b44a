import json
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from finrec_spark.evaluation.figures import ENSEMBLE_GAIN, MetricRow
from finrec_spark.evaluation.held_out import PROTOCOL
from finrec_spark.evaluation.report.content import Content, Example, Group, Recommended
from finrec_spark.evaluation.report.page import report_html

JUNE, MAY = date(2022, 6, 1), date(2022, 5, 1)


def test_every_number_of_a_metric_is_the_row_that_it_names(page, rows):
    found = {row.key: row.value for row in rows}
    shown = page.numbers
    assert len(shown) > 30
    assert [(key, value) for key, value in shown if found[key] != value] == []


def test_every_point_of_a_plot_is_the_row_that_it_names(page, rows):
    found = {row.key: row.value for row in rows}
    traces = [trace for figure in page.figures for trace in figure["data"] if "customdata" in trace]
    points = [
        (key, trace["x"][place], trace["y"][place]) for trace in traces for place, key in enumerate(trace["customdata"])
    ]
    assert len(points) > 20
    assert [key for key, x, y in points if found[key] not in (x, y)] == []


def test_nothing_is_fetched_from_anywhere(page):
    assert [link for link in page.links if not link.startswith(("#", "data:"))] == []
    assert not re.search(r"@import|url\(", page.style)


def test_the_same_content_gives_the_same_bytes(content):
    assert report_html(content) == report_html(content)


def test_headings_go_down_by_one_and_every_table_has_a_caption(page):
    assert page.headings[0] == "h1" and page.headings.count("h1") == 1
    assert set(page.headings) == {"h1", "h2"}
    assert page.tags.count("table") == page.tags.count("caption") > 5
    assert page.tags.count("figure") == page.tags.count("figcaption") > 4


def test_the_sections_are_those_that_have_figures(page):
    names = ["summary", "models", "reach", "reliability", "spread", "segments", "learned"]
    assert page.sections == [*names, "examples", "fairness", "meanings"]


def test_without_any_figure_there_is_a_page_that_says_so():
    html = report_html(Content(JUNE))
    assert "No list was measured yet" in html
    assert Page(html).sections == ["summary", "meanings"]


def test_features_of_two_models_are_two_bars():
    (figure,) = Page(report_html(Content(JUNE, importance={"content:score": 0.4, "als:score": 0.6}))).figures
    assert figure["data"][0]["y"] == ["als: score", "content: score"]


def test_what_a_name_holds_is_text_and_no_markup(content):
    html = report_html(content)
    assert "<b>Card</b>" not in html
    assert "&lt;b&gt;Card&lt;/b&gt;" in html


class Page(HTMLParser):
    """What a reader, a screen reader or a browser finds in the page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.headings, self.sections = [], [], [], []
        self.numbers, self.figures, self.style = [], [], ""
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self.links += [given[name] for name in ("src", "href", "srcset", "action") if name in given]
        self.headings += [tag] if re.fullmatch(r"h\d", tag) else []
        self.sections += [given["id"]] if tag == "section" else []
        if "data-metric" in given:
            self.numbers.append((given["data-metric"], float(given["value"])))
        self.inside = "figure" if given.get("type") == "application/json" else tag

    def handle_data(self, data):
        if self.inside == "figure" and data.strip():
            self.figures.append(json.loads(data))
        if self.inside == "style":
            self.style += data

    def handle_endtag(self, tag):
        self.inside = ""


@pytest.fixture(scope="module")
def rows():
    """Three models and what nobody could use, in two segments, with everything that a section reads."""
    models = ("ensemble", "als", "popularity", "random", "true_propensity")
    lists = [
        row(model, metric, k, segment, value - n / 50)
        for n, model in enumerate(models)
        for segment in ("all", "rich", "cold")
        for metric, value in (("ndcg", 0.3), ("recall", 0.4), ("coverage", 0.8), ("popularity_bias", 1.5))
        for k in ((3, 10) if segment == "all" else (10,))
    ]
    gains = [
        row(model, ENSEMBLE_GAIN, 10, segment, 0.05, 0.01)
        for model in models[1:]
        for segment in ("all", "rich", "cold")
    ]
    reach = [
        row("ensemble", metric, k, "all", k / 50)
        for metric in ("captured_purchases", "captured_value", "contact_lift")
        for k in (1, 10, 50)
    ]
    curve = [
        row("ensemble", f"reliability_{name}", k, "all", 2.0 ** (k / 2))
        for k in (-8, -6)
        for name in ("predicted", "observed")
    ]
    errors = [row(m, metric, None, "all", 0.01) for m in ("ensemble", "base_rate") for metric in ("calibration_error",)]
    return [*lists, *gains, *reach, *curve, *errors, row("ensemble", "ndcg_share_of_truth", 10, "all", 0.7)]


@pytest.fixture(scope="module")
def content(rows):
    example = Example(["<b>Card</b>"], [(MAY, "Loan")], [Recommended("Fund", [("it fits", 0.6)])])
    groups = [Group("region", name, n, n // 2, 3, {"owned": n}) for name, n in (("Hubei", 50), ("Hunan", 12))]
    return Content(JUNE, {PROTOCOL: rows}, {PROTOCOL: rows[:1]}, {"categories:region": 1.0}, [example], groups, 20)


@pytest.fixture(scope="module")
def page(content):
    return Page(report_html(content))


def row(model, metric, k, segment, value, half_width=0.02):
    return MetricRow(model, metric, k, segment, value, value - half_width, value + half_width, PROTOCOL, MAY)
