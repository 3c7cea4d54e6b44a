"""A report's content → one self-contained HTML file: no network, no clock, the same content gives the same bytes."""

from functools import cache
from importlib.resources import files
from itertools import chain

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from finrec_spark.evaluation.backtest.summary import IN_TRAIN, NETWORK_SUMMARY, SUMMARY
from finrec_spark.evaluation.backtest.summary import PROTOCOL as BACKTEST
from finrec_spark.evaluation.held_out import PROTOCOL
from finrec_spark.evaluation.report.blocks import Chart, Section
from finrec_spark.evaluation.report.content import Content
from finrec_spark.evaluation.report.learned import learned_section
from finrec_spark.evaluation.report.lookup import Lookup
from finrec_spark.evaluation.report.people import examples_section, fairness_section
from finrec_spark.evaluation.report.sections import (
    backtest_section,
    dates_section,
    models_section,
    protocol_section,
    reach_section,
    reliability_section,
    segments_section,
    spread_section,
)
from finrec_spark.evaluation.report.summary import summary
from finrec_spark.evaluation.report.words import MEANINGS, metric_title
from finrec_spark.models.gru import LEARNING_CURVE

_FOLDER = "templates"
_OWN_SECTIONS = (PROTOCOL, SUMMARY, NETWORK_SUMMARY, BACKTEST, LEARNING_CURVE)


def report_html(content: Content) -> str:
    """The page of the content."""
    found = Lookup(content.measured.get(PROTOCOL, ()))
    backtest = Lookup(content.measured.get(SUMMARY, ()))
    return (
        _environment()
        .get_template("report.html")
        .render(
            title=f"Recommendations for {content.month:%B %Y}: how good are the models?",
            measured_on=", ".join(sorted({f"{row.origin:%B %Y}" for row in found.rows if row.origin is not None})),
            summary=[*summary(found), *summary(backtest, IN_TRAIN)],
            sections=_sections(content, found, backtest),
            plotly=Markup(get_plotlyjs()),
            is_chart=lambda block: isinstance(block, Chart),
            meanings=[(metric_title(metric, None), text) for metric, text in MEANINGS.items()],
        )
    )


def _sections(content: Content, found: Lookup, backtest: Lookup) -> list[Section]:
    with_network = Lookup(content.measured.get(NETWORK_SUMMARY, ()))
    own = (
        models_section(found),
        dates_section(content.over_time),
        reach_section(found),
        reliability_section(found),
        spread_section(found),
        segments_section(found),
        learned_section(content.importance, content.measured.get(LEARNING_CURVE, ())),
        backtest_section(backtest, "backtest", "FAR-Trans over its dates"),
        backtest_section(with_network, "backtest-gru", "FAR-Trans over the dates on which gru was trained"),
    )
    others = [protocol_section(name, rows) for name, rows in content.measured.items() if name not in _OWN_SECTIONS]
    people = (examples_section(content.examples), fairness_section(content.groups, content.on_sale))
    return [*chain.from_iterable(own), *others, *chain.from_iterable(people)]


@cache
def _environment() -> Environment:
    """The page's templates, whether the package lies in a folder or in a zip."""
    folder = files("finrec_spark.evaluation.report") / _FOLDER
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.is_file()}
    return Environment(
        loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
