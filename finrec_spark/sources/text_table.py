"""A delivered table, CSV or Parquet, as rows of text."""

from collections.abc import Mapping
from functools import partial, reduce
from operator import itemgetter

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.sources.csv_text import csv_text
from finrec_spark.sources.delivery import Delivery
from finrec_spark.sources.parquet_text import parquet_text
from finrec_spark.sources.told import told_in_one_line
from finrec_spark.sources.wanted import Wanted


def read_text_table(spark: SparkSession, delivery: Delivery, wanted: Wanted, contract: str = "") -> DataFrame:
    """The table with every value as text, its column names trimmed and in lower case.

    The columns of all parts are there, by name; one that a part lacks is null in its rows. So are those that the
    folders of a partitioned table name, with their values as they stand.

    Args:
        spark: the session.
        delivery: the table.
        wanted: the columns, and how they are read.
        contract: where it is written what a delivery must have, for the error.

    Returns:
        The wanted columns that there are, and ``wanted.MALFORMED``: the line as it came where a CSV line does not fit
        the header, else null.

    Raises:
        InputMissing: a file is empty or cannot be read as what it is named, or a needed column is missing or twice.
    """
    read = parquet_text if delivery.path.rstrip("/").endswith(".parquet") else csv_text
    with told_in_one_line(spark, delivery.path, delivery.name):
        return reduce(partial(DataFrame.unionByName, allowMissingColumns=True), read(spark, delivery, wanted, contract))


def filled_map(columns: Mapping[str, Column]) -> Column:
    """The text columns by name, in the names' order, without those that are empty in the row."""
    if not columns:
        return F.create_map().cast("map<string,string>")
    pairs = [part for name, column in sorted(columns.items(), key=itemgetter(0)) for part in (F.lit(name), column)]
    filled = F.map_filter(F.create_map(*pairs), lambda _, value: F.length(F.trim(value)) > 0)
    return filled.cast("map<string,string>")
