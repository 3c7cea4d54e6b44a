"""Logging of a job: lines that a person follows, or JSON for a collector; tracebacks go to the file alone."""

import logging
from pathlib import Path
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

LogFormat = Literal["text", "json"]
_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure_logging(log_format: LogFormat, log_dir: str | None, tracebacks: bool = False) -> None:
    """Send ``finrec_spark``'s records to stderr and, with ``log_dir``, to ``finrec_spark.log`` there.

    Args:
        log_format: of stderr; the file is JSON.
        log_dir: local folder, made where it is missing.
        tracebacks: whether stderr gets them too, as it should where it is the only log.
    """
    logger = logging.getLogger("finrec_spark")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.handlers.clear()
    logger.addHandler(_console(log_format, tracebacks))
    if log_dir is not None:
        logger.addHandler(_file(Path(log_dir)))


def _console(log_format: LogFormat, tracebacks: bool) -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setLevel(logging.DEBUG if tracebacks else logging.INFO)
    text = logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S")
    handler.setFormatter(JsonFormatter(_FIELDS) if log_format == "json" else text)
    return handler


def _file(log_dir: Path) -> logging.Handler:
    log_dir.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log_dir / "finrec_spark.log", encoding="utf-8")
    handler.setFormatter(JsonFormatter(_FIELDS))
    return handler


def traceback_place() -> str:
    """Where the traceback of an error is, for the end of its line; nothing where there is no log beside stderr."""
    handlers = logging.getLogger("finrec_spark").handlers
    files = [handler.baseFilename for handler in handlers if isinstance(handler, logging.FileHandler)]
    return f"; the traceback is in {files[0]}" if files else ""
