"""Arrow lists → sparse matrices, without a copy of the values."""

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix


def csr_from_lists(positions: pa.ListArray, values: pa.ListArray, width: int) -> csr_matrix:
    """One row a list: ``values`` at ``positions``, as a float64 matrix of ``width`` columns.

    Args:
        positions: list<int32>, ascending and distinct within a row; an empty list is an empty row.
        values: list of numbers or booleans, as long as ``positions`` row by row, nothing null inside.
        width: number of columns.

    >>> csr_from_lists(pa.array([[0, 2], []], pa.list_(pa.int32())), pa.array([[1.0, 3.0], []]), 3).toarray()
    array([[1., 0., 3.],
           [0., 0., 0.]])
    """
    offsets = positions.offsets.to_numpy()
    start, end = offsets[0], offsets[-1]
    columns = positions.values.slice(start, end - start).to_numpy(zero_copy_only=False)
    value_offsets = values.offsets.to_numpy()
    data = values.values.slice(value_offsets[0], end - start).to_numpy(zero_copy_only=False)
    shape = (len(positions), width)
    return csr_matrix((data.astype(np.float64), columns.astype(np.int32), offsets - start), shape=shape)
