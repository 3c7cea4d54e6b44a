"""What a feed's writer says it wrote: every file with its rows and checksum, and how it is shared over ranks.

A checksum does not depend on the order of rows: it is their number, the sum of the lower 32 bits of their 64-bit
hashes, and the exclusive or of the whole hashes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow.fs import FileType

from finrec_spark.errors import FeedError, InputMissing
from finrec_spark.training.file_system import file_system
from finrec_spark.training.sequences_schema import SequenceLayout

LOW_BITS = 0xFFFF_FFFF


@dataclass(frozen=True)
class Tally:
    """How many rows there are, and the checksum of them."""

    rows: int = 0
    low_sum: int = 0
    xor: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(self.rows + other.rows, self.low_sum + other.low_sum, self.xor ^ other.xor)

    @classmethod
    def of(cls, hashes: NDArray[np.int64]) -> "Tally":
        """The tally of rows with these hashes.

        >>> Tally.of(np.array([5, 3])) == Tally.of(np.array([3])) + Tally.of(np.array([5])) == Tally(2, 8, 6)
        True
        """
        low = np.bitwise_and(hashes, LOW_BITS).sum(dtype=np.int64)
        return cls(len(hashes), int(low), int(np.bitwise_xor.reduce(hashes, initial=0)))


@dataclass(frozen=True)
class FeedFile:
    """One file of a feed, relative to its directory."""

    path: str
    tally: Tally


@dataclass(frozen=True)
class Manifest:
    """All files of a feed, in the order of their numbers, and what a row consists of."""

    directory: str
    layout: SequenceLayout
    files: Sequence[FeedFile]

    @property
    def tally(self) -> Tally:
        """All rows of the feed."""
        return total(self.files)

    def share(self, rank: int, world: int) -> Sequence[FeedFile]:
        """The files of one of ``world`` ranks: every ``world``-th, so that shares differ by a file at most."""
        return self.files[rank::world]

    def rows_of_ranks(self, world: int) -> NDArray[np.int64]:
        """Rows of each rank's share."""
        return np.array([total(self.share(rank, world)).rows for rank in range(world)], dtype=np.int64)

    def require_delivered(self, tallies: Iterable[Tally], epoch: int) -> None:
        """Hold what all ranks delivered together against what was written.

        Raises:
            FeedError: a row is missing or came twice.
        """
        require_equal(self.directory, f"all ranks in epoch {epoch}", total_of(tallies), self.tally)


def require_equal(directory: str, who: str, delivered: Tally, written: Tally) -> None:
    """Hold delivered rows against written ones.

    Raises:
        FeedError: their numbers or checksums differ.
    """
    if delivered == written:
        return
    told = f"{delivered.rows} rows delivered, {written.rows} written"
    what = told if delivered.rows != written.rows else f"{told}, but not the same ones"
    raise FeedError(f"feed {directory}, {who}: {what}; write the feed again and train again")


def total(files: Iterable[FeedFile]) -> Tally:
    """The tally of all rows of ``files``."""
    return total_of(file.tally for file in files)


def total_of(tallies: Iterable[Tally]) -> Tally:
    """All tallies together."""
    return reduce(Tally.__add__, tallies, Tally())


def read_manifest(directory: str) -> Manifest:
    """The manifest of the feed that was written to ``directory``, a path or URL as ``file_system`` takes it.

    Raises:
        InputMissing: there is no manifest: nothing was written there, or the writer did not end.
        FeedError: it names no file.
    """
    rows = _manifest_rows(directory).sort_by("file").to_pylist()
    if not rows:
        raise FeedError(f"feed {directory}: it has no row; nothing can be learned from it")
    layout = SequenceLayout.model_validate_json(rows[0]["layout"])
    files = [FeedFile(row["path"], Tally(row["rows"], row["low_sum"], row["xor"])) for row in rows]
    return Manifest(directory, layout, files)


def _manifest_rows(directory: str) -> pa.Table:
    files, path = file_system(directory)
    if files.get_file_info(f"{path}/manifest").type == FileType.NotFound:
        raise InputMissing(f"feed {directory}: it has no manifest; write the sequences first")
    return pq.read_table(f"{path}/manifest", filesystem=files)
