"""Scores from product neighbours, and which product of the history made them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.similarity import SimilarityParams, Value, blocks_of, entry_rows, largest, values_at
from finrec_spark.models.scorer import CustomerBatch, Explanation


@dataclass(frozen=True)
class NeighbourScorer:
    """Score of a product: Σ similarity · value over its neighbours in the customer's history.

    A customer without history and a product without neighbours score 0.

    Attributes:
        similarity: P × P, row: the product, column: its neighbour.
        support: customers that each similarity rests on, of the same structure.
        code: code of the reason.
        value: which of the batch's matrices is the history.
    """

    similarity: csr_matrix
    support: csr_matrix
    code: str
    value: Value

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores, B × P."""
        return np.asarray((self._values(batch) @ self.similarity.T).toarray())

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """The held neighbour that contributed most; its share of the score; customers who have both (``count``)."""
        return explained(self.similarity, self.support, self._values(batch), products, self.code)

    def _values(self, batch: CustomerBatch) -> csr_matrix:
        if self.value == "rating":
            return batch.rating if batch.rating is not None else csr_matrix(batch.strength.shape)
        if self.value == "met":
            return (batch.strength > 0).astype(np.float64)
        return batch.owned if self.value == "owned" else batch.strength


def explained(weights: csr_matrix, support: csr_matrix, values: csr_matrix, products: Ints, code: str) -> Explanation:
    """What of a history contributed most to each score, Σ weight · value; its share of the score; what it rests on.

    Args:
        weights: P × H, row: the product, column: what stands in a history.
        support: what each weight rests on, of the same structure.
        values: histories, B × H.
        products: whose scores are explained, B × N.
        code: code of the reason.
    """
    length = products.shape[1]
    best, share = np.full(products.size, -1, np.int64), np.ones(products.size)
    row_cost = np.diff(weights.indptr)[products].sum(axis=1) + np.diff(values.indptr) * length
    for start, stop in blocks_of(row_cost):
        part = slice(start * length, stop * length)
        best[part], share[part] = _largest_part(weights, values[start:stop], products[start:stop])
    flat = products.ravel()
    count = np.where(best >= 0, values_at(support, flat, np.maximum(best, 0)), 0).astype(np.int64)
    shape = products.shape
    return Explanation(code, best.reshape(shape), share.reshape(shape), count.reshape(shape))


def neighbour_scorer(
    neighbours: DataFrame, product_ids: Sequence[str], params: SimilarityParams, code: str
) -> NeighbourScorer:
    """The scorer of one model's and month's rows of ``model.product_neighbours``.

    Args:
        neighbours: ``product_id``, ``neighbour_id``, ``similarity``, ``support``; an ID that is
            not in ``product_ids`` is left out.
        product_ids: product IDs by position.
        params: what the model was fitted with.
        code: code of the reason.
    """
    rows = collect_neighbours(neighbours)
    position = pd.Index(product_ids)
    row, col = position.get_indexer(rows["product_id"]), position.get_indexer(rows["neighbour_id"])
    known, shape = (row >= 0) & (col >= 0), (len(product_ids), len(product_ids))

    def matrix(name: str) -> csr_matrix:
        values = rows[name].to_numpy(np.float64)[known]
        return csr_matrix((values, (row[known], col[known])), shape=shape)

    return NeighbourScorer(matrix("similarity"), matrix("support"), code, params.value)


def collect_neighbours(neighbours: DataFrame) -> pd.DataFrame:
    """The neighbours' rows, in no order; at most products × neighbours."""
    rows: pd.DataFrame = neighbours.select("product_id", "neighbour_id", "similarity", "support").toPandas()
    return rows


def _largest_part(weights: csr_matrix, values: csr_matrix, products: Ints) -> tuple[Ints, Floats]:
    """Place of the largest contribution and its share of the sum; -1 and 1 where there is none."""
    customers = np.repeat(np.arange(products.shape[0]), products.shape[1])
    parts = weights[products.ravel()].multiply(values[customers]).tocsr()
    rows = entry_rows(parts)
    first = largest(rows, parts.data, parts.indices, 1)
    first = first[parts.data[first] > 0]
    total = np.bincount(rows, parts.data, minlength=customers.size)
    best, share = np.full(customers.size, -1, np.int64), np.ones(customers.size)
    best[rows[first]] = parts.indices[first]
    largest_part = parts.data[first]
    share[rows[first]] = largest_part / np.maximum(total[rows[first]], largest_part)  # weights may be negative
    return best, share
