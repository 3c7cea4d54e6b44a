"""Rendered messages → one file a channel and format, with checksums and a manifest, written by the executors.

A file holds what the channel needs to send: whom, what, and the ID by which the answer comes back; addresses are looked
up by who sends. The same messages give the same bytes, whatever the partitions: rows are in the order of their
customers, and nothing names the moment.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from io import RawIOBase, StringIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.contact_ids import contact_id
from finrec_spark.training.file_system import file_system
from finrec_spark.vocabulary import CHANNELS, EMAIL

FORMATS = ("csv", "parquet")
MANIFEST = "manifest.json"

_COLUMNS = ("contact_id", "campaign_id", "customer_id", "product_id", "language", "message")
_OF_EMAIL = ("subject", "headers")
_EXPORTED = "channel string, format string, path string, messages bigint, bytes bigint, sha256 string"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell must not begin with, since spreadsheets take it for a formula (OWASP, "CSV Injection")."""

_ROW_GROUP = 50_000  # of Parquet


@dataclass(frozen=True)
class ExportedFile:
    """One file: ``path`` below the export's folder, its messages, bytes and SHA-256."""

    channel: str
    format: str
    path: str
    messages: int
    bytes: int
    sha256: str


def messages_to_export(rendered: DataFrame) -> DataFrame:
    """One row: a message that is sent, with what its channel needs.

    Args:
        rendered: result of ``messages.rendering.render``; what is excluded is left out.

    Returns:
        ``channel``, ``contact_id`` (the same for the same message at every export), then the columns of a file.
    """
    sent = rendered.where(F.col("excluded").isNull() & F.col("message").isNotNull())
    headers = F.to_json(F.map_from_entries(F.array_sort(F.map_entries("headers")))).alias("headers")
    return sent.select("channel", contact_id().alias("contact_id"), *_COLUMNS[1:], "subject", headers)


def collect_exported(messages: DataFrame, place: str) -> list[ExportedFile]:
    """Write the files, then the manifest; returns what was written: a few rows.

    A channel's rows go to one task, which writes them as they come. A manifest that is there names files that are
    whole: the earlier one is taken away first, and the new one is written last. Earlier files go with it, those of
    channels that have no message now among them.

    Args:
        messages: result of ``messages_to_export``.
        place: path or URL of the month's folder, as ``arrow_place`` gives it.
    """
    files, root = file_system(place)
    files.create_dir(root, recursive=True)
    _remove_exported(files, root)
    by_channel = messages.repartition("channel").sortWithinPartitions("channel", "customer_id", "campaign_id")
    rows = by_channel.mapInArrow(partial(_export, place=place), _EXPORTED).collect()
    written = sorted((ExportedFile(**row.asDict()) for row in rows), key=lambda file: file.path)
    _write_manifest(files, f"{root}/{MANIFEST}", written)
    return written


def collect_restored(
    messages: DataFrame, place: str, aside: str, noted: Mapping[str, str], names: Iterable[str]
) -> list[str]:
    """Write files of the month's folder again, those alone that come out as they were; returns which did.

    Args:
        messages: result of ``messages_to_export``.
        place: as in ``collect_exported``.
        aside: a folder of the same file system, in which all files are written first; it is deleted.
        noted: name of every file that was exported → its SHA-256.
        names: of the files to write again.
    """
    written = {file.path: file.sha256 for file in collect_exported(messages, aside)}
    same = [name for name in names if written.get(name) == noted[name]]
    (files, root), (_, beside) = file_system(place), file_system(aside)
    files.create_dir(root, recursive=True)
    for name in [*same, MANIFEST] if written == noted else same:
        files.move(f"{beside}/{name}", f"{root}/{name}")
    files.delete_dir(beside)
    return same


def _export(batches: Iterable[pa.RecordBatch], place: str) -> Iterator[pa.RecordBatch]:
    """Write a task's channels, one after the other; a row a file."""
    files, root = file_system(place)
    with ExitStack() as open_files:
        writers: dict[str, list[_Writer]] = {}
        for batch in batches:
            for channel, rows in _channels(batch):
                if channel not in writers:
                    writers[channel] = [_writer(channel, kind, files, root) for kind in FORMATS]
                    open_files.callback(_close, writers[channel])
                for writer in writers[channel]:
                    writer.write(rows)
    found = [asdict(writer.exported) for of_channel in writers.values() for writer in of_channel]
    if found:
        yield pa.RecordBatch.from_pylist(found)


