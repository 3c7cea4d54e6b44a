"""The newest version of a Delta table, without a query where its log lies in a local folder."""

import re
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import SparkSession

_COMMIT = re.compile(r"^(\d{20})\.json$")
NO_TABLE = -1


def newest_version(spark: SparkSession, path: str) -> int:
    """Version of the table's last commit; ``NO_TABLE`` where there is no table.

    Delta numbers its commits in their files' names, so a local folder is just listed; any other file system is asked
    through Spark.
    """
    if "://" not in path:
        return _local_version(Path(path))
    if not DeltaTable.isDeltaTable(spark, path):
        return NO_TABLE
    return _collect_version(spark, path)


def _local_version(table: Path) -> int:
    log = table / "_delta_log"
    names = (entry.name for entry in log.iterdir()) if log.is_dir() else ()
    return max((int(found[1]) for found in map(_COMMIT.match, names) if found), default=NO_TABLE)


def _collect_version(spark: SparkSession, path: str) -> int:
    return int(DeltaTable.forPath(spark, path).history(1).select("version").collect()[0]["version"])
