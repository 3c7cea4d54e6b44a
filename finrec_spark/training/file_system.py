"""Where a training's files lie (feeds, manifests, checkpoints), reached without Spark."""

import os
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow.fs import FileSystem, LocalFileSystem

from finrec_spark.errors import ConfigError

_S3 = ("s3a", "s3")  # Hadoop's name and pyarrow's


def file_system(place: str) -> tuple[FileSystem, str]:
    """Where a path or URL leads: pyarrow's file system and the path in it.

    HDFS is reached as Hadoop's environment variables say, S3 as Amazon's do: credentials, region, and the endpoint
    ``AWS_ENDPOINT_URL`` of a store of one's own.

    Raises:
        ConfigError: pyarrow knows no such file system.
    """
    if "://" not in place:
        return LocalFileSystem(), place
    try:
        return FileSystem.from_uri(_arrow_uri(place))
    except pa.ArrowInvalid as error:
        raise ConfigError(
            f"{place}: gru is trained on files in folders, hdfs://, s3a:// or gs:// alone; "
            "keep the lake on one of them, or leave gru out of models"
        ) from error


def _arrow_uri(place: str) -> str:
    scheme, _, rest = place.partition("://")
    if scheme not in _S3:
        return place
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))  # pyarrow 14 does not look for it
    told = f"?scheme={endpoint.scheme}&endpoint_override={endpoint.netloc}" if endpoint.netloc else ""
    return f"s3://{rest}{told}"
