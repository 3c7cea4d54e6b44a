"""Metrics → tables for the screen."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.evaluation.figures import BASELINE, CONFIGURED_GAIN, ENSEMBLE_GAIN, MetricRow, leading_k
from finrec_spark.evaluation.report.words import metric_title

_RANKING = ("ndcg", "recall", "coverage", ENSEMBLE_GAIN)
_DIFFERENCES = (ENSEMBLE_GAIN, CONFIGURED_GAIN, "gain_over_random", "gain_over_everyone")


def metrics_table(
    rows: Sequence[MetricRow],
    leading: str = "ndcg",
    baseline: str = BASELINE,
    segment: str = ALL_CUSTOMERS,
) -> Table:
    """One line a model, best first by ``leading``; the baseline is marked and the others are held against it.

    Args:
        rows: from ``figures.metric_rows``; other segments, metrics that rank no list and other lengths than the leading
            one are not shown. A column a metric, in the order of their first rows, the leading one first.
        leading: the metric that orders the models and that is compared; larger is better.
        baseline: the model that is compared with.
        segment: the segment that is shown.
    """
    lengths = (leading_k(rows), None)
    shown = [row for row in rows if row.segment == segment and row.metric in _RANKING and row.k in lengths]
    lines = _by_model(shown, leading, largest_first=True)
    columns = _metrics_shown(shown, leading)
    table = _empty_table(shown, columns)
    table.add_column(f"against {baseline}", justify="right")
    for model, line in lines.items():
        name = f"{model} (baseline)" if model == baseline else model
        versus = _against_baseline(line.get(leading), lines.get(baseline, {}).get(leading))
        table.add_row(Text(name), *(figure_text(line.get(metric)) for metric in columns), versus)
    return table


def ratings_table(rows: Sequence[MetricRow]) -> Table:
    """One line a model, smallest RMSE first, with the intervals over the folds."""
    columns = _metrics_shown(rows, "rmse")
    table = _empty_table([row._replace(k=None) for row in rows], columns)
    table.add_column("neighbours", justify="right")
    for model, line in _by_model(rows, "rmse", largest_first=False).items():
        neighbours = {row.k for row in line.values() if row.k is not None}
        figures = (figure_text(line.get(metric)) for metric in columns)
        table.add_row(Text(model), *figures, ", ".join(map(str, sorted(neighbours))) or "–")
    return table


def response_table(rows: Sequence[MetricRow]) -> Table:
    """One line a model, largest AUC first, with the intervals over the folds."""
    return _models_table(rows, "auc")


def uplift_table(rows: Sequence[MetricRow]) -> Table:
    """One line a model, largest gain over chance first; then the references, which have a policy's value alone.

    The points of the Qini curves, which have a ``k``, are not shown.
    """
    return _models_table([row for row in rows if row.k is None], "gain_over_random")


def recall_table(rows: Sequence[MetricRow]) -> Table:
    """One line a model, largest recall first, with the intervals over the folds."""
    return _models_table([row for row in rows if row.metric == "recall"], "recall")


def _models_table(rows: Sequence[MetricRow], leading: str) -> Table:
    """One line a model, the largest leading metric first, a column a metric."""
    columns = _metrics_shown(rows, leading)
    table = _empty_table(rows, columns)
    for model, line in _by_model(rows, leading, largest_first=True).items():
        table.add_row(Text(model), *(figure_text(line.get(metric)) for metric in columns))
    return table


def print_table(table: Table) -> None:
    """The table on stdout; 120 columns wide where nobody's terminal says otherwise."""
    console = Console()
    (console if console.is_terminal else Console(width=120)).print(table)


def _by_model(rows: Sequence[MetricRow], leading: str, largest_first: bool) -> dict[str, dict[str, MetricRow]]:
    """Model → metric → row; models in the order of the leading metric, equal ones by name, those without it last."""
    lines: dict[str, dict[str, MetricRow]] = {}
    for row in rows:
        lines.setdefault(row.model, {})[row.metric] = row

    def place(model: str) -> tuple[bool, float, str]:
        row = lines[model].get(leading)
        value = 0.0 if row is None else row.value
        return row is None, -value if largest_first else value, model

    return {model: lines[model] for model in sorted(lines, key=place)}


def _metrics_shown(rows: Sequence[MetricRow], leading: str) -> list[str]:
    found = dict.fromkeys(row.metric for row in rows)
    return sorted(found, key=lambda metric: metric != leading)  # stable: the others keep their order


def _empty_table(rows: Sequence[MetricRow], metrics: Sequence[str]) -> Table:
    """A table with a column for the model and one a metric, such as nDCG@10."""
    table = Table()
    table.add_column("model")
    lengths = {row.metric: row.k for row in rows}
    for metric in metrics:
        table.add_column(metric_title(metric, lengths.get(metric)), justify="right")
    return table


def figure_text(row: MetricRow | None) -> str:
    """A value ± half of its interval, such as .2710 ± .0031."""
    if row is None:
        return "–"
    if row.metric in _DIFFERENCES:
        return _difference(row.value, row.low, row.high)
    if row.low is None or row.high is None:
        return _short(row.value)
    return f"{_short(row.value)} ± {_short((row.high - row.low) / 2)}"


def _against_baseline(row: MetricRow | None, baseline: MetricRow | None) -> str:
    if row is None or baseline is None or row.model == baseline.model:
        return "–"
    return _signed(row.value - baseline.value)


def _difference(value: float, low: float | None, high: float | None) -> str:
    """A difference ± half of its interval, starred where the interval leaves out 0."""
    if low is None or high is None:
        return _signed(value)
    star = " *" if low > 0 or high < 0 else "  "
    return f"{_signed(value)} ± {_short((high - low) / 2)}{star}"


def _signed(value: float) -> str:
    return ("−" if value < 0 else "+") + _short(abs(value))


def _short(value: float) -> str:
    """Four decimals, without the zero before the point.

    >>> _short(0.27104), _short(1.0117)
    ('.2710', '1.0117')
    """
    return f"{value:.4f}".removeprefix("0")
