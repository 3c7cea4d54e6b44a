"""The files of a feed → batches of tensors, each row exactly once an epoch; the one user of Petastorm.

Petastorm by itself shards by row group without looking at sizes, stops early at an empty file, and one of its
versions lost rows without a word. So the files of each rank are named to it one by one, rows are counted and their
hashes added as they come out, and an epoch that is not whole is an error.

All ranks take as many steps as the one with the most rows. Steps for which a rank has no rows left are filled with
rows of weight 0: they cost time but move no weight, and no rank waits for another that has ended.
"""

import queue
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from petastorm import make_batch_reader
from pyarrow import NativeFile
from pyarrow.filesystem import FileSystem as LegacyFileSystem
from pyarrow.fs import FileType, SubTreeFileSystem

from finrec_spark.errors import FeedError
from finrec_spark.training.batch import Batch, unpacked
from finrec_spark.training.file_system import file_system
from finrec_spark.training.manifest import Manifest, Tally, read_manifest, require_equal, total
from finrec_spark.training.params import FeedParams
from finrec_spark.training.sequences_schema import SequenceLayout

Item = TypeVar("Item")

_ROW_GROUPS_AHEAD = 2
_AHEAD = 4  # batches
_LOOK_S = 0.1  # how often a waiting reader looks whether it is still wanted


@dataclass(frozen=True)
class Rows:
    """Packed rows: hashes, B; whole numbers, B × n; floats, B × m."""

    checksum: NDArray[np.int64]
    whole_numbers: NDArray[np.int32]
    decimals: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.checksum)

    def take(self, places: NDArray[np.int64] | slice) -> "Rows":
        """The rows at ``places``."""
        return Rows(self.checksum[places], self.whole_numbers[places], self.decimals[places])

    def filled(self, more: int) -> "Rows":
        """The rows and ``more`` rows of padding."""
        below = ((0, more), (0, 0))
        return Rows(np.pad(self.checksum, (0, more)), np.pad(self.whole_numbers, below), np.pad(self.decimals, below))


