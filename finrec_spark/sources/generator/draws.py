"""Counter-based randomness: a draw depends on the seed, its purpose and its counters, never on earlier draws.

So a customer's history is the same in whatever batch, partition or bank it is made.
Generator: the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
"""

from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bits = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_ONE_AS_BITS = np.uint64(0x3FF0000000000000)


@cache
def stream(seed: int, purpose: str) -> int:
    """The 64-bit start of all draws of one purpose."""
    return int.from_bytes(blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest(), "big")


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
