"""Neighbours of every customer, without customers × customers.

Customers are put into groups, and a task finds the neighbours of those whose ``own`` group it is among all
members of the group. Up to ``exact_up_to`` customers everyone is a member of every group (exact). Beyond, a
group is a cluster of alike histories: a customer is a member of the ``probes`` nearest clusters and the
nearest one is the own. The candidates are rescored with the same exact kernel.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
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

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.clusters import Clustering, fit_clustering
from finrec_spark.models.neighbours.screening import Screen
from finrec_spark.models.neighbours.similarity import (
    PairSums,
    Powers,
    SimilarityParams,
    aligned,
    entry_rows,
    largest,
    nearest,
    pair_sums,
    row_blocks,
    similar_pairs,
    sums_of_pairs,
)
from finrec_spark.models.sparse import csr_from_lists
from finrec_spark.sampling import bucket

Batches = Iterable[pa.RecordBatch]

EXACT_BLOCK = 2_000
SAMPLE_PER_CLUSTER = 20
MOST_DENSE = 50_000_000
"""Customers of a group × products up to which they are screened, 4 bytes each; beyond, all pairs are compared."""
_ASSIGNED = (
    "customer_id string, customer_index int, key bigint, "
    "product_index array<int>, value array<double>, clusters array<int>"
)
FOUND = (
    "customer_id string, neighbour_index array<int>, similarity array<double>, "
    "evidence_index array<int>, score array<double>, holders array<int>"
)
_FOUND_NAMES = ["customer_id", "neighbour_index", "similarity", "evidence_index", "score", "holders"]
_NEIGHBOURS = "array<struct<customer_index:int,similarity:double>>"
_EVIDENCE = "array<struct<product_index:int,score:double,holders:int>>"


class CustomerSimilarityParams(SimilarityParams):
    """How customers are compared and what is kept of it."""

    exact_up_to: int = Field(50_000, ge=0, le=1_000_000, description="Customers up to which everyone meets everyone")
    cluster_size: int = Field(500, ge=10, le=100_000, description="Customers a cluster that are aimed at beyond that")
    max_clusters: int = Field(1_024, ge=1, le=8_192, description="Clusters at most")
    probes: int = Field(16, ge=1, le=256, description="Nearest clusters that a customer is a candidate in")
    max_references: int = Field(20_000, ge=10, description="Customers at most, about, that one is compared with")
    evidence_products: int = Field(50, ge=1, description="Products of the neighbours that are kept, largest scores")
    seed: int = Field(0, description="Seed of the sample, the projection and the blocks")


def customer_neighbours(histories: DataFrame, products: Ints, params: CustomerSimilarityParams) -> DataFrame:
    """One row: one customer with the most similar customers and what they have.

    Runs up to three small jobs (number of customers, a sample, clusters' sizes) before it returns; the
    histories should stand in a table.

    Args:
        histories: one row a customer: ``customer_id``, ``customer_index``, ``product_index`` array<int>,
            ascending, and ``value`` array<double> beside it.
        products: positions of the products that there are, in the order of their IDs.

    Returns:
        ``customer_id``, ``neighbours``, ``evidence`` as in ``model.customer_neighbours``; both empty where
        nobody is similar; ties of similarity by the hash of the ID. The same whatever the partitioning, and
        whatever positions customers and products have.

    >>> rows = [("ann", 0, [0, 1]), ("bob", 1, [0, 1, 2]), ("eve", 2, [3])]
    >>> histories = spark.createDataFrame(rows, "customer_id string, customer_index int, product_index array<int>")
    >>> histories = histories.selectExpr("*", "transform(product_index, p -> 1d) AS value")
    >>> nearest = customer_neighbours(histories, np.arange(4), CustomerSimilarityParams())
    >>> nearest.select("customer_id", "neighbours").orderBy("customer_id").show()
    +-----------+------------------+
    |customer_id|        neighbours|
    +-----------+------------------+
    |        ann|[{1, 0.577350269}]|
    |        bob|[{0, 0.577350269}]|
    |        eve|                []|
    +-----------+------------------+
    <BLANKLINE>
    """
    key = F.xxhash64("customer_id").alias("key")
    histories = histories.select("customer_id", "customer_index", key, "product_index", "value")
    customers = histories.count()
    is_exact = customers <= params.exact_up_to
    members = (
        all_members(histories, customers, params) if is_exact else near_members(histories, customers, products, params)
    )
    found = members.groupBy("group").applyInPandas(group_rows(products, params), FOUND)
    neighbours = F.arrays_zip(F.col("neighbour_index").alias("customer_index"), "similarity")
    evidence = F.arrays_zip(F.col("evidence_index").alias("product_index"), "score", "holders")
    return found.select(
        "customer_id",
        neighbours.cast(_NEIGHBOURS).alias("neighbours"),
        evidence.cast(_EVIDENCE).alias("evidence"),
    )


def all_members(histories: DataFrame, customers: int, params: CustomerSimilarityParams) -> DataFrame:
    """One row: one customer in one ``group``; everyone is in every group and ``own`` in one of them."""
    n_groups = max(1, ceil(customers / EXACT_BLOCK))
    groups = F.explode(F.sequence(F.lit(0), F.lit(n_groups - 1)))
    own = bucket(n_groups, *_seeded(params.seed))
    return histories.withColumn("group", groups).withColumn("own", F.col("group") == own)


def near_members(histories: DataFrame, customers: int, products: Ints, params: CustomerSimilarityParams) -> DataFrame:
    """One row: one customer in the ``group`` of one of the nearest clusters, ``own`` in that of the nearest.

    A cluster with more than ``max_references`` members is cut by the customers' hashes into several groups,
    so that a customer costs the same however many there are.
    """
    n_clusters = min(params.max_clusters, ceil(customers / params.cluster_size))
    sample = collect_sample(histories, SAMPLE_PER_CLUSTER * n_clusters, params.seed)
    clustering = fit_clustering(csr_from_series(sample, products), n_clusters, params.over, params.seed)
    assigned = histories.mapInArrow(_assign(clustering, products, params.probes), _ASSIGNED)
    members = assigned.select("*", F.posexplode("clusters").alias("place", "cluster")).drop("clusters")
    sizes = collect_cluster_sizes(members, clustering.size)
    n_groups = [max(1, ceil(size / params.max_references)) for size in sizes]
    first_group = [0, *accumulate(n_groups)][:-1]
    within = bucket(_number_of(n_groups), *_seeded(params.seed))
    own = F.col("place") == 0
    return members.select(
        F.when(own, F.col("customer_id")).alias("customer_id"),
        "customer_index",
        "key",
        "product_index",
        "value",
        (_number_of(first_group) + within).alias("group"),
        own.alias("own"),
    )


def collect_sample(histories: DataFrame, size: int, seed: int) -> pd.DataFrame:
    """At most ``size`` customers in the seeded order of their hashes; the same whatever the partitioning."""
    order = (F.xxhash64(*_seeded(seed)), F.col("customer_id"))
    return histories.orderBy(*order).limit(size).select("customer_index", "product_index", "value").toPandas()


def collect_cluster_sizes(members: DataFrame, n_clusters: int) -> list[int]:
    """Members of every cluster; one number a cluster."""
    rows = members.groupBy("cluster").count().collect()
    found = {row["cluster"]: row["count"] for row in rows}
    return [found.get(cluster, 0) for cluster in range(n_clusters)]


def csr_from_series(rows: pd.DataFrame, products: Ints) -> csr_matrix:
    """One row a customer, one column for each of ``products``: ``value`` at ``product_index``."""
    lengths = rows["product_index"].map(len).to_numpy(np.int64)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    if indptr[-1] == 0:
        return csr_matrix((len(rows), len(products)))
    columns = np.concatenate(rows["product_index"].to_list()).astype(np.int32)
    values = np.concatenate(rows["value"].to_list()).astype(np.float64)
    return _columns(csr_matrix((values, columns, indptr), shape=(len(rows), _width(products))), products)


def csr_from_batch(rows: pa.RecordBatch, products: Ints) -> csr_matrix:
    """As ``csr_from_series``, from Arrow."""
    return _columns(csr_from_lists(rows["product_index"], rows["value"], _width(products)), products)


def _width(products: Ints) -> int:
    """Positions up to the last of ``products``."""
    return int(products.max(initial=-1)) + 1


def _columns(by_position: csr_matrix, products: Ints) -> csr_matrix:
    chosen = by_position[:, products]
    chosen.sort_indices()
    return chosen


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
    left, right = Powers.of(references[own]), Powers.of(references)
    for start, stop, sums in _pair_blocks(left, right, own, params):
        pairs = similar_pairs(sums, "pearson", params)
        query, reference, similarity = nearest(pairs.left, pairs.right, pairs.similarity, params.neighbours)
        weights = csr_matrix((similarity, (query, reference)), shape=(stop - start, references.shape[0]))
        yield own[start:stop], Neighbourhood(query, reference, similarity, *_evidence(weights, right, params))


def _pair_blocks(
    left: Powers, right: Powers, own: Ints, params: CustomerSimilarityParams
) -> Iterator[tuple[int, int, PairSums]]:
    """Start and stop of blocks of left rows, and the pairs among which each one's nearest are."""
    if params.over == "all" and np.prod(right.value.shape) <= MOST_DENSE:
        for start, stop, row, other in Screen.of(right, params).near_pairs(left, own):
            yield start, stop, sums_of_pairs(left.rows(start, stop), right, row, other)
    else:
        columns = right.transposed()
        for start, stop in row_blocks(left.mask, columns.mask):
            sums = pair_sums(left.rows(start, stop), columns, params.over)
            yield start, stop, sums.where(sums.right != own[start:stop][sums.left])


def _evidence(
    weights: csr_matrix, references: Powers, params: CustomerSimilarityParams
) -> tuple[Ints, Ints, Floats, Ints]:
    pattern = csr_matrix((np.ones(weights.nnz), weights.indices, weights.indptr), shape=weights.shape)
    holders = pattern @ references.mask
    score, row = aligned(weights @ references.value, holders), entry_rows(holders)
    best = largest(row, score, holders.indices, params.evidence_products)
    best = best[score[best] > 0]
    return row[best], holders.indices[best].astype(np.int64), score[best], holders.data[best].astype(np.int64)


def group_rows(products: Ints, params: CustomerSimilarityParams) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Members of one group → a row of lists for each of those whose ``own`` group it is."""

    def rows_of(members: pd.DataFrame) -> pd.DataFrame:
        members = members.sort_values(["key", "customer_index"], ignore_index=True)
        own = np.flatnonzero(members["own"].to_numpy(bool))
        index = members["customer_index"].to_numpy(np.int32)
        parts = [
            _found_rows(members["customer_id"].iloc[rows], index, products, found)
            for rows, found in neighbourhood(csr_from_series(members, products), own, params)
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_FOUND_NAMES)

    return rows_of


def _found_rows(customer_id: pd.Series, index: Ints, products: Ints, found: Neighbourhood) -> pd.DataFrame:
    n = len(customer_id)
    columns = {
        "customer_id": customer_id.to_numpy(),
        "neighbour_index": _lists(index[found.reference], found.query, n),
        "similarity": _lists(found.similarity, found.query, n),
        "evidence_index": _lists(products[found.product], found.evidence_query, n),
        "score": _lists(found.score, found.evidence_query, n),
        "holders": _lists(found.holders, found.evidence_query, n),
    }
    return pd.DataFrame(columns)


def _lists(values: NDArray[Any], row: Ints, n_rows: int) -> list[NDArray[Any]]:
    return np.split(values, np.cumsum(np.bincount(row, minlength=n_rows))[:-1])


def _assign(clustering: Clustering, products: Ints, probes: int) -> Callable[[Batches], Batches]:
    def assigned(batches: Batches) -> Batches:
        for batch in batches:
            near = clustering.nearest(csr_from_batch(batch, products), probes)
            offsets = np.arange(0, near.size + 1, near.shape[1], dtype=np.int32)
            clusters = pa.ListArray.from_arrays(offsets, pa.array(near.astype(np.int32).ravel()))
            names = [*batch.schema.names, "clusters"]
            yield pa.RecordBatch.from_arrays([*batch.columns, clusters], names=names)

    return assigned


def _number_of(by_cluster: list[int]) -> Column:
    return F.element_at(F.lit(by_cluster), F.col("cluster") + 1)


def _seeded(seed: int) -> tuple[Column, Column]:
    """What the sample and the groups depend on; the seed as an int, which hashes otherwise than a bigint."""
    return F.col("customer_id"), F.lit(seed)
