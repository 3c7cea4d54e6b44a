"""Which rows can be among the nearest of a row, found in single precision by one matrix product.

Over all columns a correlation is an inner product: with x̂ = (x − mean) ÷ √Σ(x − mean)², ρ = x̂ · ŷ. With the mean taken
out as one more column the left side stays sparse, so a pair costs as many steps as the left row has entries, one beside
the other in memory, whatever the number of columns; no statistics of the pair are kept. What the rounding could have
changed is kept too, so whoever computes the kept pairs exactly finds the same nearest rows as from all pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.models.neighbours.similarity import (
    PAIRS_AT_ONCE,
    Powers,
    SimilarityParams,
    entry_rows,
    squared_deviations,
)

Singles = NDArray[np.float32]

_CHUNK = 16  # values of which the largest alone is looked at to learn where the nearest begin
_EPSILON = float(np.finfo(np.float32).eps)
_NOT_KEPT = np.float32(-np.inf)


@dataclass(frozen=True)
class Screen:
    """M rows that others are compared with over all K columns.

    Attributes:
        scaled: (K + 1) × M, each row over its spread, and below the rows its mean over its spread.
        is_flat: whether a row has no spread, and so no similarity, M.
        mask: K × M, 1 where a row has an entry; None where no similarity hangs on what both have.
        params: what a similarity rests on, and how many are nearest.
    """

    scaled: Singles
    is_flat: Bools
    mask: Singles | None
    params: SimilarityParams

    @classmethod
    def of(cls, rows: Powers, params: SimilarityParams) -> "Screen":
        """The screen of M × K rows."""
        needs_support = params.minimum_support > 1 or params.shrinkage > 0 or bool((rows.value.data < 0).any())
        mask, spread = _columns(rows.mask) if needs_support else None, _spread(rows)
        return cls(_columns(_scaled(rows, spread, 1.0)), spread == 0, mask, params)

    def near_pairs(self, rows: Powers, own: Ints) -> Iterator[tuple[int, int, Ints, Ints]]:
        """For blocks of rows: start, stop, and the pairs that hold each row's nearest, by row and compared row.

        Args:
            rows: L × K.
            own: which of the M rows each of them is itself, L; it is not kept.

        Yields:
            start and stop of the block, positions of the rows in the block, ascending, and positions among the M.
        """
        spread, (n_columns, n_compared) = _spread(rows), (rows.value.shape[1], self.scaled.shape[1])
        left = _scaled(rows, spread, -float(n_columns))
        error = _rounding(left, np.abs(self.scaled).max(axis=1, initial=0.0))
        at_once = max(1, PAIRS_AT_ONCE // max(n_compared, 1))
        for start in range(0, left.shape[0], at_once):
            stop = min(start + at_once, left.shape[0])
            near = self._similarity(left[start:stop].astype(np.float32), rows.mask[start:stop])
            near[np.arange(stop - start), own[start:stop]] = _NOT_KEPT
            near[spread[start:stop] == 0] = _NOT_KEPT
            near[:, self.is_flat] = _NOT_KEPT
            least = _largest_at_most(near, self.params.neighbours) - 2 * error[start:stop]
            kept = np.flatnonzero(near >= np.maximum(least, -error[start:stop]).astype(np.float32)[:, None])
            yield start, stop, *np.divmod(kept, n_compared)

    def _similarity(self, left: csr_matrix, mask: csr_matrix) -> Singles:
        """Of a block of rows with all M, not exact; minus infinity where the two have too little in common."""
        correlation: Singles = left @ self.scaled
        if self.mask is None:
            return correlation
        support = mask.astype(np.float32) @ self.mask
        shrunk = correlation * (support / np.maximum(support + np.float32(self.params.shrinkage), 1))
        return np.where(support >= self.params.minimum_support, shrunk, _NOT_KEPT)


def _spread(rows: Powers) -> Floats:
    """√Σ(x − mean)² of each row."""
    total, squares = (np.asarray(part.sum(axis=1)).ravel() for part in (rows.value, rows.square))
    spread: Floats = np.sqrt(squared_deviations(squares, total, np.full(len(total), float(rows.value.shape[1]))))
    return spread


def _scaled(rows: Powers, spread: Floats, mean_times: float) -> csr_matrix:
    """Each row over its spread, and as one more column its mean over its spread, × ``mean_times``."""
    value = rows.value
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    scaled = csr_matrix((value.data * inverse[entry_rows(value)], value.indices, value.indptr), shape=value.shape)
    mean = np.asarray(value.sum(axis=1)).ravel() * inverse / value.shape[1]
    return hstack([scaled, csr_matrix(mean[:, None] * mean_times)], format="csr")


def _columns(rows: csr_matrix) -> Singles:
    """The rows as columns that lie beside each other, dense."""
    columns: Singles = rows.astype(np.float32).T.toarray(order="C")
    return columns


def _rounding(left: csr_matrix, largest: Singles) -> Floats:
    """What single precision can take from or add to a product of each row of ``left``, at most."""
    sizes = np.asarray(abs(left) @ largest.astype(np.float64))
    return np.asarray((np.diff(left.indptr) + 4.0) * _EPSILON * np.maximum(sizes, 1.0))


def _largest_at_most(values: Singles, k: int) -> Singles:
    """A number at or below the ``k``-th largest of each row, near to it: the k-th largest among chunks' maxima."""
    n_chunks = values.shape[1] // _CHUNK
    if n_chunks < k:
        return np.full(len(values), _NOT_KEPT)
    chunks = values[:, : n_chunks * _CHUNK].reshape(len(values), _CHUNK, n_chunks).max(axis=1)
    return np.partition(chunks, n_chunks - k, axis=1)[:, n_chunks - k]
