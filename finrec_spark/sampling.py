"""Seeded draws: each depends on its seed, purpose and keys alone, never on earlier draws, batches or partitions.

In numpy by the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014),
in Spark by xxHash64.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F
from scipy.special import ndtri

from finrec_spark.arrays import Bits, Floats, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_ONE_AS_BITS = np.uint64(0x3FF0000000000000)
_SHARES = 100_000  # parts that shares of rows are made of


@cache
def stream(seed: int, purpose: str) -> int:
    """The 64-bit start of all draws of one purpose."""
    return int.from_bytes(blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest(), "big")


def keys_of(ids: Sequence[str]) -> Ints:
    """A 63-bit hash of each ID, for draws that follow from the IDs alone and not from their positions."""
    return np.array([stream(0, each) >> 1 for each in ids], dtype=np.int64)


def bits(seed: int, purpose: str, *counters: Ints | int) -> Bits:
    """64 random bits for every combination of the counters, which broadcast against each other."""
    state = np.atleast_1d(np.uint64(stream(seed, purpose)))
    for counter in counters:
        state = mixed(state + np.asarray(counter).astype(np.uint64) * _GOLDEN)
    return state


def mixed(state: Bits) -> Bits:
    """SplitMix64's finaliser; works inside a fresh copy of ``state``."""
    state = state + _GOLDEN
    shifted = state >> np.uint64(30)
    state ^= shifted
    state *= _FIRST
    np.right_shift(state, np.uint64(27), out=shifted)
    state ^= shifted
    state *= _SECOND
    np.right_shift(state, np.uint64(31), out=shifted)
    state ^= shifted
    return state


def as_uniform(state: Bits) -> Floats:
    """Random bits → numbers in [0, 1), in the same memory: the bits become the fraction of a number in [1, 2)."""
    state >>= np.uint64(12)
    state |= _ONE_AS_BITS
    numbers: Floats = state.view(np.float64)
    numbers -= 1.0
    return numbers


def uniform(seed: int, purpose: str, *counters: Ints | int) -> Floats:
    """Numbers in [0, 1).

    >>> uniform(1, "age", np.array([17, 18])).round(3)
    array([0.347, 0.12 ])
    >>> uniform(1, "age", np.array([5, 17]))[1].round(3)
    0.347
    """
    return as_uniform(bits(seed, purpose, *counters))


def keyed_uniform(key: Bits, purpose: str, counter: Ints | int = 0) -> Floats:
    """Numbers in [0, 1) from random bits that already tell the cells apart: one for each purpose and counter."""
    start = np.atleast_1d(counter).astype(np.uint64) * _GOLDEN + np.uint64(stream(0, purpose))
    return as_uniform(mixed(key + start))


def normal(seed: int, purpose: str, *counters: Ints | int) -> Floats:
    """Standard normal numbers."""
    values: Floats = ndtri(uniform(seed, purpose, *counters) + 2.0**-54)
    return values


def choice(weights: Floats, draws: Floats) -> Ints:
    """Position drawn in proportion to ``weights`` (one dimension), one for each draw.

    >>> choice(np.array([1.0, 3.0]), np.array([0.1, 0.3, 0.99]))
    array([0, 1, 1])
    """
    bounds = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(bounds[:-1], draws, side="right").astype(np.int64)


def pair_draws(keys: Bits, products: Ints, seed: int) -> Floats:
    """Numbers in [0, 1), one a pair of a customer and a product.

    Args:
        keys: the customers' keys, B.
        products: whole numbers that tell the products apart, B × M, or M for all customers.
        seed: another seed draws anew.
    """
    with np.errstate(over="ignore"):
        mixed = (keys[:, None] ^ ((products + 1).astype(np.uint64) * _GOLDEN) ^ np.uint64(seed)) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(31))) * _GOLDEN
    draws: Floats = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return draws


def bucket(n: int | Column, *keys: str | Column) -> Column:
    """Which of n equal parts a row falls into, 0 … n-1: xxhash64(keys) mod n; near 1/n of the rows each, ± a few √rows.

    Args:
        n: number of parts, at least 1.
        keys: what the row's part depends on; ``seed_of`` among them deals anew.

    >>> rows = spark.createDataFrame([("e1",), ("e2",)], "event_id string")
    >>> [row.part for row in rows.select(bucket(5, seed_of(0), "event_id").alias("part")).collect()]
    [2, 1]
    """
    return F.pmod(F.xxhash64(*keys), F.lit(n) if isinstance(n, int) else n).cast("int")


def in_share(share: float, *keys: str | Column) -> Column:
    """Whether a row is one of such a share of all, [0, 1], in steps of 1/100,000; keys as in ``bucket``."""
    return bucket(_SHARES, *keys) < F.lit(share * _SHARES)


def seed_of(seed: int) -> Column:
    """The seed as a key of ``bucket``."""
    return F.lit(seed).cast("bigint")
