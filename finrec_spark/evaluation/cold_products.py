"""Products without any history, ranked from what they are: how much of what customers took is found.

As the cold-start task of Bansal, Belanger, McCallum, "Ask the GRU" (RecSys 2016): the products are assigned to folds;
all that anybody ever did with a fold's products is taken away, and for every customer who took some of them they are
ranked among each other.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.params import Params
from finrec_spark.sampling import bucket, seed_of

PROTOCOL = "cold_products"


class ColdProductsParams(Params):
    """How products are made cold."""

    folds: int = Field(5, ge=2, le=50, description="Folds that the products are assigned to")
    k: int = Field(10, ge=1, description="Length of the lists")
    seed: int = Field(17, description="Seed of the folds")


def recall_at(scores: Floats, wanted: Floats, k: int) -> Floats:
    """Share of each customer's wanted products among the k best, B; ties by position.

    >>> recall_at(np.array([[0.3, 0.2, 0.1]]), np.array([[0.0, 1.0, 1.0]]), k=2)
    array([0.5])
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.asarray(np.take_along_axis(wanted, best, axis=1).sum(axis=1) / wanted.sum(axis=1))


def wanted_products(targets: Ints, cold: Ints) -> Floats:
    """B × cold products, 1 where the customer took it.

    Args:
        targets: B × T, position + 1; 0 is padding.
        cold: positions of the cold products.
    """
    wanted: Floats = (targets[:, :, None] == cold[None, None, :] + 1).any(axis=1).astype(np.float64)
    return wanted


def nearest_vectors(history: Ints, vectors: Floats, cold: Ints) -> Floats:
    """Scores of the cold products by likeness of text, B × cold: the mean cosine with the products of the history.

    Args:
        history: B × L, position + 1; 0 is padding.
        vectors: a vector of each product's text, P × D.
        cold: positions of the cold products.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    padded = np.vstack([np.zeros((1, unit.shape[1])), unit])
    events = np.maximum((history > 0).sum(axis=1, keepdims=True), 1)
    return np.asarray(padded[history].sum(axis=1) / events @ unit[cold].T)


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
