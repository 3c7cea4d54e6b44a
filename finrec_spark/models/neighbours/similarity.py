"""Pearson and Euclidean similarity of the rows of sparse matrices, pair by pair, from sufficient statistics.

Pure numpy and scipy; products (rows over customers) and customers (rows over products) use the same kernel.
A pair that shares no entry is never formed: its support is 0, and with values that are not negative its
correlation over all columns is not positive.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.params import Between, OneOf, Params

Over = Literal["co_rated", "all"]
Measure = Literal["pearson", "euclidean"]
Value = Literal["strength", "rating", "owned", "met"]
"""What stands for a product of a history: its strength, its rating, or 1 where it is held, or was dealt with at all."""

Support = Annotated[int, Between(1, 20)]
Shrinkage = Annotated[float, Between(0.0, 100.0)]

PAIRS_AT_ONCE = 1_000_000
"""Pairs whose statistics are held at a time: 8 MB an array, about a dozen arrays."""

ROWS_AT_ONCE = 4_096
SIMILARITY_STEPS = 1_000_000_000  # similarities are rounded to 1e-9, so that the order of a sum decides nothing
FLAT = 1e-10  # a variance below this share of Σx² is what rounding leaves of 0


class SimilarityParams(Params):
    """What a similarity rests on and how many neighbours are kept."""

    over: Over = Field("all", description="co_rated: entries that both have; all: every column, missing entries are 0")
    minimum_support: Support = Field(1, ge=1, description="Entries that both must have")
    shrinkage: Shrinkage = Field(0.0, ge=0, description="similarity · n / (n + shrinkage), n being the support")
    neighbours: Annotated[int, Between(5, 300, log=True)] = Field(
        50, ge=1, le=1000, description="Most similar ones that are kept; positive only"
    )
    value: Annotated[Value, OneOf(("strength", "owned"))] = Field("strength", description="What the matrix holds")


@dataclass(frozen=True)
class Powers:
    """A sparse matrix as three of one structure: 1, x and x² at every entry (stored zeros included)."""

    mask: csr_matrix
    value: csr_matrix
    square: csr_matrix

    @classmethod
    def of(cls, matrix: csr_matrix) -> "Powers":
        """The powers of ``matrix``."""
        data = matrix.data
        return cls(*(_like(matrix, power) for power in (np.ones_like(data), data, data * data)))

    def transposed(self) -> "Powers":
        """Columns become rows."""
        return Powers(*(part.T.tocsr() for part in (self.mask, self.value, self.square)))

    def rows(self, start: int, stop: int) -> "Powers":
        """Rows ``start`` … ``stop`` - 1."""
        return Powers(*(part[start:stop] for part in (self.mask, self.value, self.square)))


@dataclass(frozen=True)
class PairSums:
    """Sufficient statistics of pairs (x, y), one entry a pair.

    Attributes:
        left: position of x.
        right: position of y.
        support: entries that both have.
        count: N of the formulas: ``support`` over co-rated entries, the number of columns over all.
        sum_x: ΣX over those N; likewise ``sum_y``, ``sum_xx``, ``sum_yy``, ``sum_xy``.
    """

    left: Ints
    right: Ints
    support: Floats
    count: Floats
    sum_x: Floats
    sum_y: Floats
    sum_xx: Floats
    sum_yy: Floats
    sum_xy: Floats

    def where(self, kept: NDArray[np.bool_]) -> "PairSums":
        """The pairs at which ``kept`` is true."""
        if kept.all():
            return self
        return PairSums(*(getattr(self, field.name)[kept] for field in fields(self)))


@dataclass(frozen=True)
class SimilarPairs:
    """Pairs of positive similarity, rounded to 1e-9, one entry a pair."""

    left: Ints
    right: Ints
    similarity: Floats
    support: Floats

    def where(self, kept: NDArray[np.bool_]) -> "SimilarPairs":
        """The pairs at which ``kept`` is true."""
        return SimilarPairs(*(getattr(self, field.name)[kept] for field in fields(self)))


def pair_sums(left: Powers, right: Powers, over: Over) -> PairSums:
    """Statistics of every row of ``left`` with every column of ``right`` that share an entry.

    Args:
        left: A × K.
        right: K × B, the other rows transposed.
        over: co-rated entries, or all K columns with missing entries as 0.
    """
    support = left.mask @ right.mask
    row, col = entry_rows(support), support.indices.astype(np.int64)
    sum_xy = aligned(left.value @ right.value, support)
    if over == "all":
        count = np.full(row.size, left.mask.shape[1], np.float64)
        x, xx = (np.asarray(part.sum(axis=1)).ravel()[row] for part in (left.value, left.square))
        y, yy = (np.asarray(part.sum(axis=0)).ravel()[col] for part in (right.value, right.square))
        return PairSums(row, col, support.data, count, x, y, xx, yy, sum_xy)
    x, y, xx, yy = (
        aligned(product, support)
        for product in (
            left.value @ right.mask,
            left.mask @ right.value,
            left.square @ right.mask,
            left.mask @ right.square,
        )
    )
    return PairSums(row, col, support.data, support.data, x, y, xx, yy, sum_xy)


def sums_of_pairs(left: Powers, right: Powers, row: Ints, other: Ints) -> PairSums:
    """Statistics over all columns of chosen pairs, which may share no entry.

    Args:
        left: A × K.
        right: B × K.
        row: position of each pair's x in ``left``.
        other: position of its y in ``right``.
    """
    support, sum_xy = (
        np.asarray(x[row].multiply(y[other]).sum(axis=1), np.float64).ravel()
        for x, y in ((left.mask, right.mask), (left.value, right.value))
    )
    count = np.full(row.size, left.mask.shape[1], np.float64)
    x, xx = (np.asarray(part.sum(axis=1)).ravel()[row] for part in (left.value, left.square))
    y, yy = (np.asarray(part.sum(axis=1)).ravel()[other] for part in (right.value, right.square))
    return PairSums(row, other, support, count, x, y, xx, yy, sum_xy)


def squared_deviations(sum_of_squares: Floats, total: Floats, count: Floats) -> Floats:
    """Σ(x − mean)², from Σx², Σx and N; 0 where it is no more than what rounding leaves."""
    deviation = sum_of_squares - total * total / count
    return np.where(deviation > FLAT * sum_of_squares, deviation, 0.0)


def pearson(sums: PairSums) -> Floats:
    """Correlation of each pair, in [-1, 1]; 0 where a variance is 0 (undefined: no neighbour, never NaN).

    ρ = (ΣXY − ΣXΣY/N) / √((ΣX² − (ΣX)²/N)(ΣY² − (ΣY)²/N)).
    """
    covariance = sums.sum_xy - sums.sum_x * sums.sum_y / sums.count
    spread = np.sqrt(
        squared_deviations(sums.sum_xx, sums.sum_x, sums.count)
        * squared_deviations(sums.sum_yy, sums.sum_y, sums.count)
    )
    correlation = np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.clip(correlation, -1.0, 1.0)


def euclidean(sums: PairSums, over: Over) -> Floats:
    """1 / (1 + d) of each pair, in (0, 1].

    d = √Σ(x − y)² over all columns; over co-rated entries √(Σ(x − y)² / N), the root mean square
    difference, so that two rows are not held apart by having more in common.
    """
    square = np.maximum(sums.sum_xx - 2 * sums.sum_xy + sums.sum_yy, 0.0)
    square[square <= FLAT * (sums.sum_xx + sums.sum_yy)] = 0.0
    mean: Floats = square / sums.count if over == "co_rated" else square
    return (1.0 + np.sqrt(mean)) ** -1.0


def similar_pairs(sums: PairSums, measure: Measure, params: SimilarityParams) -> SimilarPairs:
    """The pairs with enough support whose shrunk similarity is positive."""
    sums = sums.where(sums.support >= params.minimum_support)
    similarity = pearson(sums) if measure == "pearson" else euclidean(sums, params.over)
    shrunk: Floats = (similarity * (sums.support / (sums.support + params.shrinkage))).round(9)
    return SimilarPairs(sums.left, sums.right, shrunk, sums.support).where(shrunk > 0)


def nearest(left: Ints, right: Ints, similarity: Floats, k: int) -> tuple[Ints, Ints, Floats]:
    """The ``k`` most similar ``right`` of every ``left``, nearest first, ties by the lower ``right``.

    Each pair is one integer (left, distance in steps of 1e-9, right): sorting plain integers takes a fifth
    of the time of sorting three columns. Needs ``left`` in ascending order, (max left + 1) · (max right + 1)
    below 9e9 and similarities in (0, 1].
    """
    if left.size == 0:
        return left, right, similarity
    width, steps = int(right.max()) + 1, SIMILARITY_STEPS + 1
    distance = SIMILARITY_STEPS - np.rint(similarity * SIMILARITY_STEPS).astype(np.int64)
    code = _smallest_by_row(left, (left * steps + distance) * width + right, k)
    rest, right = np.divmod(code, width)
    left, distance = np.divmod(rest, steps)
    return left, right, (SIMILARITY_STEPS - distance) / SIMILARITY_STEPS


def largest(row: Ints, value: Floats, tie: Ints, k: int) -> Ints:
    """Positions of the ``k`` largest values of every row, by row, largest first; equal within 1e-9: the lower tie."""
    order: Ints = np.lexsort((tie, -np.round(value, 9), row))
    return order[place_in_row(np.bincount(row)) < k] if row.size else order


def row_blocks(left: csr_matrix, right: csr_matrix) -> Iterator[tuple[int, int]]:
    """Start and stop of blocks of left rows that form about ``PAIRS_AT_ONCE`` pairs with the columns of ``right``."""
    entries = np.concatenate([[0], np.cumsum(np.diff(right.indptr)[left.indices])])
    pairs = np.minimum(np.diff(entries[left.indptr]), right.shape[1])
    yield from blocks_of(pairs)


def blocks_of(cost: Ints) -> Iterator[tuple[int, int]]:
    """Start and stop of blocks of neighbours whose costs sum to about ``PAIRS_AT_ONCE``; one row at least."""
    total, start = np.concatenate([[0], np.cumsum(cost)]), 0
    while start < cost.size:
        within = int(np.searchsorted(total, total[start] + PAIRS_AT_ONCE, side="right")) - 1
        stop = min(max(within, start + 1), start + ROWS_AT_ONCE)
        yield start, stop
        start = stop


def place_in_row(counts: Ints) -> Ints:
    """0, 1, 2 … within each row of sorted entries, ``counts`` entries a row.

    >>> place_in_row(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def entry_rows(matrix: csr_matrix) -> Ints:
    """Row of every stored entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def aligned(matrix: csr_matrix, pattern: csr_matrix) -> Floats:
    """Values of ``matrix`` at the entries of ``pattern``, which holds all of its entries and was multiplied alike."""
    if matrix.nnz == pattern.nnz:
        return np.asarray(matrix.data)
    matrix.sort_indices()  # scipy drops a sum that is exactly 0
    return values_at(matrix, entry_rows(pattern), pattern.indices)


def values_at(matrix: csr_matrix, row: Ints, col: Ints) -> Floats:
    """Values of ``matrix`` at (row, col), 0 where nothing is stored."""
    return np.asarray(matrix[row, col], np.float64).ravel()


def _smallest_by_row(row: Ints, code: Ints, k: int) -> Ints:
    """The ``k`` smallest codes of every row, in ascending order; the codes of a row are below those of the next."""
    counts = np.bincount(row)
    longest = int(counts.max())
    if longest > k and counts.size * longest <= 4 * code.size:  # rows of about one length: no need to sort them whole
        filler = np.iinfo(np.int64).max
        table = np.full((counts.size, longest), filler)
        table[row, place_in_row(counts)] = code
        code, counts = np.partition(table, k - 1, axis=1)[:, :k].ravel(), np.minimum(counts, k)
        code = code[code < filler]
    code = np.sort(code)
    return code[place_in_row(counts) < k]


def _like(matrix: csr_matrix, data: Floats) -> csr_matrix:
    return csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)
