"""What is wanted of one delivered table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from pyspark.sql import Column
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.transforms.ingest.headers import names_columns, told_columns

MALFORMED = "_malformed_line"


@dataclass(frozen=True)
class Wanted:
    """The columns that are wanted of a table, and how it is read.

    Attributes:
        needed: names, in lower case, without which it is of no use.
        known: names that mean something, the needed ones among them.
        others: whether all other columns are read too; those that tools leave behind never are.
        keys: names of columns that hold keys.
        multiline: whether quoted CSV values may hold line breaks.
        encoding: of its text, as Python names it; None: UTF-8.
    """

    needed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    others: bool = True
    keys: tuple[str, ...] = ()
    multiline: bool = False
    encoding: str | None = None


@dataclass(frozen=True)
class Found:
    """The columns of one file, trimmed and in lower case.

    Attributes:
        names: its own.
        folders: those that the folders' names give.
        declared: whether the file itself says that they are names, as Parquet does; a first line may be a row.
    """

    names: Sequence[str]
    folders: Sequence[str] = ()
    declared: bool = False


def wanted_places(header: Sequence[str], wanted: Wanted, file: str) -> dict[str, int]:
    """Place in the header of each wanted column, by its name, trimmed and in lower case.

    Left out are columns without a name and those that pandas leaves behind: ``__index_level_0__``, ``Unnamed: 0``.

    Raises:
        InputMissing: a wanted name stands twice.

    >>> wanted_places(["ID", " Age ", "", "__index_level_0__"], Wanted(), "in.csv")
    {'id': 0, 'age': 1}
    """
    names = [name.strip().lower() for name in header]
    given = [name for name in names if _is_wanted(name, wanted)]
    twice = [name for name, times in Counter(given).items() if times > 1]
    if twice and names_columns(names, wanted.known):
        raise InputMissing(f"{file} has column {', '.join(twice)} more than once: keep one")
    if twice:
        raise InputMissing(f"{file} has two columns of one name: keep one; {told_columns(names, wanted.known)}")
    return {name: names.index(name) for name in given}


def require_columns(found_by_file: Mapping[str, Found], wanted: Wanted, contract: str) -> None:
    """Nothing, where the columns of every file have all that is needed.

    Raises:
        InputMissing: naming the file, the missing columns, those found (of a first line that may be a row, its form),
            and where the contract stands.
    """
    missing_by_file = {file: _missing(found, wanted) for file, found in found_by_file.items()}
    whole = (found.names for file, found in found_by_file.items() if not missing_by_file[file])
    known = {*wanted.known, *chain.from_iterable(whole)}
    for file, missing in missing_by_file.items():
        if missing:
            names, declared = found_by_file[file].names, found_by_file[file].declared
            where = f"see {contract}" if contract else "every part needs it"
            told = told_columns(names, names if declared else known)
            raise InputMissing(f"{file} lacks column {', '.join(missing)}; {told}; {where}")


def _missing(found: Found, wanted: Wanted) -> list[str]:
    return [name for name in wanted.needed if name not in (*found.names, *found.folders)]


def quoted(name: str) -> str:
    """The column name as Spark's expressions take it, whatever signs it has."""
    return f"`{name.replace('`', '``')}`"


def named(name: str) -> Column:
    """The column of this name, whatever signs it has."""
    return F.col(quoted(name))


def _is_wanted(name: str, wanted: Wanted) -> bool:
    if name in wanted.known or name in wanted.needed:
        return True
    left_behind = name.startswith(("__index_level_", "unnamed: "))
    return wanted.others and bool(name) and not left_behind
