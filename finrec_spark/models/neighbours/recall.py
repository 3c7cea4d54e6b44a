"""How many of the truly nearest customers were found, measured on a sample."""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Ints
from finrec_spark.models.neighbours.similar_customers import (
    CustomerSimilarityParams,
    collect_sample,
    csr_from_batch,
    csr_from_series,
)
from finrec_spark.models.neighbours.similarity import Powers, nearest, pair_sums, row_blocks, similar_pairs

Batches = Iterable[pa.RecordBatch]

_EXACT = "query int, similarity double"
_ROUNDING = 1e-9


def neighbour_recall(
    histories: DataFrame, neighbours: DataFrame, products: Ints, params: CustomerSimilarityParams, sample: int = 200
) -> float:
    """Share of a seeded sample's exact nearest customers that ``neighbours`` holds; 1 where there are none.

    A found neighbour counts if it is as similar as the last exact one, so that ties cost nothing. Reads the
    histories once: every task compares its customers with the whole sample.

    Args:
        histories: what ``customer_neighbours`` was given.
        neighbours: what it returned: ``customer_id``, ``neighbours``.
        products: as ``customer_neighbours`` was given them.
        params: what it was fitted with.
        sample: customers whose neighbours are found exactly.
    """
    exact = _exact_limits(histories, products, params, sample)
    ids = histories.select("customer_id", F.col("customer_index").alias("query"))
    near_enough = F.expr(f"size(filter(neighbours, n -> n.similarity >= limit - {_ROUNDING}))")
    hits = (
        neighbours.join(ids.join(F.broadcast(exact), "query", "inner"), "customer_id", "inner")
        .select(F.least(near_enough, F.col("wanted")).alias("found"), "wanted")
        .agg(F.sum("found").alias("found"), F.sum("wanted").alias("wanted"))
        .first()
    )
    return float(hits["found"] / hits["wanted"]) if hits and hits["wanted"] else 1.0


def _exact_limits(histories: DataFrame, products: Ints, params: CustomerSimilarityParams, sample: int) -> DataFrame:
    """One row: how many exact neighbours a sampled customer has (``wanted``), the last one's similarity (``limit``)."""
    queries = collect_sample(histories, sample, params.seed + 1)
    compare = _compare(queries["customer_index"].to_numpy(), csr_from_series(queries, products), products, params)
    nearest_first = Window.partitionBy("query").orderBy(F.desc("similarity"))
    return (
        histories.select("customer_index", "product_index", "value")
        .mapInArrow(compare, _EXACT)
        .withColumn("rank", F.row_number().over(nearest_first))
        .where(F.col("rank") <= params.neighbours)
        .groupBy("query")
        .agg(F.count("*").cast("int").alias("wanted"), F.min("similarity").alias("limit"))
    )


def _compare(
    index: Ints, queries: csr_matrix, products: Ints, params: CustomerSimilarityParams
) -> Callable[[Batches], Batches]:
    left = Powers.of(queries)

    def rows_of(batches: Batches) -> Batches:
        for batch in batches:
            references = csr_from_batch(batch, products)
            columns, others = Powers.of(references).transposed(), batch["customer_index"].to_numpy()
            for start, stop in row_blocks(left.mask, columns.mask):
                pairs = similar_pairs(pair_sums(left.rows(start, stop), columns, params.over), "pearson", params)
                query = index[start:stop]
                pairs = pairs.where(others[pairs.right] != query[pairs.left])
                found, _, similarity = nearest(pairs.left, pairs.right, pairs.similarity, params.neighbours)
                columns_found = [pa.array(query[found].astype(np.int32)), pa.array(similarity)]
                yield pa.RecordBatch.from_arrays(columns_found, names=["query", "similarity"])

    return rows_of
