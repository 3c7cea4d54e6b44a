"""Columns that the bank's tables and its truth share: customers by number, labels by position."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.sources.generator.params import GeneratorParams

_CUSTOMERS_PER_PARTITION = 100_000


def customer_numbers(spark: SparkSession, params: GeneratorParams, partitions: int | None) -> DataFrame:
    """One row: ``id``, the number of one customer, from 1; in ``partitions`` tasks, or as many as they are worth."""
    default = max(spark.sparkContext.defaultParallelism, -(-params.customers // _CUSTOMERS_PER_PARTITION))
    return spark.range(1, params.customers + 1, 1, partitions or min(default, params.customers))


def digits(number: str) -> Column:
    """A number as IDs have it."""
    return F.lpad(F.col(number).cast("string"), 10, "0")


def customer_id() -> Column:
    """``customer_id`` of the row's ``number``."""
    return F.concat(F.lit("C"), digits("number")).alias("customer_id")


def label(labels: Sequence[str], position: str) -> Column:
    """The label at the row's position, under the position's name."""
    return F.array(*map(F.lit, labels))[F.col(position)].alias(position)
