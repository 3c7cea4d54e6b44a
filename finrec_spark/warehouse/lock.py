"""One job at a time on a lake in a local folder."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finrec_spark.errors import ConfigError

logger = logging.getLogger(__name__)


@contextmanager
def exclusive(root: str) -> Iterator[None]:
    """Hold the lake; a second submission waits here, and then finds the first one's results standing.

    The kernel lets go of the lock when its holder ends, however it ends. A lake behind a URI has no such lock:
    there Delta's own commits refuse the later of two writers.

    Raises:
        ConfigError: the folder cannot be written.
    """
    if "://" in root:
        yield
        return
    try:
        Path(root).mkdir(parents=True, exist_ok=True)
        holder = (Path(root) / ".lock").open("w")
    except OSError as error:
        raise ConfigError(f"lake {root} cannot be written ({error.strerror}); give --lake a folder that can") from error
    with holder:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("another job is at work on the lake %s: waiting for it", root)
            fcntl.flock(holder, fcntl.LOCK_EX)
        yield
