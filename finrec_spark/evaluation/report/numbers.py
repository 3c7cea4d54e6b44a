"""Figures as the page shows them: no more decimals than their interval allows, and each with its row's key."""

from math import floor, log10

from markupsafe import Markup

from finrec_spark.evaluation.figures import MetricRow

_WITHOUT_INTERVAL = 3
_MOST = 5
_NUMBER = Markup('<data value="{value!r}" data-metric="{key}">{text}</data>')


def decimals(half_width: float | None) -> int:
    """How many decimals a figure with this half-interval deserves: one figure of the half-width, two from 1 to 1.9.

    >>> [decimals(half) for half in (0.031, 0.012, 0.0031, 12.0, None)]
    [2, 3, 3, 0, 3]
    """
    if half_width is None:
        return _WITHOUT_INTERVAL
    if half_width <= 0:
        return _MOST
    size = floor(log10(half_width))
    first = half_width / 10**size
    return min(max(-size + (1 if first < 1.95 else 0), 0), _MOST)


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
    """The row's value, and ± half of its interval where it has one; – where there is no row.

    Args:
        row: the figure.
        signed: whether a + stands before what is above 0, as a difference has it.
        scale: what the shown figure is multiplied by, such as 100 for a percentage.

    >>> str(number(MetricRow("als", "ndcg", 10, "all", 0.3, 0.28, 0.32)))
    '<data value="0.3" data-metric="|als|ndcg|10|all|">0.30 ± 0.02</data>'
    """
    if row is None:
        return Markup("–")
    half = None if row.half_width is None else row.half_width * scale
    places = decimals(half) if half is not None else max(_WITHOUT_INTERVAL - round(log10(scale)), 0)
    text = short(row.value * scale, places, signed)
    if half is not None:
        text += f" ± {short(half, places)}"
    return _NUMBER.format(value=row.value, key=row.key, text=text)


def alone(row: MetricRow, signed: bool = False) -> Markup:
    """The row's value without its interval."""
    text = short(row.value, decimals(row.half_width), signed)
    return _NUMBER.format(value=row.value, key=row.key, text=text)
