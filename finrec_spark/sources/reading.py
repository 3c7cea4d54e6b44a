"""The source that a job was told → its landing tables."""

from pyspark.sql import SparkSession

from finrec_spark.sources import far_trans, far_trans_backtest, files
from finrec_spark.sources.files import FilesParams
from finrec_spark.sources.landing import Landing

DELIVERED = (*files.TABLES, *far_trans.TABLES, *far_trans_backtest.TABLES)
"""The tables that a delivery may consist of, whatever its source."""


def read_delivery(spark: SparkSession, source: str, directory: str, params: FilesParams) -> Landing:
    """The landing tables of the source in ``directory``.

    The generator's bank is delivered as files, like any other bank's.

    Raises:
        InputMissing: a file or a needed column is not there.
    """
    if source == "far_trans":
        return far_trans.read_landing(spark, directory)
    return files.read_landing(spark, directory, params)


def source_of(landing: Landing, table: str, params: FilesParams) -> tuple[str, str, str | None]:
    """Where a landing table comes from, its name, and its text's encoding, as ``told_in_one_line`` takes them."""
    delivery = landing.deliveries.get(table)
    path = table if delivery is None else delivery.files[0] if len(delivery.files) == 1 else delivery.path
    return path, table, params.encoding.get(table)
