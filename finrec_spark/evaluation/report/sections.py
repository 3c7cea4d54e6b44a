"""Rows of ``mart.metrics`` → the page's sections; each is left out where nothing was measured for it."""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from finrec_spark.evaluation.backtest.summary import IN_TRAIN, NEW
from finrec_spark.evaluation.calibration_metrics import BASE_RATE
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.evaluation.figures import BASELINE, ENSEMBLE_GAIN, MetricRow
from finrec_spark.evaluation.held_out import ENSEMBLE
from finrec_spark.evaluation.metrics import COLD, WARM
from finrec_spark.evaluation.report.blocks import Chart, Grid, Section
from finrec_spark.evaluation.report.lookup import Lookup, usable
from finrec_spark.evaluation.report.numbers import number
from finrec_spark.evaluation.report.plots import DECADES, PER_CENT, Diagonal, dots, lines
from finrec_spark.evaluation.report.summary import ensemble_gains, segment_gains
from finrec_spark.evaluation.report.words import MEANINGS, metric_title, model_title

_QUALITY = ("ndcg", "recall", "precision", "hit_rate", "map", "mrr")
_SPREAD = ("coverage", "novelty", "diversity", "popularity_bias")
_AT_LENGTHS = ("ndcg", "recall", "precision")
_ROW_HEIGHT, _AXIS_HEIGHT = 30, 90


def models_section(found: Lookup) -> Iterator[Section]:
    """How good each model's lists are, at every length that was measured."""
    models = found.models()
    if not models:
        return
    points = [(model_title(m), row) for m in models if (row := found.get(m, "ndcg")) is not None]
    title = metric_title("ndcg", found.k)
    chart = Chart("ndcg", f"{title} of each model with its 95 % interval", dots({title: points}, title), _tall(models))
    lengths = [_lengths_grid(found, models)] if len(found.lengths()) > 1 else []
    text = "Intervals are of means over customers. All models meet the same customers, so compare them by the gain."
    yield Section("models", "Models", [text], [chart, _quality_grid(found, models), *lengths])


def spread_section(found: Lookup) -> Iterator[Section]:
    """What the lists are made of: how many products, how popular, how mixed."""
    models = [m for m in found.models() if found.get(m, "coverage") is not None]
    if not models:
        return
    metrics = [metric for metric in _SPREAD if any(found.get(m, metric) for m in models)]
    grid = _grid("Coverage, novelty, diversity and popularity bias", found, models, metrics)
    charts = [
        Chart(
            metric, f"{metric_title(metric, found.k)} of each model", dots({metric: points}, metric.replace("_", " "))
        )
        for metric in ("coverage", "popularity_bias")
        if (points := _points(found, models, metric))
    ]
    yield Section("spread", "Coverage and popularity", [], [*charts, grid])


def dates_section(over_time: Mapping[str, Sequence[MetricRow]]) -> Iterator[Section]:
    """The leading metric over months or dates, of the ensemble and what it is held against."""
    charts = [
        Chart(f"dates-{protocol}", f"{metric_title('ndcg', rows[-1].k)} over time ({_words(protocol)})", _curves(rows))
        for protocol, rows in over_time.items()
        if len({row.origin for row in rows}) > 1
    ]
    if charts:
        yield Section("dates", "Over time", ["Each point is one month, or the time after one date, held out."], charts)


def reliability_section(found: Lookup) -> Iterator[Section]:
    """Promised probabilities against what came of them."""
    observed = {row.k: row for row in found.of("reliability_observed")}
    pairs = [(row, observed[row.k]) for row in found.of("reliability_predicted") if row.k in observed]
    pairs.sort(key=lambda pair: pair[0].value)
    points = [(promised.value, taken) for promised, taken in pairs if promised.value > 0 and taken.value > 0]
    if not points:
        return
    ends = [row.value for pair in pairs for row in pair if row.value > 0]
    kept = Diagonal("a promise kept", min(ends), max(ends))
    figure = lines({"ensemble": points}, "promised probability", "share that was taken", kept, DECADES)
    text = "Pairs of customer and product in bins of promised probability. On the dotted line a promise is kept."
    rows = [[number(promised), number(taken)] for promised, taken in pairs]
    grid = Grid("Promised and observed, by bin", ("promised", "observed"), rows)
    chart = Chart("reliability", "Observed share against promised probability", figure)
    yield Section("reliability", "Reliability of probabilities", [text], [chart, _errors_grid(found), grid])


