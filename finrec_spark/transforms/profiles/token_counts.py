"""How many customers have each token, by what they like and dislike, in one pass over the customers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.transforms.profiles.bins import Floats, Ints, ProfileBins

Batches = Iterable[pa.RecordBatch]

_COUNTS = "group int, token int, customers bigint"


@dataclass(frozen=True)
class TokenCounts:
    """Customers who have each token.

    Attributes:
        liked: of those who liked each product, P × T.
        disliked: of those who disliked each product, P × T.
        everyone: of all customers, T.
    """

    liked: Floats
    disliked: Floats
    everyone: Floats


def liking_rows(
    profiles: DataFrame, liked: DataFrame, disliked: DataFrame | None, product_ids: Sequence[str]
) -> DataFrame:
    """One row: a customer's profile, and the products that the customer likes and dislikes.

    Args:
        profiles: ``customer_id`` (distinct), ``profile``.
        liked: ``customer_id``, ``product_id``; a product that is not among ``product_ids`` is left out.
        disliked: likewise; who likes the product as well, likes it.

    Returns:
        ``profile``, ``groups`` (array<int>, distinct): p for liking the product at position p, P + p for disliking it.
    """
    width = len(product_ids)
    ids = profiles.sparkSession.createDataFrame(list(enumerate(product_ids)), "product_index int, product_id string")
    pairs = liked.select("customer_id", "product_id", F.lit(0).alias("first"))
    if disliked is not None:
        pairs = pairs.union(disliked.select("customer_id", "product_id", F.lit(width).alias("first")))
    placed = pairs.join(F.broadcast(ids), "product_id", "inner")
    groups = F.collect_set(F.col("product_index") + F.col("first")).alias("groups")
    of_customers = placed.groupBy("customer_id").agg(groups)
    rows = profiles.join(of_customers, "customer_id", "left")
    return rows.select("profile", _liked_first(F.coalesce("groups", F.array().cast("array<int>")), width))


def collect_token_counts(rows: DataFrame, bins: ProfileBins, n_products: int) -> TokenCounts:
    """The counts over all rows of ``liking_rows``: products × tokens numbers at most, twice."""
    partial = rows.select("profile", "groups").mapInArrow(partial_counts(bins, n_products), _COUNTS)
    sums: pd.DataFrame = partial.groupBy("group", "token").agg(F.sum("customers").alias("customers")).toPandas()
    counts = np.zeros((2 * n_products + 1, bins.n_tokens))
    counts[sums["group"].to_numpy(), sums["token"].to_numpy()] = sums["customers"].to_numpy()
    return TokenCounts(counts[:n_products], counts[n_products:-1], counts[-1])


def partial_counts(bins: ProfileBins, n_products: int) -> Callable[[Batches], Batches]:
    """Batches of ``liking_rows`` → the counts of one task; group 2P is everyone."""

    def counts_of(batches: Batches) -> Batches:
        total = csr_matrix((2 * n_products + 1, bins.n_tokens), dtype=np.int64)
        for batch in batches:
            total = total + group_counts(profile_matrix(batch["profile"]), batch["groups"], bins, n_products)
        entries = total.tocoo()
        columns = (entries.row.astype(np.int32), entries.col.astype(np.int32), entries.data)
        yield pa.RecordBatch.from_arrays(list(map(pa.array, columns)), names=["group", "token", "customers"])

    return counts_of


def group_counts(profile: Floats, groups: pa.ListArray, bins: ProfileBins, n_products: int) -> csr_matrix:
    """Customers of each group who have each token, (2P + 1) × T.

    Args:
        profile: B × F.
        groups: B lists of distinct positions below 2P.
    """
    offsets = groups.offsets.to_numpy()
    member = groups.values.to_numpy()[offsets[0] : offsets[-1]]
    shape = (len(groups), 2 * n_products)
    members = csr_matrix((np.ones(member.size, np.int64), member, offsets - offsets[0]), shape=shape)
    held = one_hot(bins.tokens(profile), bins.n_tokens)
    everyone = np.asarray(held.sum(axis=0)).reshape(1, -1)
    counted = (members.T @ held).tocoo()
    token = np.flatnonzero(everyone)
    row = np.concatenate([counted.row, np.full(token.size, 2 * n_products)])
    data = np.concatenate([counted.data, everyone[0, token]])
    return csr_matrix((data, (row, np.concatenate([counted.col, token]))), shape=(shape[1] + 1, bins.n_tokens))


def one_hot(tokens: Ints, n_tokens: int) -> csr_matrix:
    """B × T: 1 where the customer has the token; ``tokens`` are B × features, ascending in a row."""
    rows, features = tokens.shape
    start = np.arange(rows + 1) * features
    return csr_matrix((np.ones(tokens.size, np.int64), tokens.ravel(), start), shape=(rows, n_tokens))


def profile_matrix(profiles: pa.ListArray) -> Floats:
    """B × F from lists of one length, null as NaN."""
    values: Floats = profiles.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    return values.reshape(len(profiles), -1) if values.size else np.zeros((len(profiles), 0))


def _liked_first(groups: Column, width: int) -> Column:
    """The groups without the dislike of a product that is liked as well."""
    kept = F.filter(groups, lambda group: ~F.array_contains(groups, group - width))
    return kept.alias("groups")