@dataclass
class Shard:
    """One rank's batches of one epoch; iterate once.

    Attributes:
        steps: how many batches come, the same for all ranks.
        delivered: tally of the rows that came so far.
    """

    manifest: Manifest
    rank: int
    world: int
    epoch: int
    params: FeedParams
    delivered: Tally = field(default_factory=Tally)

    @property
    def steps(self) -> int:
        """Batches of every rank."""
        return steps(self.manifest, self.world, self.params.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """The batches, the last ones filled with rows of weight 0.

        Raises:
            FeedError: a file cannot be read, or the rank's rows did not come exactly once.
        """
        files = self.manifest.share(self.rank, self.world)
        written, rows_of_steps = total(files), self._rows_of_steps()
        step, self.delivered = 0, Tally()
        for rows in _ahead(self._read([file.path for file in files]), _AHEAD):
            self.delivered += Tally.of(rows.checksum)
            if self.delivered.rows > written.rows:
                break
            yield self._batch(rows, rows_of_steps[step])
            step += 1
        who = f"rank {self.rank} of {self.world} in epoch {self.epoch}"
        require_equal(self.manifest.directory, who, self.delivered, written)
        for rest in range(step, self.steps):
            yield self._batch(_no_rows(self.manifest.layout), rows_of_steps[rest])

    def _rows_of_steps(self) -> NDArray[np.int64]:
        """Rows of all ranks together in each step."""
        first = np.arange(self.steps)[:, None] * self.params.batch_size
        left = self.manifest.rows_of_ranks(self.world)[None, :] - first
        return np.clip(left, 0, self.params.batch_size).sum(axis=1)

    def _batch(self, rows: Rows, rows_of_step: int) -> Batch:
        missing = self.params.batch_size - len(rows)
        weight = np.repeat(np.array([1, 0], np.float32), [len(rows), missing])
        filled = rows if not missing else rows.filled(missing)
        scale = self.world / float(rows_of_step)
        return unpacked(self.manifest.layout, filled.whole_numbers, filled.decimals, weight, scale)

    def _read(self, paths: Sequence[str]) -> Iterator[Rows]:
        seeds = np.random.SeedSequence([self.params.seed, self.epoch, self.rank])
        parts = [paths[worker :: self.params.workers] for worker in range(self.params.workers)]
        of_workers = seeds.generate_state(len(parts) + 1)
        readers = [
            _row_groups(part, int(seed), self.manifest.directory)
            for part, seed in zip(parts, of_workers[1:], strict=True)
            if part
        ]
        rng = np.random.default_rng(int(of_workers[0]))
        return _mixed(_in_turn(readers), self.params.mixed_files, self.params.batch_size, rng)


@dataclass(frozen=True)
class Feed:
    """A feed that ``feed_writing`` wrote."""

    manifest: Manifest

    @classmethod
    def open(cls, directory: str) -> "Feed":
        """Read the manifest.

        Raises:
            InputMissing, FeedError: as ``read_manifest``.
        """
        return cls(read_manifest(directory))

    def shard(self, rank: int, world: int, epoch: int, params: FeedParams) -> Shard:
        """The batches of one rank in one epoch; the order follows from all the arguments."""
        return Shard(self.manifest, rank, world, epoch, params)


def steps(manifest: Manifest, world: int, batch_size: int) -> int:
    """Batches that hold the largest share of ``world`` ranks."""
    return int(-(-manifest.rows_of_ranks(world).max() // batch_size))


class _FilesBelow(LegacyFileSystem):
    """The files below a directory, by the interface that Petastorm wants: the one that pyarrow will drop.

    Petastorm's own ways to S3 and HDFS end in errors with this pyarrow, or want other libraries.
    """

    def __init__(self, directory: str) -> None:
        files, path = file_system(directory)
        self._files = SubTreeFileSystem(path, files)

    def open(self, path: str, mode: str = "rb") -> NativeFile:
        return self._files.open_input_file(path.lstrip("/"))

    def isfile(self, path: str) -> bool:
        return self._files.get_file_info(path.lstrip("/")).type == FileType.File

    def isdir(self, path: str) -> bool:
        return False  # files are named one by one


def _row_groups(paths: Sequence[str], seed: int, directory: str) -> Iterator[Rows]:
    """The row groups of the files at ``paths`` below the directory, read by Petastorm in an order of the seed's."""
    warnings.filterwarnings("ignore", category=FutureWarning)  # Petastorm uses what pyarrow will drop
    try:
        with make_batch_reader(
            [f"file:///{path}" for path in paths],
            filesystem=_FilesBelow(directory),
            workers_count=1,  # several would give the row groups in the order of their speed
            results_queue_size=_ROW_GROUPS_AHEAD,
            shuffle_row_groups=True,
            seed=seed,
        ) as reader:
            for group in reader:
                yield Rows(group.checksum, group.whole_numbers, group.decimals)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FeedError(f"feed {directory}: a file cannot be read ({reason}); write the feed again") from error


def _in_turn(readers: Sequence[Iterator[Rows]]) -> Iterator[Rows]:
    """One item of each reader after the other, until all have ended."""
    going = list(readers)
    while going:
        for reader in list(going):
            rows = next(reader, None)
            if rows is None:
                going.remove(reader)
            else:
                yield rows


def _mixed(groups: Iterator[Rows], together: int, size: int, rng: np.random.Generator) -> Iterator[Rows]:
    """Batches of ``size`` rows out of ``together`` groups at a time; the last batch may be smaller."""
    held: list[Rows] = []
    for number, group in enumerate(groups, start=1):
        held.append(group)
        if number % together == 0:
            rows = _shuffled(held, rng)
            whole = len(rows) - len(rows) % size
            yield from _cut(rows.take(slice(0, whole)), size)
            held = [rows.take(slice(whole, None))]
    if held:
        yield from _cut(_shuffled(held, rng), size)


def _shuffled(parts: Sequence[Rows], rng: np.random.Generator) -> Rows:
    together = Rows(
        np.concatenate([part.checksum for part in parts]),
        np.concatenate([part.whole_numbers for part in parts]),
        np.concatenate([part.decimals for part in parts]),
    )
    return together.take(rng.permutation(len(together)))


def _cut(rows: Rows, size: int) -> Iterator[Rows]:
    return (rows.take(slice(start, start + size)) for start in range(0, len(rows), size))


def _no_rows(layout: SequenceLayout) -> Rows:
    whole, floats = (sum(sizes.values()) for sizes in (layout.whole_numbers, layout.decimals))
    return Rows(np.empty(0, np.int64), np.empty((0, whole), np.int32), np.empty((0, floats), np.float32))


def _ahead(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The same items, made up to ``depth`` ahead by a thread of its own; what it raises is raised here.

    The thread has ended when the items have, or when no more are wanted: one that lets go of Arrow's memory while
    the interpreter shuts down aborts the process (apache/arrow #45017).
    """
    made: queue.Queue[tuple[Item | None, Exception | None]] = queue.Queue(depth)
    unwanted = threading.Event()
    maker = threading.Thread(target=_make, args=(items, made, unwanted), daemon=True)
    maker.start()
    try:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        unwanted.set()
        maker.join()


def _make(
    items: Iterator[Item], made: "queue.Queue[tuple[object, Exception | None]]", unwanted: threading.Event
) -> None:
    try:
        for item in items:
            if not _put(made, (item, None), unwanted):
                return
        _put(made, (None, None), unwanted)
    except Exception as error:  # handed over to the thread that waits
        _put(made, (None, error), unwanted)


def _put(
    made: "queue.Queue[tuple[object, Exception | None]]",
    item: tuple[object, Exception | None],
    unwanted: threading.Event,
) -> bool:
    while not unwanted.is_set():
        try:
            made.put(item, timeout=_LOOK_S)
            return True
        except queue.Full:
            continue
    return False
