"""Explicit ratings predicted from similar customers or similar products: k nearest neighbours with means.

The definition is that of Surprise's ``KNNWithMeans`` with ``sim_options={"name": "pearson"}`` and ``min_k=1``:
similarity is Pearson's over co-rated entries, 0 where it is undefined. Of those who rated the product (or that the
customer rated) the k most similar are taken, of them only positive similarities count, and

    prediction = own mean + Σ similarity · (rating − the neighbour's mean) / Σ similarity,

clipped to the scale. Without a neighbour it is the own mean; a customer or product that ``train`` does not
hold gets ``train``'s mean. Similarities are rounded to 1e-9; of equal ones the lower index comes first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.errors import InputMissing
from finrec_spark.models.neighbours.similar_products import product_similarities
from finrec_spark.models.neighbours.similarity import (
    Powers,
    SimilarityParams,
    blocks_of,
    nearest,
    pair_sums,
    place_in_row,
    row_blocks,
    similar_pairs,
    values_at,
)
from finrec_spark.sampling import bucket

Scale = tuple[float, float]

CO_RATED = SimilarityParams(over="co_rated", minimum_support=1, shrinkage=0.0, value="rating")
BLOCKS = 8
"""Blocks of customers that are predicted side by side; in the customers' case each reads all of ``train``."""


@dataclass(frozen=True)
class Known:
    """What every prediction starts from: the mean and the scale of all ratings."""

    mean: float
    low: float
    high: float

    def clipped(self, ratings: Floats) -> Floats:
        """The ratings within the scale."""
        return np.minimum(np.maximum(ratings, self.low), self.high)


def predict_by_customers(train: DataFrame, test: DataFrame, k: int = 40, scale: Scale | None = None) -> DataFrame:
    """One row of ``test`` with ``prediction``: from how similar customers rated the product.

    Exact: every block of customers is compared with all of ``train``, which has to fit one task's memory.

    Args:
        train: ``customer_index`` int, ``product_index`` int, ``rating`` double; a pair at most once.
        test: ``customer_index`` int, ``product_index`` int, any further columns; pairs that are not in ``train``.
        k: neighbours that count, at most.
        scale: lowest and highest rating; the range of ``train`` where it is None.

    Raises:
        InputMissing: ``train`` is empty.
    """
    known = collect_known(train, scale)
    blocks = F.explode(F.sequence(F.lit(0), F.lit(BLOCKS - 1)))
    everywhere = _ratings(train).withColumn("rating_block", blocks)
    return _predicted(everywhere, test, _by_customers(k, known))


def predict_by_products(train: DataFrame, test: DataFrame, k: int = 40, scale: Scale | None = None) -> DataFrame:
    """One row of ``test`` with ``prediction``: from how the customer rated similar products.

    The similarities of products (bounded by products × products) are gathered and sent to every task;
    customers then need only their own ratings. Arguments as in ``predict_by_customers``.
    """
    known = collect_known(train, scale)
    means = collect_product_means(train)
    similarity = collect_similarities(train, means.size)
    return _predicted(
        _ratings(train).withColumn("rating_block", _block()), test, _by_products(similarity, means, k, known)
    )


def collect_known(train: DataFrame, scale: Scale | None) -> Known:
    """Mean and range of all ratings, one row."""
    rating = F.col("rating")
    row = train.agg(F.avg(rating).alias("mean"), F.min(rating).alias("low"), F.max(rating).alias("high")).collect()[0]
    if row["mean"] is None:
        raise InputMissing("there are no ratings to predict from: train holds no row; give more folds or more ratings")
    low, high = scale or (row["low"], row["high"])
    return Known(row["mean"], low, high)


def collect_product_means(train: DataFrame) -> Floats:
    """Mean rating by product position, NaN where there is none; one number a product."""
    rows: pd.DataFrame = train.groupBy("product_index").agg(F.avg("rating").alias("mean")).toPandas()
    means = np.full(int(rows["product_index"].max()) + 1 if len(rows) else 1, np.nan)
    means[rows["product_index"].to_numpy(np.int64)] = rows["mean"].to_numpy(np.float64)
    return means


def collect_similarities(train: DataFrame, n_products: int) -> csr_matrix:
    """Positive similarities of products, n_products × n_products."""
    entry = F.struct("product_index", "rating")
    histories = (
        train.groupBy("customer_index")
        .agg(F.sort_array(F.collect_list(entry)).alias("entries"))
        .select(F.col("entries.product_index").alias("product_index"), F.col("entries.rating").alias("value"))
    )
    rows: pd.DataFrame = product_similarities(histories, n_products, "pearson", CO_RATED).drop("support").toPandas()
    places = (rows["product_index"].to_numpy(), rows["neighbour_index"].to_numpy())
    return csr_matrix((rows["similarity"].to_numpy(np.float64), places), shape=(n_products, n_products))


