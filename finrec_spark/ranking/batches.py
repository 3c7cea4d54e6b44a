"""Arrow record batches → customer batches, in pieces whose dense scores fit the processor's cache budget."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.sparse import csr_from_lists

_DENSE_CELLS = 120_000  # customers × products of one piece: 1 MB a dense matrix, some 40 MB what trees read of it
_LEAST_ROWS = 64  # of many products: what a piece costs, whatever its size, is shared by as many customers


def customer_batches(record_batch: pa.RecordBatch, n_products: int) -> Iterator[tuple[pa.RecordBatch, CustomerBatch]]:
    """Rows with their batch, piece by piece.

    Args:
        record_batch: the columns of ``ranking.scoring.scoring_rows``.
        n_products: width of every matrix.
    """
    rows = max(_LEAST_ROWS, _DENSE_CELLS // max(1, n_products))
    for start in range(0, record_batch.num_rows, rows):
        piece = record_batch.slice(start, rows)
        yield piece, customer_batch(piece, n_products)


def customer_batch(rows: pa.RecordBatch, n_products: int) -> CustomerBatch:
    """The rows as matrices."""

    def matrix(positions: str, values: str) -> csr_matrix:
        return csr_from_lists(rows.column(positions), rows.column(values), n_products)

    return CustomerBatch(
        strength=matrix("product_index", "strength"),
        rating=_rated(matrix("product_index", "rating")),
        owned=_without_zeros(matrix("product_index", "owned")),
        evidence=matrix("evidence_index", "evidence_score"),
        holders=matrix("evidence_index", "evidence_holders"),
        segment=rows.column("segment").to_numpy(zero_copy_only=False),
        risk_level=rows.column("risk_level").to_numpy().astype(np.int64),
        key=rows.column("key").to_numpy().view(np.uint64),
        profile=_vectors(rows.column("profile")),
        state=_vectors(rows.column("state")),
        days=matrix("product_index", "days"),
    )


def _vectors(lists: pa.ListArray) -> Floats | None:
    """One vector a row; None where they are empty."""
    values = np.asarray(lists.flatten().to_numpy(zero_copy_only=False), dtype=np.float64)
    return values.reshape(len(lists), -1) if values.size else None


def _rated(ratings: csr_matrix) -> csr_matrix:
    """Only the products that carry a rating."""
    rated = ~np.isnan(ratings.data)
    rows = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    kept = (ratings.data[rated], (rows[rated], ratings.indices[rated]))
    return csr_matrix(kept, shape=ratings.shape)


def _without_zeros(matrix: csr_matrix) -> csr_matrix:
    matrix.eliminate_zeros()
    return matrix