def reach_section(found: Lookup) -> Iterator[Section]:
    """What would be reached if only so many customers could be contacted."""
    purchases = sorted(found.of("captured_purchases"), key=lambda row: row.k or 0)
    if not purchases:
        return
    value = sorted(found.of("captured_value"), key=lambda row: row.k or 0)
    series = {
        name: [((row.k or 0) / 100, row) for row in rows]
        for name, rows in {"purchases": purchases, "value in yuan": value}.items()
        if rows
    }
    chance = Diagonal("by chance", 0.0, (purchases[-1].k or 0) / 100)
    figure = lines(series, "share of customers contacted", "share reached", chance, PER_CENT)
    table = [
        [f"{row.k} %", *(number(found.get(row.model, metric, k=row.k), scale=scale) for metric, scale in _REACH)]
        for row in purchases
    ]
    columns = ("customers contacted", "purchases, %", "value, %", "lift")
    text = "Customers are contacted in the order of their best product's score. The dotted line is contact by chance."
    blocks = (Chart("reach", "Share of purchases and of their value reached", figure), Grid("Reach", columns, table))
    yield Section("reach", "If only so many can be contacted", [text], blocks)


def segments_section(found: Lookup) -> Iterator[Section]:
    """The ensemble beside the popular products and the best other model, for every segment."""
    segments = found.segments()
    if not segments:
        return
    others = [m for m in usable(found.models()) if m not in (ENSEMBLE, BASELINE)]
    shown = [m for m in (ENSEMBLE, *others[:1], BASELINE) if m in found.models()]
    series = {
        model_title(m): [(_words(s), row) for s in segments if (row := found.get(m, "ndcg", s)) is not None]
        for m in shown
    }
    title = metric_title("ndcg", found.k)
    chart = Chart("segments", f"{title} by segment", dots(series, title), _tall(segments, 44))
    verdicts = {one.row.segment: one for one in segment_gains(found)}
    rows = [
        [
            _words(s),
            *(number(found.get(m, "ndcg", s)) for m in shown),
            *((number(verdicts[s].row, signed=True), verdicts[s].verdict) if s in verdicts else ("–", "–")),
        ]
        for s in segments
    ]
    columns = ("segment", *map(model_title, shown), f"gain over {BASELINE}", "verdict")
    text = f"{COLD}: customers who hold nothing yet; {WARM}: all others. Verdicts allow for all segments at once."
    yield Section("segments", "Segments", [text], [chart, Grid(f"{title} by segment", columns, rows)])


def backtest_section(found: Lookup, anchor: str, title: str) -> Iterator[Section]:
    """The FAR-Trans protocol's means over dates, of customers with an earlier purchase, of all and of new ones."""
    models = found.models(segment=IN_TRAIN)
    if not models:
        return
    metric_name = metric_title("ndcg", found.k)
    points = [(model_title(m), row) for m in models if (row := found.get(m, "ndcg", IN_TRAIN)) is not None]
    wanted = [*(("ndcg", s) for s in (IN_TRAIN, ALL_CUSTOMERS, NEW)), ("coverage", IN_TRAIN), (ENSEMBLE_GAIN, IN_TRAIN)]
    rows = [
        [model_title(m), *(number(found.get(m, metric, s), signed=metric == ENSEMBLE_GAIN) for metric, s in wanted)]
        for m in models
    ]
    columns = ("model", *(f"{metric_title(metric, found.k)}, {_words(segment)}" for metric, segment in wanted))
    caption = f"{metric_name} over the dates, {_words(IN_TRAIN)}"
    chart = Chart(anchor, caption, dots({metric_name: points}, metric_name), _tall(models))
    text = "Means over the dates; customers of a date weigh as much as the date. in train: with an earlier purchase."
    yield Section(anchor, title, [text], [chart, Grid(title, columns, rows)])


