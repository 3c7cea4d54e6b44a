"""One job at a time on a lake in a local folder."""

import fcntl
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Any

from finrec_spark.errors import ConfigError

logger = logging.getLogger(__name__)
Note = dict[str, Any]


@dataclass
class Held:
    """A held lake. Its file says what the holder is doing, and still says so when the holder is killed.

    Attributes:
        file: the lock's file; None on a lake behind a URI, where nothing is noted.
        left: what an earlier holder was doing when it was killed.
    """

    file: IO[str] | None = None
    left: list[Note] = field(default_factory=list)
    _writing: Any = field(default_factory=Lock, repr=False)

    def note(self, notes: Iterable[Note]) -> None:
        """Say what the holder is doing now."""
        if self.file is None:
            return
        with self._writing:
            text = json.dumps(list(notes))
            self.file.seek(0)
            self.file.truncate()
            self.file.write(text)
            self.file.flush()


@contextmanager
def exclusive(root: str) -> Iterator[Held]:
    """Hold the lake; a second submission waits here, and then finds the first one's results up to date.

    The kernel lets go of the lock when its holder ends, however it ends. A lake behind a URI has no such lock:
    there Delta's own commits refuse the later of two writers.

    Raises:
        ConfigError: the folder cannot be written or locked.
    """
    if "://" in root:
        yield Held()
        return
    try:
        Path(root).mkdir(parents=True, exist_ok=True)
        holder = (Path(root) / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"lake {root} cannot be written ({error.strerror}); give --lake a folder that can") from error
    with holder:
        _lock(holder, root)
        yield Held(holder, _read_notes(holder))


def _lock(holder: IO[str], root: str) -> None:
    try:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("another job is at work on the lake %s: waiting for it", root)
            fcntl.flock(holder, fcntl.LOCK_EX)
    except OSError as error:  # some network mounts have no locks
        raise ConfigError(
            f"lake {root} cannot be locked ({error.strerror}); give --lake a folder whose file system has flock"
        ) from error


def _read_notes(file: IO[str]) -> list[Note]:
    """What stands in the file; nothing where a kill cut it short."""
    file.seek(0)
    try:
        notes = json.loads(file.read() or "[]")
    except json.JSONDecodeError:
        return []
    return notes if isinstance(notes, list) else []
