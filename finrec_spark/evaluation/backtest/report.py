"""Figures over the dates → tables for the screen, with the published figures beside them."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from finrec_spark.evaluation.backtest.scoring import ENSEMBLE, FUSION, SIGNALS
from finrec_spark.evaluation.figures import ENSEMBLE_GAIN, MetricRow
from finrec_spark.evaluation.report.screen import figure_text

PUBLISHED = {
    "popularity": 0.2710,
    "LightGCN": 0.3404,
    "association rules": 0.2556,
    "factorisation": 0.1780,
    "user kNN": 0.1599,
}
"""Mean nDCG@10 over 61 dates of the complete data (Sanz-Cruzado, Droukas, McCreadie, arXiv 2407.08692, Table 2)."""

_COLUMNS = (  # as many as 120 signs hold; the others stand in mart.metrics and in the report
    ("ndcg", "in_train"),
    ("ndcg", "all"),
    ("ndcg", "new"),
    (ENSEMBLE_GAIN, "in_train"),
    (ENSEMBLE_GAIN, "all"),
)


def backtest_table(rows: Sequence[MetricRow], dates: str) -> Table:
    """One line a model, largest nDCG of customers with an earlier purchase first; then models published alone.

    Args:
        rows: figures over dates.
        dates: words for these dates, for the title.
    """
    figures = {(row.model, row.metric, row.segment): row for row in rows}
    models = {row.model for row in rows}
    title = f"mean over {dates} ± half of its 95 % interval; gain: the ensemble's, * where it is not 0"
    table = Table(title=title)
    table.add_column("model", no_wrap=True)
    for metric, segment in _COLUMNS:
        table.add_column(f"{'gain' if metric == ENSEMBLE_GAIN else metric} {segment}", justify="right")
    table.add_column("published", justify="right")
    for model in sorted(models, key=lambda name: (-figures[(name, "ndcg", "in_train")].value, name)):
        own = (figure_text(figures.get((model, *column))) for column in _COLUMNS)
        table.add_row(Text(model), *own, _published(model))
    for model in sorted(set(PUBLISHED) - models, key=lambda name: -PUBLISHED[name]):
        table.add_row(Text(model), *("–" for _ in _COLUMNS), _published(model))
    return table


def half_years_table(rows: Sequence[MetricRow]) -> Table:
    """One line a half-year: the ensemble, and how much better it is than plain fusion and than the best single model.

    The best single model is that of all dates, by the nDCG of customers with an earlier purchase.
    """
    figures = {(row.model, row.metric, row.segment): row for row in rows}
    best = best_single(rows)
    table = Table(title="customers with an earlier purchase, by half-year")
    for name in ("half-year", ENSEMBLE, f"gain over {FUSION}", f"gain over {best}"):
        table.add_column(name, justify="left" if name == "half-year" else "right")
    for segment in sorted({row.segment for row in rows if row.segment.startswith("in_train, ")}):
        gains = (figures.get((model, ENSEMBLE_GAIN, segment)) for model in (FUSION, best))
        own = figures.get((ENSEMBLE, "ndcg", segment))
        table.add_row(segment.removeprefix("in_train, "), *map(figure_text, (own, *gains)))
    return table


def best_single(rows: Sequence[MetricRow]) -> str:
    """The model of largest nDCG that is no ensemble of others."""
    single = [row for row in rows if (row.metric, row.segment) == ("ndcg", "in_train") and row.model in SIGNALS]
    return max(single, key=lambda row: (row.value, row.model)).model


def _published(model: str) -> str:
    return f"{PUBLISHED[model]:.4f}".removeprefix("0") if model in PUBLISHED else "–"
