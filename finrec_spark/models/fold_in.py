"""Kernel: customers' latent factors, and what made their scores, from product factors and a history.

With product factors Y (P × r), a customer with n history entries h, confidences c and targets b has

    u = A⁻¹ Σₕ bₕ yₕ,   A = G + Σₕ cₕ yₕ yₕ' + λ n I

which is the last half-iteration of alternating least squares (Hu, Koren, Volinsky 2008; λ n as in Zhou
et al. 2008, and as in MLlib). G = Y'Y for implicit preferences, 0 for explicit ratings. In the basis of
G's eigenvectors G + λ n I is a diagonal D, so with H = the n × r rows of the history the same u is

    u = D⁻¹ H' (I + C H D⁻¹ H')⁻¹ b

an n × n system; it is solved where n < r, which is usual (3 instead of 12 µs a customer at r = 32,
n = 10 … 20), and the r × r one elsewhere. Float64: float32 is hardly faster at these sizes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints

CHUNK_ELEMENTS = 1 << 17  # 1 MB of doubles a temporary: stays in a core's cache, and bounds memory


@dataclass(frozen=True)
class PaddedHistory:
    """Histories of B customers, each padded to the longest one's n with confidence and target 0.

    Attributes:
        row: the customers' positions in the batch, B.
        length: true lengths, B, at least 1.
        product: positions of products, B × n, ascending within the true length.
        confidence: c, B × n.
        target: b, B × n.
    """

    row: Ints
    length: Ints
    product: Ints
    confidence: Floats
    target: Floats


@dataclass(frozen=True)
class FoldIn:
    """Product factors in the basis where G is diagonal.

    Attributes:
        basis: product factors, P × r; a row of zeros is a product that the model does not know.
        spectrum: G's eigenvalues, r.
        regularisation: λ, above 0.
    """

    basis: Floats
    spectrum: Floats
    regularisation: float

    @classmethod
    def implicit(cls, factors: Floats, regularisation: float) -> "FoldIn":
        """G = Y'Y: every product that a customer does not have counts as a weak 'no'."""
        spectrum, vectors = np.linalg.eigh(factors.T @ factors)
        return cls(factors @ vectors, np.maximum(spectrum, 0.0), regularisation)

    @classmethod
    def explicit(cls, factors: Floats, regularisation: float) -> "FoldIn":
        """G = 0: only rated products count."""
        return cls(factors, np.zeros(factors.shape[1]), regularisation)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether the model has factors for each product, P."""
        return np.asarray(self.basis.any(axis=1))

    def factors(self, history: PaddedHistory) -> Floats:
        """u in the basis, B × r."""
        rows, diagonal = self.basis[history.product], self._diagonal(history)
        if rows.shape[1] < rows.shape[2]:
            shrunk = rows / diagonal[:, None, :]
            dual = _plus_diagonal(history.confidence[:, :, None] * (rows @ _transposed(shrunk)), 1.0)
            weights = np.linalg.solve(dual, history.target[:, :, None])
            return np.asarray((_transposed(weights) @ shrunk)[:, 0])
        right = _transposed(history.target[:, None, :] @ rows)
        return np.asarray(np.linalg.solve(self._normal_matrix(rows, history), right)[:, :, 0])

    def influence(self, history: PaddedHistory) -> Floats:
        """A⁻¹ yₕ bₕ: what each entry of the history adds to u, B × n × r; summed over n it is ``factors``."""
        rows, diagonal = self.basis[history.product], self._diagonal(history)
        if rows.shape[1] < rows.shape[2]:
            shrunk = rows / diagonal[:, None, :]
            dual = _plus_diagonal(history.confidence[:, None, :] * (rows @ _transposed(shrunk)), 1.0)
            return np.asarray(np.linalg.solve(dual, shrunk) * history.target[:, :, None])
        response = np.linalg.solve(self._normal_matrix(rows, history), _transposed(rows))
        return np.asarray(_transposed(response) * history.target[:, :, None])

    def _diagonal(self, history: PaddedHistory) -> Floats:
        return np.asarray(self.spectrum + self.regularisation * history.length[:, None])

    def _normal_matrix(self, rows: Floats, history: PaddedHistory) -> Floats:
        return _plus_diagonal(_transposed(rows) @ (history.confidence[:, :, None] * rows), self._diagonal(history))


def padded_histories(
    history: csr_matrix, confidence: Floats, target: Floats, keep: NDArray[np.bool_], rank: int
) -> Iterator[PaddedHistory]:
    """The customers of ``history`` that have a kept entry, in chunks of similar length.

    Args:
        history: B × P; only its structure is read.
        confidence: c of each stored entry.
        target: b of each stored entry.
        keep: which stored entries count.
        rank: r; a chunk's n × r and n × n temporaries stay within ``CHUNK_ELEMENTS``.
    """
    customers = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))[keep]
    length = np.bincount(customers, minlength=history.shape[0])
    first = np.cumsum(length) - length
    products, confidence, target = history.indices[keep], confidence[keep], target[keep]
    by_length = np.argsort(length, kind="stable")
    for rows in _chunks(by_length[length[by_length] > 0], length, rank):
        place = np.arange(length[rows[-1]])
        inside = place < length[rows, None]
        entry = np.where(inside, first[rows, None] + place, 0)
        yield PaddedHistory(
            row=rows,
            length=length[rows],
            product=np.where(inside, products[entry], 0),
            confidence=np.where(inside, confidence[entry], 0.0),
            target=np.where(inside, target[entry], 0.0),
        )


def _chunks(rows: Ints, length: Ints, rank: int) -> Iterator[Ints]:
    """``rows``, ascending by length, cut where a chunk's temporaries would outgrow ``CHUNK_ELEMENTS``."""
    start = 0
    while start < len(rows):
        widest = length[rows[start:]] * np.maximum(length[rows[start:]], rank)
        fits = widest * np.arange(1, len(widest) + 1) <= CHUNK_ELEMENTS
        size = max(1, int(fits.argmin()) if not fits.all() else len(fits))
        yield rows[start : start + size]
        start += size


def _plus_diagonal(matrices: Floats, diagonal: Floats | float) -> Floats:
    """``matrices`` (B × k × k), changed in place, with ``diagonal`` added to each diagonal."""
    place = np.arange(matrices.shape[1])
    matrices[:, place, place] += diagonal
    return matrices


def _transposed(matrices: Floats) -> Floats:
    return np.swapaxes(matrices, 1, 2)
