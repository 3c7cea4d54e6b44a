"""What may be said of a file's first line: the names of its columns, but never a row that stands in their place."""

from collections.abc import Collection, Sequence

from finrec_spark.tables import LANDING
from finrec_spark.transforms.forms import form_of

_CONTRACT = frozenset(name for table in LANDING for name in table.column_names)


def names_columns(names: Sequence[str], known: Collection[str]) -> bool:
    """Whether a first line names columns: one of them is ``known`` or stands in the landing contract.

    Args:
        names: its cells, trimmed and in lower case.
        known: further names that mean something.
    """
    return not _CONTRACT.union(known).isdisjoint(filter(None, names))


def told_columns(names: Sequence[str], known: Collection[str]) -> str:
    """The columns for a message; of a line that may be a row only its form. Arguments as ``names_columns`` takes them.

    >>> told_columns(["client", "value"], {"customer_id"})
    'found: client, value'
    >>> told_columns(["c0001", "zhang wei", "3"], {"customer_id"})
    'its first line must name the columns, and looks like a9999, aaaaa aaa, 9'
    """
    if names_columns(names, known):
        return f"found: {', '.join(names)}"
    return f"its first line must name the columns, and looks like {', '.join(map(form_of, names))}"
