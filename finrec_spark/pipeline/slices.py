"""Rows of a table, named by the values of some of its columns."""

from datetime import date

Slice = tuple[tuple[str, str], ...]
"""Column and value, sorted by column; all rows where there are none."""


def slice_of(**values: str | date | None) -> Slice:
    """The rows with these values; a column with None is left open.

    >>> slice_of(month=date(2022, 6, 1), model="als", part=None)
    (('model', 'als'), ('month', '2022-06-01'))
    """
    return tuple(sorted((name, str(value)) for name, value in values.items() if value is not None))
