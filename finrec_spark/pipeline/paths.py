"""Which file system a path of the command line is meant for, and whether it came through whole."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from finrec_spark.errors import ConfigError
from finrec_spark.sources.delivery import local_path

PROPERTY = "fs.defaultFS"
_LOST = "\ufffd"
"""What Java makes of bytes that are no letter in its encoding."""


def check_letters(option: str, path: str | None) -> None:
    """Nothing, where the path came through Java as it was typed.

    >>> check_letters("--lake", "lake/Söhne")
    >>> check_letters("--lake", "lake/S\ufffdhne")
    Traceback (most recent call last):
    ...
    finrec_spark.errors.ConfigError: --lake lake/S?hne: its name is not UTF-8; rename it or link to it
    """
    if path is not None and _LOST in path:
        shown = path.replace(_LOST, "?")
        raise ConfigError(f"{option} {shown}: its name is not UTF-8; rename it or link to it")


def check_scheme(option: str, path: str | None, default: str | None) -> None:
    """Nothing, where the path says its file system or Hadoop's default is this machine's.

    A lake without a scheme is locked in a local folder and its logs are written there, so Spark must not look for the
    same path elsewhere.

    >>> check_scheme("--lake", "/bank/lake", "file:///")
    >>> check_scheme("--lake", "hdfs://bank/lake", "hdfs://bank")
    >>> check_scheme("--lake", "/bank/lake", "hdfs://bank")
    Traceback (most recent call last):
    ...
    finrec_spark.errors.ConfigError: --lake /bank/lake: Spark's default file system is hdfs://bank (fs.defaultFS), so
    say which is meant, hdfs://bank/… or a shared folder with --conf spark.hadoop.fs.defaultFS=file:///
    """
    names_none = path is not None and local_path(path) == path
    if not names_none or default is None or default.startswith("file:"):
        return
    raise ConfigError(
        f"{option} {path}: Spark's default file system is {default} ({PROPERTY}), so say which is meant, {default}/… or"
        f" a shared folder with --conf spark.hadoop.{PROPERTY}=file:///"
    )


def file_system_of_hadoop(environment: Mapping[str, str]) -> str | None:
    """What ``HADOOP_CONF_DIR`` has as its default file system; None where it says nothing."""
    file = Path(environment.get("HADOOP_CONF_DIR") or "/nowhere") / "core-site.xml"
    try:
        properties = ElementTree.parse(file).getroot().iter("property")
    except (OSError, ElementTree.ParseError):
        return None
    found = {entry.findtext("name", "").strip(): entry.findtext("value", "").strip() for entry in properties}
    default = found.get(PROPERTY) or found.get("fs.default.name")  # the older name is still understood
    return default.rstrip("/") if default else None
