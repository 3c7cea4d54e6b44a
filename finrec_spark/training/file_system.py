"""Where files lie that are reached without Spark: a training's, messages, reports."""

import hashlib
from collections.abc import Mapping

import pyarrow as pa
from pyarrow.fs import FileSystem, LocalFileSystem

from finrec_spark.errors import ConfigError

_S3 = ("s3a", "s3")  # Hadoop's name and pyarrow's


def arrow_place(place: str, s3_endpoint: str | None) -> str:
    """The path or URL by which pyarrow reaches what Spark reaches by ``place``.

    Args:
        place: path or URL.
        s3_endpoint: of a store of one's own, as ``fs.s3a.endpoint`` names it; None: Amazon's.

    >>> arrow_place("s3a://bank/lake", "http://storage:9000")
    's3://bank/lake?scheme=http&endpoint_override=storage:9000'
    >>> arrow_place("hdfs:///bank/lake", "http://storage:9000")
    'hdfs:///bank/lake'
    """
    scheme, _, rest = place.partition("://")
    if scheme not in _S3:
        return place
    if not s3_endpoint:
        return f"s3://{rest}"
    protocol, _, host = s3_endpoint.rpartition("://")
    return f"s3://{rest}?scheme={protocol or 'https'}&endpoint_override={host}"


def file_system(place: str) -> tuple[FileSystem, str]:
    """Where a path or URL of ``arrow_place`` leads: pyarrow's file system and the path in it.

    Raises:
        ConfigError: pyarrow knows no such file system.
    """
    if "://" not in place:
        return LocalFileSystem(), place
    try:
        return FileSystem.from_uri(place)
    except pa.ArrowInvalid as error:
        raise ConfigError(
            f"{place}: files are written to folders, hdfs://, s3a:// or gs:// alone; "
            "keep the lake on one of them, or leave gru and the campaign out"
        ) from error


def changed_files(written: Mapping[str, str], place: str) -> list[str]:
    """Those of the files that are not there, or are no longer as they were written.

    Args:
        written: path below ``place`` → SHA-256.
    """
    files, root = file_system(place)
    return [path for path, digest in written.items() if _sha256(files, f"{root}/{path}") != digest]


def _sha256(files: FileSystem, path: str) -> str | None:
    if not files.get_file_info(path).is_file:
        return None
    digest = hashlib.sha256()
    with files.open_input_stream(path) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
