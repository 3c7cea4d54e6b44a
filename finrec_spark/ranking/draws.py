"""Seeded draws that depend on customer and product alone, whatever the batch or partition."""

import numpy as np
from numpy.typing import NDArray

from finrec_spark.models.scorer import Floats, Ints


def pair_draws(keys: NDArray[np.uint64], products: Ints, seed: int) -> Floats:
    """Numbers in [0, 1), one a pair: a hash of seed, customer and product.

    Args:
        keys: the customers' keys, B.
        products: positions, B × M, or M for all customers.
        seed: another seed draws anew.
    """
    multipliers = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9], dtype=np.uint64)
    with np.errstate(over="ignore"):
        mixed = (keys[:, None] ^ ((products + 1).astype(np.uint64) * multipliers[0]) ^ np.uint64(seed)) * multipliers[1]
        mixed = (mixed ^ (mixed >> np.uint64(31))) * multipliers[0]
    draws: Floats = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return draws
