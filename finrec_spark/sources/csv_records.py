"""Lines of a CSV file whose quoted values hold line breaks → its records.

A quote that is never closed, or that is closed in the middle of another row, is a stray one: it costs its own line,
which becomes a record that cannot be read, and the lines after it are records of their own.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby, islice
from operator import itemgetter

import pyarrow as pa

from finrec_spark.transforms.forms import form_of

_MOST_LINES = 1000
"""Lines of one record; a quote that is open for longer is a stray one."""
_BATCH = 4096
_DOUBLED, _ESCAPED = r'[^"]*+(?:""[^"]*+)*+', r'[^"\\]*+(?:\\(?s:.|$)[^"\\]*+)*+'
"""What a quoted value holds, where a quote in it is doubled, or has a backslash before it as Spark writes it."""


@dataclass(frozen=True)
class _Dialect:
    """Patterns of one line, by how a quoted value is written.

    Attributes:
        whole: a line whose quotes are all closed; ``opening``: one whose last quote is open.
        within: a line in an open quote that leaves it open; ``closing``: one that closes it; ``reopening``: one that
            closes it and opens another.
    """

    whole: re.Pattern[str]
    opening: re.Pattern[str]
    within: re.Pattern[str]
    closing: re.Pattern[str]
    reopening: re.Pattern[str]


def quoted_cell(separator: str, inside: str) -> str:
    """The pattern of one cell, quoted or not; one that is not quoted does not begin with a quote."""
    sign = re.escape(separator)
    return rf'(?:"{inside}"|(?! *")[^{sign}]*+)'


def whole_line(separator: str, width: int) -> tuple[str, str]:
    """The pattern of a line of ``width`` cells, with doubled quotes and with backslashes before them.

    Possessive, since for each cell that Java might give back it calls itself, and wide lines overflow its stack.
    """
    sign = re.escape(separator)
    cells = (quoted_cell(separator, inside) for inside in (_DOUBLED, _ESCAPED))
    doubled, escaped = (rf"^{cell}(?:{sign}{cell}){{{width - 1}}}+$" for cell in cells)
    return doubled, escaped


def records(lines: Iterable[str], separator: str, width: int) -> Iterator[str]:
    """The records of one file, in order; the lines of one are joined by a line feed.

    Args:
        lines: the file's lines, in order.
        separator: between two cells.
        width: cells of a record.

    >>> list(records(['1,"two', 'lines"', '2,"stray', '3,none'], ",", 2))
    ['1,"two\\nlines"', '2,"stray', '3,none']
    """
    rest = iter(lines)
    ahead: deque[str] = deque()
    while True:
        line = ahead.popleft() if ahead else _next(rest)
        if line is None:
            return
        length = _length(line, ahead, rest, separator, width) if '"' in line else 1
        yield "\n".join([line, *(ahead.popleft() for _ in range(length - 1))])


def record_batches(
    carried: tuple[str, ...], separator: str, width: int
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow``: lines with ``value``, sorted by file, ``carried[0]``, and place → records.

    Args:
        carried: columns that are the same in all lines of a file.
        separator: between two cells.
        width: cells of a record.
    """
    names = (*carried, "value")

    def joined(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        lines = chain.from_iterable(
            zip(*(batch.column(name).to_pylist() for name in names), strict=True) for batch in batches
        )
        found = (
            (*of_file, record)
            for of_file, rows in groupby(lines, key=lambda row: row[:-1])
            for record in records(map(itemgetter(-1), rows), separator, width)
        )
        while rows := list(islice(found, _BATCH)):
            arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=list(names))

    return joined


def _next(lines: Iterator[str]) -> str | None:
    return next(lines, None)


def _length(line: str, ahead: deque[str], rest: Iterator[str], separator: str, width: int) -> int:
    """Lines of the record that begins with ``line``; what was looked at of the others is in ``ahead``.

    The way of writing quotes that gives a record of ``width`` cells is preferred, and the doubled one of two that do.
    """
    lengths: list[int] = []
    for inside, of_width in zip((_DOUBLED, _ESCAPED), _of_width(separator, width), strict=True):
        dialect = _dialect(separator, inside)
        length = _closed_after(dialect, line, ahead, rest)
        lines = [line, *list(ahead)[: max(length - 1, 0)]]
        if length and not _swallows_rows(lines, dialect, separator, width):
            if of_width.fullmatch("\n".join(lines)):
                return length
            lengths.append(length)
    return lengths[0] if lengths else 1


def _closed_after(dialect: _Dialect, line: str, ahead: deque[str], rest: Iterator[str]) -> int:
    """Lines until every quote is closed; 0 where that never happens, or where something follows a closed quote."""
    if dialect.whole.fullmatch(line):
        return 1
    if not dialect.opening.fullmatch(line):
        return 0
    for place in range(_MOST_LINES):
        if place == len(ahead):
            following = _next(rest)
            if following is None:
                return 0
            ahead.append(following)
        if dialect.closing.fullmatch(ahead[place]):
            return place + 2
        if not (dialect.within.fullmatch(ahead[place]) or dialect.reopening.fullmatch(ahead[place])):
            return 0
    return 0


def _swallows_rows(lines: list[str], dialect: _Dialect, separator: str, width: int) -> bool:
    """Whether a line after the first looks like a row of its own: as many cells, and a first one of the same form."""
    if width < 2 or len(lines) == 1:
        return False
    first = _outline(lines[0].split(separator)[0])
    further = [line for line in (*lines[1:-1], lines[-1].replace('"', "")) if dialect.whole.fullmatch(line)]
    prose = f"{separator} "
    cells = [line.split(separator) for line in further if prose not in line or prose in lines[0]]
    return any(len(row) == width and _outline(row[0]) == first for row in cells)


def _outline(text: str) -> str:
    """The text's form in which repeats count once: ``a-9`` for ``P-0012``."""
    return re.sub(r"(.)\1+", r"\1", form_of(text))


@cache
def _of_width(separator: str, width: int) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, whole_line(separator, width)))


@cache
def _dialect(separator: str, inside: str) -> _Dialect:
    sign, cell = re.escape(separator), quoted_cell(separator, inside)
    cells = rf"(?:{sign}{cell})*+"
    return _Dialect(
        whole=re.compile(cell + cells),
        opening=re.compile(rf'(?:{cell}(?:{sign}{cell})*{sign})?"{inside}'),
        within=re.compile(inside),
        closing=re.compile(rf'{inside}"{cells}'),
        reopening=re.compile(rf'{inside}"(?:{sign}{cell})*{sign}"{inside}'),
    )
