"""Rows of ``mart.metrics`` → Plotly figures as JSON. Colours are the page's, so that they follow its theme.

Every trace carries in ``customdata`` the keys of the rows that its points show.
"""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from markupsafe import Markup

from finrec_spark.evaluation.figures import MetricRow

Series = Mapping[str, Sequence[tuple[object, MetricRow]]]
"""Name → points: what stands on the axis, and the row."""


def dots(series: Series, axis: str) -> Markup:
    """One line a name on the vertical axis, the first on top; points with their intervals."""
    traces = [
        go.Scatter(
            name=name,
            mode="markers",
            y=[place for place, _ in points],
            x=[row.value for _, row in points],
            error_x=_interval([row for _, row in points]),
            customdata=[row.key for _, row in points],
            hovertemplate="%{y}: %{x:.4f}<extra>" + name + "</extra>",
        )
        for name, points in series.items()
    ]
    layout = go.Layout(xaxis={"title": {"text": axis}}, yaxis={"autorange": "reversed"}, showlegend=len(series) > 1)
    return _json(traces, layout)


def lines(series: Series, x_axis: str, y_axis: str, diagonal: float | None = None, log: bool = False) -> Markup:
    """Points in their order, joined by lines, with their intervals.

    Args:
        series: the lines.
        x_axis: title of the horizontal axis.
        y_axis: title of the vertical axis.
        diagonal: where a dotted line from 0 of one unit a unit ends, for reference; None: there is none.
        log: whether both axes are logarithmic.
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
        ends = [diagonal / 1e4 if log else 0.0, diagonal]
        traces.append(go.Scatter(name="equal", mode="lines", x=ends, y=ends, line={"dash": "dot"}, hoverinfo="skip"))
    kind = {"type": "log"} if log else {}
    x, y = ({"title": {"text": title}, **kind} for title in (x_axis, y_axis))
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