def protocol_section(protocol: str, rows: Sequence[MetricRow]) -> Section:
    """The figures of a protocol of its own, a line a model, a column a metric."""
    shown = [row for row in rows if row.segment == ALL_CUSTOMERS]
    metrics = list(dict.fromkeys(row.metric for row in shown))
    by_model: dict[str, dict[str, MetricRow]] = {}
    for row in shown:
        by_model.setdefault(row.model, {})[row.metric] = row
    table = [[model_title(m), *(number(line.get(metric)) for metric in metrics)] for m, line in by_model.items()]
    columns = ("model", *(metric_title(metric, None) for metric in metrics))
    return Section(f"protocol-{protocol}", f"Protocol {_words(protocol)}", [], [Grid(_words(protocol), columns, table)])


_REACH = (("captured_purchases", 100), ("captured_value", 100), ("contact_lift", 1))


def _quality_grid(found: Lookup, models: Sequence[str]) -> Grid:
    """Metrics of the leading length, and what is shown of the ensemble against each model."""
    verdicts = {one.row.model: one.verdict for one in ensemble_gains(found)}
    metrics = [metric for metric in (ENSEMBLE_GAIN, *_QUALITY) if any(found.get(m, metric) for m in models)]
    grid = _grid(f"Lists of {found.k}", found, models, metrics)
    rows = [[line[0], verdicts.get(m, "–"), *line[1:]] for m, line in zip(models, grid.lines, strict=True)]
    columns = (grid.columns[0], "the ensemble is", *grid.columns[1:])
    return Grid(grid.caption, columns, rows, ("", *grid.hints))


def _lengths_grid(found: Lookup, models: Sequence[str]) -> Grid:
    wanted = [(metric, k) for metric in _AT_LENGTHS for k in found.lengths(metric)]
    rows = [[model_title(m), *(number(found.get(m, metric, k=k)) for metric, k in wanted)] for m in models]
    return Grid("Lists of other lengths", ("model", *(metric_title(*one) for one in wanted)), rows)


def _errors_grid(found: Lookup) -> Grid:
    metrics = ("calibration_error", "brier")
    rows = [[model_title(m), *(number(found.plain(m, metric)) for metric in metrics)] for m in (ENSEMBLE, BASE_RATE)]
    return Grid("Errors of probabilities", ("who promises", *(metric_title(m, None) for m in metrics)), rows)


def _grid(caption: str, found: Lookup, models: Sequence[str], metrics: Sequence[str]) -> Grid:
    rows = [
        [model_title(m), *(number(found.get(m, metric), signed=metric == ENSEMBLE_GAIN) for metric in metrics)]
        for m in models
    ]
    columns = ("model", *(metric_title(metric, found.k) for metric in metrics))
    return Grid(caption, columns, rows, ("", *(MEANINGS.get(metric, "") for metric in metrics)))


def _points(found: Lookup, models: Sequence[str], metric: str) -> list[tuple[object, MetricRow]]:
    return [(model_title(m), row) for m in models if (row := found.get(m, metric)) is not None]


def _curves(rows: Sequence[MetricRow]) -> Markup:
    newest = [row for row in rows if row.origin == rows[-1].origin]
    best = [row.model for row in sorted(newest, key=lambda row: -row.value)]
    others = [m for m in usable(best) if m not in (ENSEMBLE, BASELINE)][:2]
    series = {
        model_title(m): [(row.origin, row) for row in rows if row.model == m]
        for m in (ENSEMBLE, *others, BASELINE)
        if m in best
    }
    return lines(series, "held out", metric_title("ndcg", rows[-1].k))


def _tall(names: Sequence[str], row: int = _ROW_HEIGHT) -> int:
    """Pixels of a chart with a line a name."""
    return _AXIS_HEIGHT + row * len(names)


def _words(name: str) -> str:
    return name.replace("_", " ")
