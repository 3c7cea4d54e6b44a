"""Neighbours of every customer, without customers × customers.

Customers are cut into blocks; a task compares the members of one block with those of the blocks it is
routed to. Up to ``exact_up_to`` customers every block meets every block (exact). Beyond, blocks belong to
clusters of alike histories and meet the nearest clusters only: the candidates are rescored with the same
exact kernel and each customer costs the same, however many there are.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.models.scorer import Floats, Ints
from finrec_spark.models.similarity import (
    Powers,
    SimilarityParams,
    aligned,
    entry_rows,
    largest,
    nearest,
    pair_sums,
    row_blocks,
    similar_pairs,
)
from finrec_spark.models.similarity_clusters import (
    Clustering,
    all_routes,
    block_routes,
    fit_clustering,
    nearest_clusters,
)
from finrec_spark.models.sparse import csr_from_lists

Batches = Iterable[pa.RecordBatch]

EXACT_BLOCK = 2_000
SAMPLE_PER_CLUSTER = 20
_ASSIGNED = "customer_id string, customer_index int, product_index array<int>, value array<double>, cluster int"
_FOUND = (
    "customer_id string, neighbour_index array<int>, similarity array<double>, "
    "evidence_index array<int>, score array<double>, holders array<int>"
)
_NEIGHBOURS = "array<struct<customer_index:int,similarity:double>>"
_EVIDENCE = "array<struct<product_index:int,score:double,holders:int>>"


class CustomerSimilarityParams(SimilarityParams):
    """How customers are compared and what is kept of it."""

    exact_up_to: int = Field(50_000, ge=0, le=1_000_000, description="Customers up to which everyone meets everyone")
    block_size: int = Field(1_000, ge=10, le=100_000, description="Customers of a block beyond that size")
    probes: int = Field(4, ge=1, le=64, description="Nearest clusters that a block meets, its own included")
    max_clusters: int = Field(1_024, ge=1, le=8_192, description="Clusters at most; larger ones have several blocks")
    evidence_products: int = Field(50, ge=1, description="Products of the neighbours that are kept, largest scores")
    seed: int = Field(0, description="Seed of the sample, the projection and the blocks")


def customer_neighbours(histories: DataFrame, n_products: int, params: CustomerSimilarityParams) -> DataFrame:
    """One row: one customer with the most similar customers and what they have.

    Runs up to three small jobs (number of customers, a sample, clusters' sizes) before it returns; the
    histories should stand in a table.

    Args:
        histories: one row a customer: ``customer_id``, ``customer_index``, ``product_index`` array<int>,
            ascending, and ``value`` array<double> beside it.
        n_products: number of product positions.

    Returns:
        ``customer_id``, ``neighbours``, ``evidence`` as in ``model.customer_neighbours``; both empty where
        nobody is similar. The same whatever the partitioning.
    """
    groups, n_groups = _comparison_groups(histories, n_products, params)
    found = (
        groups.repartition(n_groups, "group").groupBy("group").applyInPandas(_group_rows(n_products, params), _FOUND)
    )
    neighbours = F.arrays_zip(F.col("neighbour_index").alias("customer_index"), "similarity")
    evidence = F.arrays_zip(F.col("evidence_index").alias("product_index"), "score", "holders")
    return found.select(
        "customer_id",
        neighbours.cast(_NEIGHBOURS).alias("neighbours"),
        evidence.cast(_EVIDENCE).alias("evidence"),
    )


def _comparison_groups(
    histories: DataFrame, n_products: int, params: CustomerSimilarityParams
) -> tuple[DataFrame, int]:
    """Histories repeated for every ``group`` that needs them; ``own``: the group finds this customer's neighbours."""
    histories = histories.select("customer_id", "customer_index", "product_index", "value")
    customers = histories.count()
    if customers <= params.exact_up_to:
        assigned, blocks = histories.withColumn("cluster", F.lit(0)), [max(1, ceil(customers / EXACT_BLOCK))]
        routes = all_routes(blocks[0])
    else:
        clustering = sampled_clustering(histories, customers, n_products, params)
        assigned = histories.mapInArrow(_assign(clustering, n_products), _ASSIGNED)
        sizes = collect_cluster_sizes(assigned, len(clustering.centroids))
        blocks = [ceil(size / params.block_size) for size in sizes]
        routes = block_routes(blocks, nearest_clusters(clustering.centroids, params.probes))
    table = histories.sparkSession.createDataFrame(routes, "cluster int, block int, `group` int, own boolean")
    n_blocks = F.element_at(F.lit(blocks), F.col("cluster") + 1)
    block = F.pmod(_stable_hash(params.seed), n_blocks).cast("int")
    return assigned.withColumn("block", block).join(F.broadcast(table), ["cluster", "block"], "inner"), sum(blocks)


def sampled_clustering(
    histories: DataFrame, customers: int, n_products: int, params: CustomerSimilarityParams
) -> Clustering:
    """Clusters of a seeded sample of the customers."""
    n_clusters = min(params.max_clusters, ceil(customers / params.block_size))
    sample = collect_sample(histories, SAMPLE_PER_CLUSTER * n_clusters, params.seed)
    return fit_clustering(csr_from_series(sample, n_products), n_clusters, params.over, params.seed)


def collect_sample(histories: DataFrame, size: int, seed: int) -> pd.DataFrame:
    """At most ``size`` customers in the seeded order of their hashes; the same whatever the partitioning."""
    order = (_stable_hash(seed), F.col("customer_index"))
    return histories.orderBy(*order).limit(size).select("customer_index", "product_index", "value").toPandas()


def collect_cluster_sizes(assigned: DataFrame, n_clusters: int) -> list[int]:
    """Customers of every cluster; one number a cluster."""
    rows = assigned.groupBy("cluster").count().collect()
    found = {row["cluster"]: row["count"] for row in rows}
    return [found.get(cluster, 0) for cluster in range(n_clusters)]


def csr_from_series(rows: pd.DataFrame, n_products: int) -> csr_matrix:
    """One row a customer: ``value`` at ``product_index``."""
    lengths = rows["product_index"].map(len).to_numpy(np.int64)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    if indptr[-1] == 0:
        return csr_matrix((len(rows), n_products))
    columns = np.concatenate(rows["product_index"].to_list()).astype(np.int32)
    values = np.concatenate(rows["value"].to_list()).astype(np.float64)
    return csr_matrix((values, columns, indptr), shape=(len(rows), n_products))


@dataclass(frozen=True)
class Neighbourhood:
    """Neighbours and evidence of Q customers; each part: the query's position, then what was found, best first."""

    query: Ints
    reference: Ints
    similarity: Floats
    evidence_query: Ints
    product: Ints
    score: Floats
    holders: Ints


def neighbourhood(
    references: csr_matrix, own: Ints, params: CustomerSimilarityParams
) -> Iterator[tuple[Ints, Neighbourhood]]:
    """For blocks of the rows ``own`` of ``references``: those rows and what is similar to them, themselves excluded."""
    right = Powers.of(references)
    left, columns = Powers.of(references[own]), right.transposed()
    for start, stop in row_blocks(left.mask, columns.mask):
        pairs = similar_pairs(pair_sums(left.rows(start, stop), columns, params.over), "pearson", params)
        pairs = pairs.where(pairs.right != own[start:stop][pairs.left])
        query, reference, similarity = nearest(pairs.left, pairs.right, pairs.similarity, params.neighbours)
        weights = csr_matrix((similarity, (query, reference)), shape=(stop - start, references.shape[0]))
        yield own[start:stop], Neighbourhood(query, reference, similarity, *_evidence(weights, right, params))


def _evidence(
    weights: csr_matrix, references: Powers, params: CustomerSimilarityParams
) -> tuple[Ints, Ints, Floats, Ints]:
    pattern = csr_matrix((np.ones(weights.nnz), weights.indices, weights.indptr), shape=weights.shape)
    holders = pattern @ references.mask
    score, row = aligned(weights @ references.value, holders), entry_rows(holders)
    best = largest(row, score, holders.indices, params.evidence_products)
    best = best[score[best] > 0]
    return row[best], holders.indices[best].astype(np.int64), score[best], holders.data[best].astype(np.int64)


def _group_rows(n_products: int, params: CustomerSimilarityParams) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def rows_of(members: pd.DataFrame) -> pd.DataFrame:
        members = members.sort_values("customer_index", ignore_index=True)
        own = np.flatnonzero(members["own"].to_numpy(bool))
        index = members["customer_index"].to_numpy(np.int32)
        parts = [
            _found_rows(members["customer_id"].iloc[rows], index, found)
            for rows, found in neighbourhood(csr_from_series(members, n_products), own, params)
        ]
        return pd.concat(parts, ignore_index=True)

    return rows_of


def _found_rows(customer_id: pd.Series, index: Ints, found: Neighbourhood) -> pd.DataFrame:
    n = len(customer_id)
    columns = {
        "customer_id": customer_id.to_numpy(),
        "neighbour_index": _lists(index[found.reference], found.query, n),
        "similarity": _lists(found.similarity, found.query, n),
        "evidence_index": _lists(found.product, found.evidence_query, n),
        "score": _lists(found.score, found.evidence_query, n),
        "holders": _lists(found.holders, found.evidence_query, n),
    }
    return pd.DataFrame(columns)


def _lists(values: NDArray[Any], row: Ints, n_rows: int) -> list[NDArray[Any]]:
    return np.split(values, np.cumsum(np.bincount(row, minlength=n_rows))[:-1])


def _assign(clustering: Clustering, n_products: int) -> Callable[[Batches], Batches]:
    def assigned(batches: Batches) -> Batches:
        for batch in batches:
            matrix = csr_from_lists(batch["product_index"], batch["value"], n_products)
            cluster = pa.array(clustering.assign(matrix).astype(np.int32))
            yield pa.RecordBatch.from_arrays([*batch.columns, cluster], names=[*batch.schema.names, "cluster"])

    return assigned


def _stable_hash(seed: int) -> Column:
    return F.xxhash64("customer_index", F.lit(seed))
