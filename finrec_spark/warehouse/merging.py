"""What a delivery changes in a table that is kept up to date."""

from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from finrec_spark.tables import Table
from finrec_spark.warehouse.digests import row_hash

IS_UPDATE, OLD_PARTITION = "_is_update", "_old_partition"


def changes(old: DataFrame, new: DataFrame, table: Table) -> DataFrame:
    """The rows of ``new`` whose key is not in ``old``, or whose content is another there.

    Returns:
        The table's columns, ``_is_update``, and ``_old_partition``: where an updated row lay (null without partitions).
    """
    lay_in = F.col(table.partition_by[0]).cast("string") if table.partition_by else F.lit(None).cast("string")
    known = old.select(*_keys(table), row_hash(table.columns).alias("_old_hash"), lay_in.alias(OLD_PARTITION))
    hashed = new.withColumn("_new_hash", row_hash(table.columns))
    is_update = F.col("_old_hash").isNotNull()
    joined = hashed.join(known, _same_key(table), "left").withColumn(IS_UPDATE, is_update)
    changed = joined.where(~is_update | (F.col("_old_hash") != F.col("_new_hash")))
    return changed.select(*table.column_names, IS_UPDATE, OLD_PARTITION)


def collect_extent(changed: DataFrame) -> Row:
    """How much changes: ``rows``, how many of them are ``updates``, and in which old ``partitions`` these lay."""
    facts = F.count(F.lit(1)).alias("rows"), F.count_if(IS_UPDATE).alias("updates")
    return changed.agg(*facts, F.collect_set(OLD_PARTITION).alias("partitions")).collect()[0]


def without(rows: DataFrame, others: DataFrame, table: Table) -> DataFrame:
    """The rows whose key ``others`` do not have."""
    return rows.join(others.select(*_keys(table)), _same_key(table), "left_anti").select(*table.column_names)


def _keys(table: Table) -> list[Column]:
    return [F.col(name).alias(f"_{name}") for name in table.key]


def _same_key(table: Table) -> Column:
    """Whether a row has the key that stands beside it, as ``_keys`` names it."""
    return reduce(and_, (F.col(name).eqNullSafe(F.col(f"_{name}")) for name in table.key))