def similarities_of(rows: Ints, ratings: csr_matrix) -> csr_matrix:
    """Positive similarities of some rows of ``ratings`` with all of its rows; the columns ascend within a row."""
    left, right = Powers.of(ratings[rows]), Powers.of(ratings).transposed()
    parts = [
        similar_pairs(pair_sums(left.rows(start, stop), right, "co_rated"), "pearson", CO_RATED)
        for start, stop in row_blocks(left.mask, right.mask)
    ]
    starts = [start for start, _ in row_blocks(left.mask, right.mask)]
    row = np.concatenate([part.left + start for part, start in zip(parts, starts, strict=True)])
    values = np.concatenate([part.similarity for part in parts])
    columns = np.concatenate([part.right for part in parts])
    return csr_matrix((values, (row, columns)), shape=(len(rows), ratings.shape[0]))


def rows_with_means(
    own: Ints, own_mean: Floats, asked: Ints, raters: csr_matrix, similarity: csr_matrix, means: Floats, k: int
) -> Floats:
    """Predictions before they are clipped, one a pair.

    Args:
        own: row of ``similarity`` of each pair.
        own_mean: where each prediction starts.
        asked: row of ``raters`` of each pair.
        raters: ratings by their givers: which columns of ``similarity`` may be neighbours, and what they gave.
        similarity: positive similarities, their columns ascending.
        means: mean rating of every column of ``similarity``.
        k: neighbours that count, at most.
    """
    predicted = own_mean.copy()
    counts = np.diff(raters.indptr)[asked]
    for start, stop in blocks_of(counts):
        pair = np.repeat(np.arange(stop - start), counts[start:stop])
        entry = np.repeat(raters.indptr[asked[start:stop]], counts[start:stop]) + place_in_row(counts[start:stop])
        neighbour = raters.indices[entry]
        near = values_at(similarity, own[start:stop][pair], neighbour)
        candidate = np.flatnonzero(near > 0)
        row, place, weight = nearest(pair[candidate], candidate, near[candidate], k)
        above = raters.data[entry[place]] - means[neighbour[place]]
        total = np.bincount(row, weight, minlength=stop - start)
        shift = np.bincount(row, weight * above, minlength=stop - start)
        predicted[start:stop] += np.divide(shift, total, out=np.zeros(stop - start), where=total > 0)
    return predicted


def _by_customers(k: int, known: Known) -> Callable[[pd.DataFrame, pd.DataFrame], Floats]:
    def predict(train: pd.DataFrame, test: pd.DataFrame) -> Floats:
        customers, products = np.unique(train["customer_index"]), np.unique(train["product_index"])
        ratings = _matrix(train, customers, products)
        own, asked = _positions(customers, test["customer_index"]), _positions(products, test["product_index"])
        predicted, is_known = np.full(len(test), known.mean), (own >= 0) & (asked >= 0)
        queries, query = np.unique(own[is_known], return_inverse=True)
        if queries.size:
            means = row_means(ratings)
            near = similarities_of(queries, ratings)
            raters = ratings.T.tocsr()
            start = means[own[is_known]]
            predicted[is_known] = rows_with_means(query, start, asked[is_known], raters, near, means, k)
        return known.clipped(predicted)

    return predict


def _by_products(
    similarity: csr_matrix, means: Floats, k: int, known: Known
) -> Callable[[pd.DataFrame, pd.DataFrame], Floats]:
    products = np.flatnonzero(~np.isnan(means))

    def predict(train: pd.DataFrame, test: pd.DataFrame) -> Floats:
        customers = np.unique(train["customer_index"])
        ratings = _matrix(train, customers, np.arange(means.size))
        customer, product = _positions(customers, test["customer_index"]), _positions(products, test["product_index"])
        predicted, is_known = np.full(len(test), known.mean), (customer >= 0) & (product >= 0)
        own = products[product[is_known]]
        predicted[is_known] = rows_with_means(own, means[own], customer[is_known], ratings, similarity, means, k)
        return known.clipped(predicted)

    return predict


def row_means(ratings: csr_matrix) -> Floats:
    """Mean of the stored entries of every row; 0 for an empty one."""
    counts = np.maximum(np.diff(ratings.indptr), 1)
    means: Floats = np.asarray(ratings.sum(axis=1)).ravel() / counts
    return means


def _matrix(rows: pd.DataFrame, customers: Ints, products: Ints) -> csr_matrix:
    places = (_positions(customers, rows["customer_index"]), _positions(products, rows["product_index"]))
    return csr_matrix((rows["rating"].to_numpy(np.float64), places), shape=(customers.size, products.size))


def _positions(known: Ints, wanted: pd.Series) -> Ints:
    """Position of every wanted index among the known, ascending ones; -1 where it is not among them."""
    return np.asarray(pd.Index(known).get_indexer(wanted), np.int64)


def _predicted(train: DataFrame, test: DataFrame, predict: Callable[[pd.DataFrame, pd.DataFrame], Floats]) -> DataFrame:
    """``test`` with ``prediction``, block by block, each with the block's rows of ``train``."""

    columns = [*test.columns, "prediction"]

    def rows_of(ratings: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
        return pairs.assign(prediction=predict(ratings, pairs))[columns]

    schema = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in test.schema)
    pairs = test.withColumn("rating_block", _block())
    return (
        train.groupBy("rating_block")
        .cogroup(pairs.groupBy("rating_block"))
        .applyInPandas(rows_of, f"{schema}, prediction double")
    )


def _ratings(train: DataFrame) -> DataFrame:
    return train.select("customer_index", "product_index", F.col("rating").cast("double"))


def _block() -> Column:
    return bucket(BLOCKS, "customer_index")
