"""FAR-Trans's dates and test pairs: the files that a backtest reads beside the data set's own.

Files, gzipped or not: ``backtest_splits``, ``backtest_test_pairs``, ``approximate_first_buys``.
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.sources.delivery import find_deliveries, require_tables
from finrec_spark.sources.text_table import read_text_table
from finrec_spark.sources.wanted import Wanted

_CONTRACT = "the README's section on the FAR-Trans protocol"
_COLUMNS = {
    "backtest_splits": ("split", "time_point"),
    "backtest_test_pairs": ("split", "customerid", "isin"),
    "approximate_first_buys": ("customerid", "isin"),
}
TABLES = tuple(_COLUMNS)


@dataclass(frozen=True)
class BacktestFiles:
    """What was delivered for a backtest, typed.

    Attributes:
        dates: ``split`` (int), ``origin`` (date), a row each date.
        test_pairs: ``split``, ``customer_id``, ``product_id``: what was newly bought in the test time of a date.
        approximate: ``customer_id``, ``product_id`` whose first buy lies somewhere before its day.
    """

    dates: DataFrame
    test_pairs: DataFrame
    approximate: DataFrame


def read_backtest_files(spark: SparkSession, directory: str) -> BacktestFiles:
    """The backtest's files in ``directory``.

    Raises:
        InputMissing: a file or column is missing.
    """
    found = find_deliveries(spark, directory, TABLES)
    require_tables(found, TABLES, directory, _CONTRACT)
    read = {
        name: read_text_table(spark, found[name], Wanted(needed=columns, known=columns, others=False), _CONTRACT)
        for name, columns in _COLUMNS.items()
    }
    split, pair = (
        F.col("split").cast("int"),
        [F.col("customerid").alias("customer_id"), F.col("isin").alias("product_id")],
    )
    return BacktestFiles(
        dates=read["backtest_splits"].select(split, F.to_date("time_point").alias("origin")),
        test_pairs=read["backtest_test_pairs"].select(split, *pair),
        approximate=read["approximate_first_buys"].select(*pair),
    )
