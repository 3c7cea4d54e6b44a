"""Logging of a job: lines that a person follows, or JSON for a collector; tracebacks go to the file alone."""

import codecs
import logging
import sys
import unicodedata
from io import TextIOWrapper
from pathlib import Path
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

LogFormat = Literal["text", "json"]
_PLAIN = str.maketrans("–—−‑×·…‘’“”≥≤→│─", "----x..''" + '""><>|-') | {ord("±"): "+-"}
_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure_logging(log_format: LogFormat, log_dir: str | None, tracebacks: bool = False) -> None:
    """Send ``finrec_spark``'s records to stderr and, with ``log_dir``, to ``finrec_spark.log`` there.

    A folder that cannot be written is told, and keeps no job from its work.

    Args:
        log_format: of stderr; the file is JSON.
        log_dir: local folder, made where it is missing.
        tracebacks: whether stderr gets them too, as it should where it is the only log.
    """
    logger = logging.getLogger("finrec_spark")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.handlers.clear()
    try:
        files = [] if log_dir is None else [_file(Path(log_dir))]
        unwritten = ""
    except OSError as error:
        files, unwritten = [], f"log_dir {Path(str(log_dir)).resolve()} cannot be written ({error.strerror})"
    for handler in (_console(log_format, tracebacks or bool(unwritten)), *files):
        logger.addHandler(handler)
    if unwritten:
        logger.warning("%s: what would be logged there, tracebacks too, is logged here", unwritten)


def print_in_plain_signs() -> None:
    """Let stdout show other signs for those that its encoding lacks, rather than fail after all work is done."""
    codecs.register_error("finrec_spark.plain", _plain)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="finrec_spark.plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Dashes, quotes and lines of tables in ASCII, letters without their accents, ``?`` for all else."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end].translate(_PLAIN)
    plain = (unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or "?" for sign in signs)
    return "".join(plain), error.end


def _console(log_format: LogFormat, tracebacks: bool) -> logging.Handler:
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.levelno >= logging.INFO or (tracebacks and bool(record.exc_info)))
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
