"""What lies in a landing directory.

A directory is any path that Spark reads (local, ``hdfs://``, ``s3a://``), whatever signs its name has. A table is one
of ``NAME.csv``, ``NAME.csv.gz`` and ``NAME.parquet``, each a file or a folder as Spark writes them.
"""

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrameReader, SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing

_ENDINGS = ("csv", "csv.gz", "parquet")
_FILE_SCHEME = re.compile(r"^file:(/*(?=/))?")


@dataclass(frozen=True)
class Delivery:
    """One delivered table.

    Attributes:
        name: the table.
        path: its file or folder, as it was named.
        files: the URIs of its files that are not empty, by name; at least one.
    """

    name: str
    path: str
    files: tuple[str, ...]


class _File(NamedTuple):
    """A file with content: its URI, its bytes, when it was changed (µs)."""

    path: str
    length: int
    modified: int


def find_deliveries(spark: SparkSession, directory: str, names: Sequence[str]) -> dict[str, Delivery]:
    """Those of the tables ``names`` that lie in ``directory``, by name.

    Raises:
        InputMissing: a table is delivered twice, such as ``customers.csv`` beside ``customers.parquet``.
    """
    entries = _entries(names)
    files: dict[str, list[str]] = defaultdict(list)
    for file in _collect_files(spark, directory, entries):
        for entry in _entries_of(file.path, entries):
            files[entry].append(file.path)
    _require_once(sorted(files), entries, directory)
    return {
        entries[entry]: Delivery(entries[entry], f"{directory}/{entry}", tuple(sorted(files[entry])))
        for entry in sorted(files)
    }


def named_delivery(spark: SparkSession, name: str, path: str) -> Delivery:
    """The file or folder ``path`` as a table.

    Raises:
        InputMissing: nothing lies there.
    """
    files = tuple(sorted(file.path for file in _collect_files(spark, path)))
    if not files:
        raise InputMissing(f"{path} is missing or empty")
    return Delivery(name, path, files)


def require_tables(found: Mapping[str, Delivery], names: Sequence[str], directory: str, contract: str) -> None:
    """Nothing, where all ``names`` were found.

    Raises:
        InputMissing: naming the missing tables, what was found, and where the contract stands.
    """
    missing = [name for name in names if name not in found]
    if missing:
        files = ", ".join(f"{name}.csv" for name in missing)
        have = ", ".join(sorted(found)) or "no table at all"
        other = "or .csv.gz, .parquet; an empty file does not count"
        raise InputMissing(f"{directory} lacks {files} ({other}); found: {have}; see {contract}")


def landing_fingerprint(spark: SparkSession, directory: str, names: Sequence[str]) -> str:
    """Digest of the paths, lengths and modification times of the tables' files; no content is read.

    Args:
        spark: the session.
        directory: where the tables lie.
        names: the tables; whatever else lies there, such as a lake or logs, is no part of the delivery.

    Raises:
        InputMissing: none of them lies there.
    """
    files = _collect_files(spark, directory, _entries(names))
    if not files:
        raise InputMissing(f"{directory} is missing or holds no landing file: name a directory with landing files")
    return _digest(files)


def path_fingerprint(spark: SparkSession, path: str) -> str:
    """The same of one file or folder.

    Raises:
        InputMissing: nothing lies there.
    """
    files = _collect_files(spark, path)
    if not files:
        raise InputMissing(f"{path} is missing or empty")
    return _digest(files)


def delivered_bytes(spark: SparkSession, directory: str, names: Sequence[str]) -> int:
    """Bytes of the tables' files in ``directory``, packed as they are; 0 where there are none."""
    return sum(file.length for file in _collect_files(spark, directory, _entries(names)))


def local_path(path: str) -> str | None:
    """The path of a file or folder on this machine, named without a scheme or with ``file:``; None: it is elsewhere.

    >>> local_path("file:///data/50% off? #1/customers.csv"), local_path("file:/data"), local_path("delivery: June")
    ('/data/50% off? #1/customers.csv', '/data', 'delivery: June')
    >>> local_path("hdfs://bank/customers.csv")
    """
    if path.startswith("file:"):
        return _FILE_SCHEME.sub("", path)
    return None if "://" in path else path


