"""The beginning of a delivered text file."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.sources.delivery import local_path, plain_reader

_BYTES, _LINES = 1 << 16, 100
_GZIP = b"\x1f\x8b"
_NO_TEXT = {
    _GZIP: "is packed with gzip: name it .csv.gz",
    b"PK\x03\x04": "is a zip archive or an Excel workbook: unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook: save it as CSV",
    b"PAR1": "is Parquet: name it .parquet",
}
_OTHER_CODECS = (".bz2", ".deflate", ".lz4", ".snappy", ".zst")


@dataclass(frozen=True)
class Head:
    """The first bytes of a text file, unpacked, and whether they are all that it has, as far as one can tell."""

    raw: bytes
    is_whole: bool


def collect_head(spark: SparkSession, file: str) -> Head:
    """The beginning of a text file, at most 64 KiB; 100 lines where it does not lie on this machine.

    Raises:
        InputMissing: it is not text, not packed as its name says, or cut off.
    """
    local = local_path(file)
    if local is None or file.endswith(_OTHER_CODECS):
        rows = plain_reader(spark).text(file).select(F.col("value").cast("binary")).limit(_LINES).collect()
        return Head(b"\n".join(bytes(row["value"]) for row in rows), is_whole=False)
    try:
        with Path(local).open("rb") as opened:
            head = opened.read(_BYTES)
    except OSError as error:
        raise InputMissing(f"{file} cannot be read ({error.strerror})") from error
    if file.endswith(".gz"):
        return _head(_unpacked(Path(local), head, file))
    told = next((told for sign, told in _NO_TEXT.items() if head.startswith(sign)), None)
    if told:
        raise InputMissing(f"{file} {told}")
    return _head(head)


def _head(raw: bytes) -> Head:
    return Head(raw, is_whole=len(raw) < _BYTES)


def _unpacked(path: Path, head: bytes, file: str) -> bytes:
    if not head.startswith(_GZIP):
        raise InputMissing(f"{file} is not packed with gzip, as its name says: name it .csv, or pack it")
    try:
        with gzip.open(path, "rb") as opened:
            return opened.read(_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        raise InputMissing(f"{file} is damaged or was cut off ({error}): deliver it anew") from error
