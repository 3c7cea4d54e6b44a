"""What the page is built of: sections of paragraphs, tables and charts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass(frozen=True)
class Grid:
    """A table: the first cell of a line is its heading; cells are text or ``numbers.number``."""

    caption: str
    columns: Sequence[str]
    lines: Sequence[Sequence[str]]
    hints: Sequence[str] = ()
    """What each column means, in the same order; empty: nothing is said."""

    note: str = ""
    """Stands between the caption and the table."""


@dataclass(frozen=True)
class Chart:
    """A plot; ``figure`` is Plotly's JSON, and each trace's ``customdata`` names the rows that it shows."""

    name: str
    caption: str
    figure: Markup
    height: int = 380


@dataclass(frozen=True)
class Section:
    """One part of the page under a heading."""

    name: str
    title: str
    paragraphs: Sequence[str] = ()
    blocks: Sequence[Grid | Chart] = field(default_factory=tuple)
