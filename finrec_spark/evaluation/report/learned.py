"""What the models learned: the important features of the trees that rank, and how the network's loss fell."""

from collections.abc import Iterator, Mapping, Sequence

from finrec_spark.evaluation.figures import MetricRow
from finrec_spark.evaluation.report.blocks import Chart, Section
from finrec_spark.evaluation.report.plots import bars, lines

_SHOWN = 15
_ROW_HEIGHT, _AXIS_HEIGHT = 26, 90


def learned_section(importance: Mapping[str, float], curve: Sequence[MetricRow]) -> Iterator[Section]:
    """Both, or the one that there is."""
    blocks = [*_importance(importance), *_learning_curves(curve)]
    if blocks:
        yield Section("learned", "What the models learned", [], blocks)


def _importance(importance: Mapping[str, float]) -> Iterator[Chart]:
    """The features that tell most apart."""
    largest = dict(sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN])
    if largest:
        caption = "The features of the trees that rank: share of all that their questions tell apart"
        named = {_words(feature): share for feature, share in largest.items()}
        yield Chart("importance", caption, bars(named, "share"), _AXIS_HEIGHT + _ROW_HEIGHT * len(named))


def _learning_curves(curve: Sequence[MetricRow]) -> Iterator[Chart]:
    """Loss and recall of the network by epoch."""
    for measure, title in (("loss", "loss"), ("recall", "recall@10")):
        rows = sorted((row for row in curve if row.metric.endswith(f"_{measure}")), key=lambda row: row.k or 0)
        series = {
            name.removesuffix(f"_{measure}"): [(row.k, row) for row in rows if row.metric == name]
            for name in dict.fromkeys(row.metric for row in rows)
        }
        if series:
            yield Chart(f"curve-{measure}", f"The network's {title} by epoch", lines(series, "epoch", title))


def _words(feature: str) -> str:
    """A feature's name in words, no two alike: ``categories:marital_status`` → categories: marital status."""
    return feature.replace(":", ": ").replace("_", " ")
