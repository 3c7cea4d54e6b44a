"""Figures as the page shows them: no more decimals than their interval allows, and each with its row's key."""

from math import floor, log10

from markupsafe import Markup

from finrec_spark.evaluation.figures import MetricRow

_SIGNIFICANT = 3  # figures of a value without an interval
_MOST = 6
_SKEWED = 0.05  # of half an interval: how far its middle may lie from the value that stands for it
_NUMBER = Markup('<data value="{value!r}" data-metric="{key}">{text}</data>')


def decimals(value: float, half_width: float | None) -> int:
    """How many decimals a figure deserves: one figure of its half-interval, two where that begins with 1.

    Without an interval three figures of the value are shown.

    >>> [decimals(0.5, half) for half in (0.031, 0.012, 0.0031, 12.0, None)]
    [2, 3, 3, 0, 3]
    >>> decimals(0.00042, None), decimals(123.4, None)
    (6, 0)
    """
    size = abs(value) if half_width is None else half_width
    if size <= 0:
        return _SIGNIFICANT
    magnitude = floor(log10(size))
    figures = _SIGNIFICANT if half_width is None else 2 if size / 10**magnitude < 1.95 else 1
    return min(max(figures - 1 - magnitude, 0), _MOST)


def short(value: float, places: int, signed: bool = False) -> str:
    """A number with a true minus and no sign before a zero.

    >>> short(0.2710, 3), short(-0.0004, 3, signed=True), short(-0.012, 3), short(0.5, 2, signed=True)
    ('0.271', '0.000', '−0.012', '+0.50')
    """
    text = f"{abs(value):,.{places}f}"
    is_zero = not text.strip("0.,")
    sign = "" if is_zero else "−" if value < 0 else "+" if signed else ""
    return sign + text


def number(row: MetricRow | None, signed: bool = False, scale: float = 1.0) -> Markup:
    """The row's value with its interval where it has one: ± half of it, or its ends where the value is not its middle.

    – stands where there is no row.

    Args:
        row: the figure.
        signed: whether a + stands before what is above 0, as a difference has it.
        scale: what the shown figure is multiplied by, such as 100 for a percentage.

    >>> str(number(MetricRow("als", "ndcg", 10, "all", 0.3, 0.28, 0.32)))
    '<data value="0.3" data-metric="|als|ndcg|10|all|">0.30 ± 0.02</data>'
    >>> number(MetricRow("als", "share", None, "all", 0.1, 0.05, 0.31)).striptags()
    '0.10 (0.05 to 0.31)'
    """
    if row is None:
        return Markup("–")
    half = None if row.half_width is None else row.half_width * scale
    places = decimals(row.value * scale, half)
    text = short(row.value * scale, places, signed)
    if half is not None:
        text += _interval(row, half, places, scale)
    return _NUMBER.format(value=row.value, key=row.key, text=text)


def _interval(row: MetricRow, half: float, places: int, scale: float) -> str:
    low, high = (scale * (end if end is not None else row.value) for end in (row.low, row.high))
    if abs((low + high) / 2 - scale * row.value) <= _SKEWED * half:
        return f" ± {short(half, places)}"
    return f" ({short(low, places)} to {short(high, places)})"
