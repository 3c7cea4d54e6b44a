"""Rows of ``mart.metrics`` → Plotly figures as JSON. Colours are the page's, so that they follow its theme.

Every trace carries in ``customdata`` the keys of the rows that its points show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from markupsafe import Markup

from finrec_spark.evaluation.figures import MetricRow

Series = Mapping[str, Sequence[tuple[object, MetricRow]]]
"""Name → points: what stands on the axis, and the row."""


PER_CENT = {"tickformat": ".0%"}
DECADES = {"type": "log", "dtick": 1, "tickformat": "~g"}


def dots(series: Series, axis: str) -> Markup:
    """One line a name on the vertical axis, the first on top; points with their intervals."""
    traces = [
        go.Scatter(
            name=name,
            mode="markers",
            orientation="h",
            y=[place for place, _ in points],
            x=[row.value for _, row in points],
            error_x=_interval([row for _, row in points]),
            customdata=[row.key for _, row in points],
            hovertemplate="%{y}: %{x:.4f}<extra>" + name + "</extra>",
        )
        for name, points in series.items()
    ]
    axes = {"xaxis": {"title": {"text": axis}}, "yaxis": {"autorange": "reversed"}}
    return _json(traces, go.Layout(**axes, scattermode="group", scattergap=0.3, showlegend=len(series) > 1))


@dataclass(frozen=True)
class Diagonal:
    """A dotted line on which both axes are equal: its name in the legend, and where it begins and ends."""

    name: str
    start: float
    end: float


def lines(
    series: Series, x_axis: str, y_axis: str, diagonal: Diagonal | None = None, form: Mapping[str, object] | None = None
) -> Markup:
    """Points in their order, joined by lines, with their intervals.

    Args:
        series: the lines.
        x_axis: title of the horizontal axis.
        y_axis: title of the vertical axis.
        diagonal: for reference; None: there is none.
        form: what Plotly is told of both axes, such as ``PER_CENT``.
    """
    traces = [
        go.Scatter(
            name=name,
            mode="lines+markers",
            x=[place for place, _ in points],
            y=[row.value for _, row in points],
            error_y=_interval([row for _, row in points]),
            customdata=[row.key for _, row in points],
            hovertemplate="%{x}: %{y:.4f}<extra>" + name + "</extra>",
        )
        for name, points in series.items()
    ]
    if diagonal is not None:
        ends, dotted = [diagonal.start, diagonal.end], {"dash": "dot", "color": "#8a94a3", "width": 1.5}
        traces.append(go.Scatter(name=diagonal.name, mode="lines", x=ends, y=ends, line=dotted, hoverinfo="skip"))
    x, y = ({"title": {"text": title}, **(form or {})} for title in (x_axis, y_axis))
    return _json(traces, go.Layout(xaxis=x, yaxis=y, showlegend=len(traces) > 1))


def bars(values: Mapping[str, float], axis: str) -> Markup:
    """One horizontal bar a name, the first on top; shares that are no rows of the metrics."""
    names = list(values)
    trace = go.Bar(x=list(values.values()), y=names, orientation="h", hovertemplate="%{y}: %{x:.1%}<extra></extra>")
    axes = {"xaxis": {"title": {"text": axis}, "tickformat": ".0%"}, "yaxis": {"autorange": "reversed"}}
    return _json([trace], go.Layout(**axes, showlegend=False))


def _interval(rows: Sequence[MetricRow]) -> dict[str, object]:
    """Plotly's error bars, to the interval's own ends; none where a row has none."""
    if any(row.low is None or row.high is None for row in rows):
        return {"visible": False}
    above = [(row.high or 0.0) - row.value for row in rows]
    below = [row.value - (row.low or 0.0) for row in rows]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1.5, "width": 3}


def _json(traces: Sequence[go.Scatter | go.Bar], layout: go.Layout) -> Markup:
    """The figure, safe inside a script element: no end tag can begin in it."""
    figure = go.Figure(data=traces, layout=layout)
    figure.update_layout(template={})
    return Markup(figure.to_json(remove_uids=True).replace("</", "<\\/").replace("<!--", "<\\!--"))
