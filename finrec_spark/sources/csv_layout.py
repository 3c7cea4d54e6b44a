"""How a CSV file is laid out: its separator and its header."""

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass

from finrec_spark.errors import InputMissing

_SEPARATORS = (",", ";", "\t", "|", "\x01")
_LINE_END = re.compile("\r\n|\n|\r")
_EXCEL = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """The layout of one CSV file.

    Attributes:
        separator: one sign.
        header: the column names as they stand.
        skipped: the lines that hold no row: the header, and Excel's line ``sep=;`` before it.
    """

    separator: str
    header: tuple[str, ...]
    skipped: tuple[str, ...]


def csv_layout(head: str, file: str, needed: Collection[str], known: Collection[str]) -> Layout:
    """The layout that the first lines show.

    The separator is the one that Excel's line names, else the one that yields most of the ``needed`` columns, then
    most of the ``known`` ones, then most cells.

    Args:
        head: the first lines.
        file: for the error.
        needed: names, in lower case, that the table must have.
        known: names that it may have.

    Raises:
        InputMissing: there is no line.

    >>> csv_layout('"id";"income, yearly, gross"\\n1;2', "in.csv", {"id"}, {"id"}).header
    ('id', 'income, yearly, gross')
    >>> csv_layout("sep=;\\nid;name, first\\n1;2", "in.csv", {"id"}, {"id"}).separator
    ';'
    """
    lines = [line for line in lines_of(head) if line.strip(" ")]
    if not lines:
        raise InputMissing(f"{file} is empty: its first line must name the columns")
    excel = _EXCEL.fullmatch(lines[0].rstrip())
    if excel and len(lines) > 1:
        return Layout(excel[1], _cells(lines[1], excel[1]), tuple(lines[:2]))

    def fitness(separator: str) -> tuple[int, int, int]:
        names = {cell.strip().lower() for cell in _cells(lines[0], separator)}
        return len(names & set(needed)), len(names & set(known)), len(_cells(lines[0], separator))

    separator = max(_SEPARATORS, key=fitness)
    return Layout(separator, _cells(lines[0], separator), (lines[0],))


def lines_of(text: str) -> list[str]:
    """The lines of a text, whatever their ends, as Spark cuts them."""
    return _LINE_END.split(text)


def _cells(line: str, separator: str) -> tuple[str, ...]:
    return tuple(next(csv.reader([line], delimiter=separator)))
