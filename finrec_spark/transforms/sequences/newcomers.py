"""How much of what customers take goes to products that nobody had met before."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def collect_newcomer_share(sequences: DataFrame, interactions: DataFrame, products: DataFrame) -> float:
    """Share of the targets whose product had no event before their cut, (newcomers + 1/2) / (targets + 1).

    One row is collected. The halves (Jeffreys' prior) keep the share away from 0 and 1. The newer half of the cuts
    counts: in the first months that a bank delivers every product is met for the first time, however old it is.

    Args:
        sequences: rows of ``gold.sequences`` with targets.
        interactions: silver interactions.
        products: ``product_id``, ``product_index``.
    """
    first = interactions.groupBy("product_id").agg(F.min("event_time").alias("first_event"))
    met = products.join(first, "product_id").select((F.col("product_index") + 1).alias("target"), "first_event")
    taken = _of_newer_half(sequences.select("cut", F.explode("target").alias("target")).where("target > 0"))
    is_new = F.col("first_event") >= F.col("cut").cast("timestamp")
    counts = taken.join(F.broadcast(met), "target").agg(F.count_if(is_new).alias("new"), F.count("*").alias("all"))
    row = counts.collect()[0]
    return float((row["new"] + 0.5) / (row["all"] + 1))


def _of_newer_half(taken: DataFrame) -> DataFrame:
    """The rows whose ``cut`` is not nearer to the oldest than to the newest."""
    ends = taken.agg(F.min("cut").alias("oldest"), F.max("cut").alias("newest"))
    is_newer = F.months_between("newest", "cut") <= F.months_between("cut", "oldest")
    return taken.crossJoin(F.broadcast(ends)).where(is_newer)
