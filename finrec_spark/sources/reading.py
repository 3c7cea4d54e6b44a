"""The source that a job was told → its landing tables and their fingerprint."""

from pyspark.sql import SparkSession

from finrec_spark.sources import far_trans, files
from finrec_spark.sources.files import FilesParams
from finrec_spark.sources.landing import Landing


def read_delivery(spark: SparkSession, source: str, directory: str, params: FilesParams) -> Landing:
    """The landing tables of the source in ``directory``.

    The generator's bank is delivered as files, like any other bank's.

    Raises:
        InputMissing: a file or a needed column is not there.
    """
    if source == "far_trans":
        return far_trans.read_landing(spark, directory)
    return files.read_landing(spark, directory, params)