def _channels(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The stretches of one channel, in which the rows are sorted."""
    names = batch.column("channel").to_pylist()
    starts = [place for place, name in enumerate(names) if place == 0 or name != names[place - 1]]
    for start, end in zip(starts, [*starts[1:], len(names)], strict=True):
        yield names[start], batch.slice(start, end - start)


def columns_of(channel: str) -> tuple[str, ...]:
    """Columns of a channel's file."""
    return (*_COLUMNS, *_OF_EMAIL) if channel == EMAIL else _COLUMNS


class _Hashing(RawIOBase):
    """A stream that counts and digests what goes through it."""

    def __init__(self, sink: pa.NativeFile) -> None:
        self.sink, self.size, self.digest = sink, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.size += len(data)
        self.digest.update(data)
        self.sink.write(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self.sink.close()
        super().close()


@dataclass
class _Writer:
    """One open file."""

    channel: str
    format: str
    stream: _Hashing
    append: Callable[[pa.Table], None]
    finish: Callable[[], None]
    messages: int = 0

    def write(self, rows: pa.RecordBatch) -> None:
        self.messages += rows.num_rows
        self.append(pa.Table.from_batches([rows]).select(list(columns_of(self.channel))))

    @property
    def exported(self) -> ExportedFile:
        size, digest = self.stream.size, self.stream.digest.hexdigest()
        return ExportedFile(self.channel, self.format, _name(self.channel, self.format), self.messages, size, digest)


def _writer(channel: str, kind: str, files: FileSystem, root: str) -> _Writer:
    stream = _Hashing(files.open_output_stream(f"{root}/{_name(channel, kind)}"))
    if kind == "csv":
        stream.write(csv_lines([columns_of(channel)]))
        return _Writer(channel, kind, stream, partial(_append_csv, stream), lambda: None)
    groups = _RowGroups(pq.ParquetWriter(pa.PythonFile(stream, mode="w"), _schema(channel)), _schema(channel))
    return _Writer(channel, kind, stream, groups.append, groups.close)


@dataclass
class _RowGroups:
    """Writes rows in groups of one size, however they come: else the bytes would depend on the batches."""

    writer: pq.ParquetWriter
    schema: pa.Schema
    waiting: pa.Table | None = None

    def append(self, rows: pa.Table) -> None:
        rows = rows.cast(self.schema)
        self.waiting = rows if self.waiting is None else pa.concat_tables([self.waiting, rows])
        while self.waiting.num_rows >= _ROW_GROUP:
            self.writer.write_table(self.waiting.slice(0, _ROW_GROUP).combine_chunks())
            self.waiting = self.waiting.slice(_ROW_GROUP)

    def close(self) -> None:
        if self.waiting is not None and self.waiting.num_rows:
            self.writer.write_table(self.waiting.combine_chunks())
        self.writer.close()


def _schema(channel: str) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in columns_of(channel)])


def _close(writers: Sequence[_Writer]) -> None:
    for writer in writers:
        writer.finish()
        writer.stream.close()


def _append_csv(stream: _Hashing, rows: pa.Table) -> None:
    stream.write(csv_lines(zip(*(column.to_pylist() for column in rows.columns), strict=True)))


def csv_lines(rows: Iterable[Sequence[str | None]]) -> bytes:
    r"""Rows as RFC 4180 has them, in UTF-8; a cell that a spreadsheet would take for a formula gets a ' before it.

    >>> csv_lines([("C1", "=1+1", None), ("C2", "+1", "a,b")])
    b'C1,\'=1+1,\r\nC2,\'+1,"a,b"\r\n'
    """
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: str | None) -> str:
    return "" if value is None else f"'{value}" if value.startswith(_FORMULA) else value


def _name(channel: str, kind: str) -> str:
    return f"{channel}.{kind}"


def _write_manifest(files: FileSystem, path: str, written: Sequence[ExportedFile]) -> None:
    with files.open_output_stream(path) as stream:
        stream.write(json.dumps({"files": [asdict(file) for file in written]}, indent=2).encode())


def _remove_exported(files: FileSystem, root: str) -> None:
    """Take away an earlier manifest, then the files of every channel."""
    names = (MANIFEST, *(_name(channel, kind) for channel in CHANNELS for kind in FORMATS))
    for found in files.get_file_info([f"{root}/{name}" for name in names]):
        if found.is_file:
            files.delete_file(found.path)
