"""Sequences from which some products are taken out, as if nobody had ever met them."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.sampling import bucket, seed_of

_EVENTS = ("product", "event_type", "amount", "gap", "event_month")


def fold_of_products(n: int, seed: int) -> Column:
    """Fold 0 … n-1 of the column ``product_id``: a hash of it, the same however the products are ordered."""
    return bucket(n, seed_of(seed), "product_id")


def without_history(sequences: DataFrame, cold: Sequence[int]) -> DataFrame:
    """The same rows without any event or holding of the cold products; rows that had no other event are left out.

    Targets stay. The gap of an event that followed one of them is told as it was.

    Args:
        sequences: rows of ``gold.sequences``.
        cold: positions + 1, as sequences tell products.
    """
    is_cold = F.array(*map(F.lit, cold))
    width = F.size("product")
    entries = F.slice(F.arrays_zip(*_EVENTS), F.lit(1), F.col("length"))
    kept = F.filter(entries, lambda event: ~F.array_contains(is_cold, event["product"]))
    rows = sequences.withColumn("kept", kept).where(F.size("kept") > 0)
    lists = [_padded(F.col("kept")[name], width).alias(name) for name in _EVENTS]
    owned = _padded(_only(F.col("owned"), is_cold, False), F.size("owned")).alias("owned")
    others = [name for name in sequences.columns if name not in (*_EVENTS, "length", "owned")]
    return rows.select(*others, *lists, F.size("kept").alias("length"), owned).select(*sequences.columns)


def with_targets(sequences: DataFrame, cold: Sequence[int], wanted: bool) -> DataFrame:
    """The rows with only those targets that are cold (``wanted``) or that are not; rows without one are left out."""
    targets = _only(F.col("target"), F.array(*map(F.lit, cold)), wanted)
    rows = sequences.withColumn("chosen", targets).where(F.size("chosen") > 0)
    return rows.withColumn("target", _padded(F.col("chosen"), F.size("target"))).select(*sequences.columns)


def _only(products: Column, cold: Column, wanted: bool) -> Column:
    """The products that are, or are not, cold; padding falls away."""
    return F.filter(products, lambda p: (p > 0) & (F.array_contains(cold, p) == F.lit(wanted)))


def _padded(values: Column, width: Column) -> Column:
    return F.concat(values, F.array_repeat(F.lit(0), width - F.size(values)))
