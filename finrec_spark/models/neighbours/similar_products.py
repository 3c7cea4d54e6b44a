"""Neighbours of every product from one pass over the customers' histories."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Ints
from finrec_spark.models.neighbours.similarity import (
    Measure,
    PairSums,
    Powers,
    SimilarityParams,
    similar_pairs,
    values_at,
)
from finrec_spark.models.sparse import csr_from_lists

Batches = Iterable[pa.RecordBatch]

ENTRIES_AT_ONCE = 4_000_000
"""Pairs of products that a task holds before it hands its sums on and starts anew."""

_SUMS = ("customers", "support", "sum_x", "sum_y", "sum_xx", "sum_yy", "sum_xy")
_PARTIAL = "first int, second int, " + ", ".join(f"{name} double" for name in _SUMS)
_SIMILAR = "product_index int, neighbour_index int, similarity double, support bigint"


def product_neighbours(
    histories: DataFrame, product_ids: Sequence[str], measure: Measure, params: SimilarityParams
) -> DataFrame:
    """One row: one of the ``params.neighbours`` most similar products of one product.

    Args:
        histories: ``product_index`` array<int>, ascending, and ``value`` array<double> beside it; one row a customer.
        product_ids: product IDs by position.

    Returns:
        ``product_id``, ``neighbour_id``, ``similarity`` (in (0, 1], rounded to 1e-9), ``support`` (customers who
        have both); ties of similarity by ``neighbour_id``. A product without a neighbour has no row.

    >>> histories = spark.createDataFrame(
    ...     [([0, 1], [1.0, 1.0]), ([0, 1], [1.0, 1.0]), ([2], [1.0]), ([0, 2], [1.0, 1.0])],
    ...     "product_index array<int>, value array<double>")
    >>> product_neighbours(histories, ["card", "loan", "fund"], "pearson", SimilarityParams()).show()
    +----------+------------+-----------+-------+
    |product_id|neighbour_id| similarity|support|
    +----------+------------+-----------+-------+
    |      card|        loan|0.577350269|      2|
    |      loan|        card|0.577350269|      2|
    +----------+------------+-----------+-------+
    <BLANKLINE>
    >>> histories = spark.createDataFrame(
    ...     [([0, 1], [1.0, 1.0]), ([0, 1, 2], [2.0, 2.0, 5.0])], "product_index array<int>, value array<double>")
    >>> closest = SimilarityParams(over="co_rated", neighbours=1)
    >>> product_neighbours(histories, ["card", "loan", "fund"], "euclidean", closest).show()
    +----------+------------+----------+-------+
    |product_id|neighbour_id|similarity|support|
    +----------+------------+----------+-------+
    |      card|        loan|       1.0|      2|
    |      fund|        card|      0.25|      1|
    |      loan|        card|       1.0|      2|
    +----------+------------+----------+-------+
    <BLANKLINE>
    """
    similar = product_similarities(histories, len(product_ids), measure, params)
    by_similarity = Window.partitionBy("product_id").orderBy(F.desc("similarity"), F.asc("neighbour_id"))
    return (
        _with_id(_with_id(similar, "product", product_ids), "neighbour", product_ids)
        .withColumn("rank", F.row_number().over(by_similarity))
        .where(F.col("rank") <= params.neighbours)
        .select("product_id", "neighbour_id", "similarity", "support")
    )


def product_similarities(
    histories: DataFrame, n_products: int, measure: Measure, params: SimilarityParams
) -> DataFrame:
    """One row: two different products of positive similarity, in both directions.

    Returns:
        ``product_index``, ``neighbour_index``, ``similarity``, ``support``; however many neighbours there are.
    """
    sums = product_sums(histories, n_products)
    pairs = sums.select(F.explode(F.array(_direction("first", "second"), _direction("second", "first"))).alias("pair"))
    pairs = pairs.select("pair.*")
    pairs = _over_all(pairs) if params.over == "all" else pairs.withColumn("count", F.col("support"))
    return pairs.where("left != right").mapInArrow(_similarity_rows(measure, params), _SIMILAR)


def product_sums(histories: DataFrame, n_products: int) -> DataFrame:
    """One row: two products, ``first`` ≤ ``second``, with the sums over the customers who have both.

    Args:
        histories: ``product_index``, ``value``, as for ``product_neighbours``.
        n_products: number of product positions.

    Returns:
        ``first``, ``second``, ``customers`` (all that were read, in a product's own row, else 0), ``support``,
        ``sum_x``, ``sum_y``, ``sum_xx``, ``sum_yy``, ``sum_xy``.
    """
    partial = histories.select("product_index", "value").mapInArrow(partial_sums(n_products), _PARTIAL)
    return partial.groupBy("first", "second").agg(*(F.sum(name).alias(name) for name in _SUMS))


def partial_sums(n_products: int) -> Callable[[Batches], Batches]:
    """Batches of histories → the sums of every pair of products over the customers of one task.

    A pair is told once (first ≤ second); each product's own row (first = second) is always told and also
    carries how many customers were read, so that N and the totals come with the same pass.
    """

    def sums_of(batches: Batches) -> Batches:
        total = ProductSums.empty(n_products)
        for batch in batches:
            total = total.plus(csr_from_lists(batch["product_index"], batch["value"], n_products))
            if total.support.nnz > ENTRIES_AT_ONCE:
                yield total.batch()
                total = ProductSums.empty(n_products)
        yield total.batch()

    return sums_of


class ProductSums:
    """Running P × P sums over customers: M'M, M'X, M'X² and X'X, M being the mask of X."""

    def __init__(self, customers: int, support: csr_matrix, y: csr_matrix, yy: csr_matrix, xy: csr_matrix) -> None:
        self.customers, self.support, self.y, self.yy, self.xy = customers, support, y, yy, xy

    @classmethod
    def empty(cls, n_products: int) -> "ProductSums":
        """No customer yet."""
        return cls(0, *(csr_matrix((n_products, n_products)) for _ in range(4)))

    def plus(self, histories: csr_matrix) -> "ProductSums":
        """The sums with these customers added, B × P."""
        powers = Powers.of(histories)
        mask, value = powers.mask.T.tocsr(), powers.value.T.tocsr()
        return ProductSums(
            self.customers + histories.shape[0],
            self.support + mask @ powers.mask,
            self.y + mask @ powers.value,
            self.yy + mask @ powers.square,
            self.xy + value @ powers.value,
        )

    def batch(self) -> pa.RecordBatch:
        """The sums as rows of first ≤ second."""
        first, second = self._pairs()
        customers = np.where(first == second, float(self.customers), 0.0)
        sums = (
            values_at(self.support, first, second),
            values_at(self.y, second, first),
            values_at(self.y, first, second),
            values_at(self.yy, second, first),
            values_at(self.yy, first, second),
            values_at(self.xy, first, second),
        )
        names = ["first", "second", *_SUMS]
        columns = [first.astype(np.int32), second.astype(np.int32), customers, *sums]
        return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=names)

    def _pairs(self) -> tuple[Ints, Ints]:
        for matrix in (self.support, self.y, self.yy, self.xy):
            matrix.sort_indices()  # lookups then search instead of reading the whole row
        first, second = self.support.nonzero()
        above, own = first < second, np.arange(self.support.shape[0])
        return np.concatenate([own, first[above]]), np.concatenate([own, second[above]])


def _direction(left: str, right: str) -> Column:
    x, y = ("x", "y") if left == "first" else ("y", "x")
    return F.struct(
        F.col(left).alias("left"),
        F.col(right).alias("right"),
        "customers",
        "support",
        F.col(f"sum_{x}").alias("sum_x"),
        F.col(f"sum_{y}").alias("sum_y"),
        F.col(f"sum_{x}{x}").alias("sum_xx"),
        F.col(f"sum_{y}{y}").alias("sum_yy"),
        "sum_xy",
    )


def _over_all(pairs: DataFrame) -> DataFrame:
    """The pairs with N = all customers and each product's totals instead of its co-rated sums."""
    own = F.col("left") == F.col("right")
    of_left, of_right = Window.partitionBy("left"), Window.partitionBy("right")

    def total(name: str, window: WindowSpec) -> Column:
        return F.max(F.when(own, F.col(name))).over(window)

    return pairs.select(
        "left",
        "right",
        "support",
        total("customers", of_left).alias("count"),
        *(total(name, of_left).alias(name) for name in ("sum_x", "sum_xx")),
        *(total(name, of_right).alias(name) for name in ("sum_y", "sum_yy")),
        "sum_xy",
    )


def _similarity_rows(measure: Measure, params: SimilarityParams) -> Callable[[Batches], Batches]:
    def rows_of(batches: Batches) -> Batches:
        for batch in batches:
            sums = PairSums(*(batch[field.name].to_numpy(zero_copy_only=False) for field in fields(PairSums)))
            pairs = similar_pairs(sums, measure, params)
            columns = (pairs.left, pairs.right, pairs.similarity, pairs.support.astype(np.int64))
            names = ["product_index", "neighbour_index", "similarity", "support"]
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=names)

    return rows_of


def _with_id(similar: DataFrame, role: str, product_ids: Sequence[str]) -> DataFrame:
    rows = list(enumerate(product_ids))
    ids = similar.sparkSession.createDataFrame(rows, f"{role}_index int, {role}_id string")
    return similar.join(F.broadcast(ids), f"{role}_index", "inner")
