"""The best N products a customer, in a total order."""

import numpy as np
from numpy.typing import NDArray

from finrec_spark.arrays import Floats, Ints

_STEPS = 1e9  # scores that agree to nine digits are ties


def top_n(scores: Floats, eligible: NDArray[np.bool_], n: int, id_rank: Ints) -> Ints:
    """Positions of each customer's best eligible products, B × min(n, P), best first; -1 where none are left.

    Ordered by score, then by product ID: every cell gets a key of its own, so a partial selection is exact.

    Args:
        scores: B × P, in [0, 2).
        eligible: B × P.
        id_rank: P, each product's place in the order of the product IDs.

    >>> top_n(np.array([[0.5, 0.9, 0.5]]), np.array([[True, True, True]]), 2, np.array([2, 1, 0]))
    array([[1, 2]])
    """
    n_products = scores.shape[1]
    n = min(n, n_products)
    steps = np.rint(scores * _STEPS).astype(np.int64)
    keys = np.where(eligible, steps * n_products + (n_products - 1 - id_rank), -1)
    best = np.argpartition(keys, n_products - n, axis=1)[:, n_products - n :]
    best_keys = np.take_along_axis(keys, best, axis=1)
    order = np.argsort(-best_keys, axis=1)
    ordered = np.take_along_axis(best, order, axis=1)
    return np.where(np.take_along_axis(best_keys, order, axis=1) < 0, -1, ordered)