def without_pattern(path: str) -> str:
    r"""The path with every sign that Hadoop would take for a pattern escaped.

    >>> print(without_pattern("delivery [June]"))
    delivery \[June\]
    """
    return re.sub(r"([\\\[\]{}*?])", r"\\\1", path)


def plain_reader(spark: SparkSession, folder: str | None = None) -> DataFrameReader:
    """A reader that takes paths as they are; with ``folder``, the names ``column=value`` below it give columns."""
    reader = spark.read.option("__globPaths__", "false")
    return reader if folder is None else reader.option("basePath", folder)


def parts_of(delivery: Delivery, file: str) -> tuple[str, ...]:
    """Names of the columns whose values the folders between the table's and the file say.

    >>> parts_of(Delivery("events", "in/events.csv", ()), "file:/in/events.csv/day=01/channel=app/part-0.csv")
    ('day', 'channel')
    """
    entry = delivery.path.rstrip("/").rpartition("/")[2]
    below = file.rpartition(f"/{entry}/")[2] if f"/{entry}/" in file else ""
    return tuple(part.partition("=")[0] for part in below.split("/")[:-1] if "=" in part)


def _entries(names: Sequence[str]) -> dict[str, str]:
    """What a table may be delivered as, in the directory → the table."""
    return {f"{name}.{ending}": name for name in names for ending in _ENDINGS}


def _digest(files: Iterable[_File]) -> str:
    return hashlib.sha256(repr(sorted(map(tuple, files))).encode()).hexdigest()[:16]


def _require_once(found: Sequence[str], entries: Mapping[str, str], directory: str) -> None:
    twice = [name for name, times in Counter(entries[entry] for entry in found).items() if times > 1]
    if twice:
        same = ", ".join(entry for entry in found if entries[entry] == twice[0])
        raise InputMissing(f"{twice[0]} is delivered more than once in {directory} ({same}): keep one")


def _collect_files(spark: SparkSession, directory: str, entries: Iterable[str] = ()) -> list[_File]:
    """Every file with content in the directory and below, or in those of its ``entries`` that are there.

    On this machine they are listed without a query.
    """
    local = local_path(directory)
    if local is not None:
        folder = Path(local)
        return [file for start in ([folder / name for name in entries] or [folder]) for file in _below(start)]
    below = f"/{{{','.join(entries)}}}" if entries else ""
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        listed = files.load(without_pattern(directory) + below)
    except AnalysisException as error:
        if error.getErrorClass() != "PATH_NOT_FOUND":
            raise
        return []
    columns = ("path", "length", F.unix_micros("modificationTime").alias("modified"))
    return [_File(*row) for row in listed.select(*columns).collect()]


def _below(start: Path) -> Iterator[_File]:
    """The files that Spark would read of a file or folder of this machine, through links too."""
    walked = ((Path(folder), files) for folder, _, files in os.walk(start, followlinks=True))
    found = [start] if start.is_file() else [folder / name for folder, files in walked for name in files]
    for path in filter(Path.is_file, found):  # not a link that leads nowhere
        size, modified = (stat := path.stat()).st_size, stat.st_mtime_ns // 1000
        if size and not any(map(_is_hidden, path.relative_to(start).parts)):
            yield _File(f"file:{path.absolute()}", size, modified)


def _is_hidden(name: str) -> bool:
    """Whether Spark passes over a file or folder of this name.

    >>> [name for name in ("_SUCCESS", ".part.crc", "day=01", "_day=01", "part-0.csv") if _is_hidden(name)]
    ['_SUCCESS', '.part.crc']
    """
    return name.startswith(".") or (name.startswith("_") and "=" not in name) or name.endswith("._COPYING_")


def _entries_of(path: str, entries: Iterable[str]) -> list[str]:
    """The file of a path, or the folder that it lies in, where it is one of ``entries``."""
    known = set(entries)
    return [part for part in path.split("/") if part in known][-1:]
