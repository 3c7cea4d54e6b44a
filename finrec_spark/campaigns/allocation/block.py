"""Many customers' candidates as a few arrays: what travels to the workers and what every calculation is done on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from finrec_spark.arrays import Bits, Bools, Floats, Ints

MICROS = 1_000_000  # costs are whole millionths of a yuan: budgets are kept to the last of them

Positions = NDArray[np.int32]
"""Positions in a vocabulary; -1 is null."""


@dataclass(frozen=True)
class Block:
    """Candidates of whole customers, one customer after the other, each in the order of product and channel.

    Attributes:
        customers: customer IDs, n.
        keys: random bits of each customer, n.
        sizes: candidates of each customer, at least 1, n.
        product: positions in the vocabulary, one a candidate; likewise ``channel``, ``branch`` and ``segment``, where
            -1 is null.
        value: expected yuan.
        cost: millionths of a yuan.
    """

    customers: NDArray[np.object_]
    keys: Bits
    sizes: Ints
    product: Positions
    channel: Positions
    branch: Positions
    segment: Positions
    value: Floats
    cost: Ints

    @cached_property
    def owner(self) -> Ints:
        """Each candidate's customer, as a position."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def of_customers(self, kept: Bools) -> "Block":
        """The block with some of its customers only."""
        return self._filtered(kept, kept[self.owner])

    def _filtered(self, customers: Bools, candidates: Bools) -> "Block":
        masks = {name: customers if name in _BY_CUSTOMER else candidates for name in _NAMES}
        return replace(self, **{name: getattr(self, name)[mask] for name, mask in masks.items()})

    def to_bytes(self) -> bytes:
        """The arrays as one Arrow stream a kind."""
        by_customer = pa.record_batch([pa.array(getattr(self, name)) for name in _BY_CUSTOMER], names=_BY_CUSTOMER)
        by_candidate = pa.record_batch([pa.array(getattr(self, name)) for name in _BY_CANDIDATE], names=_BY_CANDIDATE)
        sink = pa.BufferOutputStream()
        for batch in (by_customer, by_candidate):
            with pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_batch(batch)
        return bytes(sink.getvalue())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Block":
        """What ``to_bytes`` gave."""
        source = pa.BufferReader(data)
        arrays: dict[str, Any] = {}
        for _ in range(2):
            table = pa.ipc.open_stream(source).read_all()
            arrays |= {name: table.column(name).to_numpy() for name in table.schema.names}
        return cls(**arrays)


_NAMES = tuple(field.name for field in fields(Block))
_BY_CUSTOMER = ("customers", "keys", "sizes")
_BY_CANDIDATE = tuple(name for name in _NAMES if name not in _BY_CUSTOMER)


def joined(blocks: Sequence[Block]) -> Block:
    """One block of all customers, in the order of their IDs, so that it is the same however they were spread."""
    whole = Block(**{name: np.concatenate([getattr(block, name) for block in blocks]) for name in _NAMES})
    order = np.argsort(whole.customers.astype(str), kind="stable")
    starts = np.cumsum(whole.sizes) - whole.sizes
    rows = ranges(starts[order], whole.sizes[order])
    by_customer = {name: getattr(whole, name)[order] for name in _BY_CUSTOMER}
    return Block(**by_customer, **{name: getattr(whole, name)[rows] for name in _BY_CANDIDATE})


def ranges(starts: Ints, sizes: Ints) -> Ints:
    """The numbers start … start + size - 1 of each pair, one after the other.

    >>> ranges(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    ends = np.cumsum(sizes)
    within: Ints = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes)
    return within + np.repeat(starts, sizes)
