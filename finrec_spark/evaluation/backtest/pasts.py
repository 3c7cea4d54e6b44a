"""Arrow lists of buys → the customers' pasts as sparse matrices, at one date or at each of their changes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Pasts:
    """All known buys of B customers, E in all, ascending by customer, known day and product.

    Attributes:
        size: B.
        customer: place of each buy's customer, E.
        known_day: from when on each buy is known, E.
        product: position of each buy's product, E.
        first: whether it is the customer's first buy of the product, E.
        n_products: P.
    """

    size: int
    customer: Ints
    known_day: Ints
    product: Ints
    first: Bools
    n_products: int

    def until(self, day: int) -> "Pasts":
        """What was known at a date."""
        return self.where(self.known_day <= day)

    def where(self, kept: Bools) -> "Pasts":
        """The buys at which ``kept`` is true, of the same customers."""
        columns = (self.customer[kept], self.known_day[kept], self.product[kept], self.first[kept])
        return Pasts(self.size, *columns, self.n_products)

    def owned(self) -> csr_matrix:
        """B × P, 1 where the customer bought the product."""
        new = self.where(self.first)
        return csr_matrix((np.ones(len(new.product)), (new.customer, new.product)), shape=(self.size, self.n_products))

    def counts(self) -> Ints:
        """How many buys each customer made, B."""
        return np.bincount(self.customer, minlength=self.size)

    def last_day(self) -> Floats:
        """Newest known day of each customer, B; minus infinity where there is none."""
        newest = np.full(self.size, -np.inf)
        np.maximum.at(newest, self.customer, self.known_day.astype(np.float64))
        return newest

    def first_day(self) -> Floats:
        """Oldest known day of each customer, B; infinity where there is none."""
        oldest = np.full(self.size, np.inf)
        np.minimum.at(oldest, self.customer, self.known_day.astype(np.float64))
        return oldest


@dataclass(frozen=True)
class Changes:
    """The days on which customers bought, D in all.

    Attributes:
        known_day: the day, D.
        of_buy: the day of each buy, E positions in D.
        before: D × P, 1 where the customer had bought the product before that day.
        new: D × P, 1 where the customer bought it on that day for the first time.
    """

    known_day: Ints
    of_buy: Ints
    before: csr_matrix
    new: csr_matrix


def pasts_of(events: pa.ListArray, n_products: int) -> Pasts:
    """The pasts in a column ``events`` (``histories.EVENTS``); a list may be empty."""
    offsets = events.offsets.to_numpy()
    flat = events.values.slice(offsets[0], offsets[-1] - offsets[0])
    day, product, first = (
        flat.field(name).to_numpy(zero_copy_only=False) for name in ("known_day", "product_index", "first")
    )
    customer = np.repeat(np.arange(len(events)), np.diff(offsets))
    return Pasts(len(events), customer, day.astype(np.int64), product.astype(np.int64), first.astype(bool), n_products)


def changes_of(pasts: Pasts) -> Changes:
    """The days on which the customers bought, with what they owned before."""
    starts = np.r_[True, (np.diff(pasts.customer) != 0) | (np.diff(pasts.known_day) != 0)][: len(pasts.customer)]
    of_buy, begin = np.cumsum(starts) - 1, np.flatnonzero(starts)
    opens = np.searchsorted(pasts.customer, pasts.customer[begin])
    shape = (len(begin), pasts.n_products)
    rows, places = ranges(opens, begin)
    kept = pasts.first[places]
    before = csr_matrix((np.ones(kept.sum()), (rows[kept], pasts.product[places[kept]])), shape=shape)
    new = csr_matrix((np.ones(pasts.first.sum()), (of_buy[pasts.first], pasts.product[pasts.first])), shape=shape)
    return Changes(pasts.known_day[begin], of_buy, before, new)


def ranges(start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """All places from ``start`` to before ``stop`` of every row, with their rows.

    >>> [part.tolist() for part in ranges(np.array([0, 2]), np.array([2, 3]))]
    [[0, 0, 1], [0, 1, 2]]
    """
    lengths = stop - start
    rows = np.repeat(np.arange(len(start)), lengths)
    return rows, np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - start, lengths)


def main_kind(owned: csr_matrix, kind: Ints) -> Ints:
    """The kind of most of each row's products, the lowest where several are; -1 of an empty row.

    >>> main_kind(csr_matrix([[1, 1, 1], [0, 0, 0]]), np.array([0, 1, 1])).tolist()
    [1, -1]
    """
    n_kinds = int(kind.max()) + 1
    members = csr_matrix((np.ones(len(kind)), (np.arange(len(kind)), kind)), shape=(len(kind), n_kinds))
    counts = np.asarray((owned @ members).todense())
    return np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), -1)
