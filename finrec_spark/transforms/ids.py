"""String IDs ↔ positions that stay the same from month to month."""

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.sampling import bucket
from finrec_spark.transforms.splits import before

_BUCKETS = 256  # tasks that may number new IDs side by side


def known_before(month: date, versions: DataFrame, interactions: DataFrame, id_column: str) -> DataFrame:
    """One row: the ID of a customer or product that the bank knew before ``month``: valid by then, or dealt with.

    Args:
        versions: silver customers or products: ``id_column``, ``valid_from``.
        interactions: silver interactions before ``month``.
    """
    began = before(versions, month, "valid_from").select(id_column)
    return began.union(interactions.select(id_column)).distinct()


def assign_positions(known: DataFrame | None, ids: DataFrame, id_column: str, position_column: str) -> DataFrame:
    """One row: an ID and its position; known IDs keep theirs, new ones follow in an order that their IDs decide.

    Positions are 0, 1, 2 … without gaps. New IDs are spread over hash buckets and numbered inside
    each, so no task orders all of them; the result depends on the IDs alone, not on the partitioning.

    Args:
        known: earlier result (``id_column``, ``position_column`` int), or None at the first time.
        ids: at least ``id_column``; repeats are allowed.

    Returns:
        ``id_column``, ``position_column`` (int).

    >>> ids = spark.createDataFrame([("card",), ("loan",)], "product_id string")
    >>> known = spark.createDataFrame([("loan", 0)], "product_id string, product_index int")
    >>> assign_positions(known, ids, "product_id", "product_index").orderBy("product_index").show()
    +----------+-------------+
    |product_id|product_index|
    +----------+-------------+
    |      loan|            0|
    |      card|            1|
    +----------+-------------+
    <BLANKLINE>
    """
    wanted = ids.select(id_column).distinct()
    if known is None:
        return _numbered(wanted, id_column, position_column)
    new = wanted.join(known, id_column, "left_anti")
    first = known.agg((F.coalesce(F.max(position_column), F.lit(-1)) + 1).alias("first"))
    numbered = _numbered(new, id_column, position_column).crossJoin(F.broadcast(first))
    moved = numbered.select(id_column, (F.col(position_column) + F.col("first")).cast("int").alias(position_column))
    return known.select(id_column, position_column).unionByName(moved)


def _numbered(ids: DataFrame, id_column: str, position_column: str) -> DataFrame:
    """Number distinct IDs from 0: buckets in order of their hash, IDs in order within a bucket."""
    bucketed = ids.withColumn("bucket", bucket(_BUCKETS, id_column))
    sizes = bucketed.groupBy("bucket").agg(F.count("*").alias("size"))
    before = F.sum("size").over(Window.orderBy("bucket").rowsBetween(Window.unboundedPreceding, -1))
    starts = sizes.select("bucket", F.coalesce(before, F.lit(0)).alias("start"))
    place = F.row_number().over(Window.partitionBy("bucket").orderBy(id_column)) - 1
    joined = bucketed.withColumn("place", place).join(F.broadcast(starts), "bucket")
    return joined.select(id_column, (F.col("start") + F.col("place")).cast("int").alias(position_column))


def collect_product_ids(positions: DataFrame) -> tuple[str, ...]:
    """Product IDs by position: as many as the bank has products.

    Args:
        positions: ``product_id``, ``product_index`` from 0 without gaps.
    """
    return tuple(row["product_id"] for row in positions.orderBy("product_index").select("product_id").collect())


def collect_product_order(products: DataFrame) -> tuple[str, ...]:
    """The IDs of all products in ``products``, ascending, each once: at most as many as the bank has."""
    return tuple(sorted(row["product_id"] for row in products.select("product_id").distinct().collect()))
