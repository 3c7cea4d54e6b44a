"""What customers met next: for every month in which a customer met something new, the history before it, as sums."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix, hstack, vstack

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.models.neighbours.similarity import values_at
from finrec_spark.transforms.splits import numbered_month

OPENS, CLOSES = 1, -1
"""What an event does to ownership; 0: nothing."""

_LISTS = ("number", "seconds", "product_index", "deal")
_SUMS_DDL = "first int, second int, total double, support double"
_SHARE_UNITS, _FADING_UNITS = (
    2.0**12,
    2.0**8,
)  # sums of such fractions are exact up to two millions, so the same in any order


@dataclass(frozen=True)
class Transitions:
    """Those who met something new in one month, R of them.

    Attributes:
        number: of the month (``months.month_number``).
        met: what each had ever met before the month, R × P.
        held: what each held when it began, R × P.
        new: what each met in it of all that was not held, R × P.
    """

    number: int
    met: Bools
    held: Bools
    new: Bools


@dataclass(frozen=True)
class TransitionSums:
    """Sums over all transitions, each weighted by how new it is.

    Attributes:
        histories: X'X over ``history_values``, 2P × 2P.
        following: X'Y, Y being what was new, 2P × P.
        support: transitions from a product that had been met to one that was new, not weighted, P × P.
    """

    histories: Floats
    following: Floats
    support: Floats


def customer_events(
    interactions: DataFrame, positions: DataFrame, opening: Sequence[str], closing: Sequence[str]
) -> DataFrame:
    """One row: a customer's events as lists beside each other, in no order.

    Args:
        interactions: silver interactions, of those customers and that past which are to be read.
        positions: ``product_id``, ``product_index``; events with other products are left out.
        opening: event types that start ownership.
        closing: event types that end it.

    Returns:
        ``number`` (of the month: ``months.month_number``), ``seconds`` (the event's time), ``product_index``, ``deal``
        (``OPENS``, ``CLOSES`` or 0), each an array<bigint>.
    """
    placed = interactions.join(F.broadcast(positions), "product_id")
    columns = {
        "number": numbered_month("event_time"),
        "seconds": F.unix_timestamp("event_time"),
        "product_index": F.col("product_index"),
        "deal": _deal(opening, closing),
    }
    events = F.struct(*[column.cast("bigint").alias(name) for name, column in columns.items()])
    rows = placed.groupBy("customer_id").agg(F.collect_list(events).alias("events"))
    return rows.select(*[F.col("events")[name].alias(name) for name in _LISTS])


def collect_transition_sums(events: DataFrame, n_products: int, newest: int, half_life_months: float) -> TransitionSums:
    """The sums, in one pass over the customers: at most 5 products².

    Args:
        events: result of ``customer_events``.
        n_products: P.
        newest: number of the month whose transitions count whole.
        half_life_months: after which a transition counts half.
    """
    sums = events.mapInArrow(_partial_sums(n_products, newest, half_life_months), _SUMS_DDL)
    totals = sums.groupBy("first", "second").agg(F.sum("total").alias("total"), F.sum("support").alias("support"))
    rows: pd.DataFrame = totals.toPandas()
    place = rows["first"].to_numpy(), rows["second"].to_numpy()
    total, support = np.zeros((2 * n_products, 3 * n_products)), np.zeros((2 * n_products, 3 * n_products))
    total[place], support[place] = rows["total"], rows["support"]
    histories, following = np.split(total, [2 * n_products], axis=1)
    both_ways = histories + np.triu(histories, 1).T
    return TransitionSums(both_ways, following, support[:n_products, 2 * n_products :])


def transitions(
    customer: Ints, number: Ints, product: Ints, deal: Ints, shape: tuple[int, int]
) -> Iterator[Transitions]:
    """Month after month those who met something new in it; nobody without a history.

    Args:
        customer: row of each of E events, from 0.
        number: its month.
        product: its product's position.
        deal: ``OPENS``, ``CLOSES`` or 0; in a month the last in the order of the events decides.
        shape: customers, products.

    >>> rows = transitions(*np.array([[0, 0, 0], [5, 6, 6], [1, 0, 1], [1, 0, 0]]), shape=(1, 2))
    >>> [(each.number, *(part.tolist() for part in (each.met, each.held, each.new))) for each in rows]
    [(6, [[False, True]], [[False, True]], [[True, False]])]
    """
    met, held = np.zeros(shape, bool), np.zeros(shape, bool)
    order = np.argsort(number, kind="stable")
    months, starts = np.unique(number[order], return_index=True)
    for month, part in zip(months.tolist(), np.split(order, starts[1:]), strict=True):
        rows, products = customer[part], product[part]
        active, place = np.unique(rows, return_inverse=True)
        new = np.zeros((len(active), shape[1]), bool)
        met_now = deal[part] != CLOSES
        new[place[met_now], products[met_now]] = True
        new &= ~held[active]
        counts = new.any(axis=1) & met[active].any(axis=1)
        if counts.any():
            yield Transitions(month, met[active[counts]], held[active[counts]], new[counts])
        met[rows, products] = True
        says = deal[part] != 0
        held[rows[says], products[says]] = deal[part][says] == OPENS


def history_values(met: csr_matrix, held: csr_matrix) -> csr_matrix:
    """Histories as they are summed and scored, B × 2P: 1 ÷ √m at each of m products that were met, 1 at those held.

    >>> history_values(csr_matrix([[1.0, 1.0, 0.0]]), csr_matrix([[1.0, 0.0, 0.0]])).toarray().round(2).tolist()
    [[0.71, 0.71, 0.0, 1.0, 0.0, 0.0]]
    """
    counts = np.diff(met.indptr)
    share = np.round(_SHARE_UNITS / np.sqrt(np.maximum(counts, 1))) / _SHARE_UNITS
    shares = csr_matrix((np.repeat(share, counts), met.indices, met.indptr), shape=met.shape)
    return hstack([shares, held], format="csr")


def _deal(opening: Sequence[str], closing: Sequence[str]) -> Column:
    opens, closes = (F.col("event_type").isin(list(types)) for types in (opening, closing))
    return F.when(opens, OPENS).when(closes, CLOSES).otherwise(0)


def _partial_sums(
    n_products: int, newest: int, half_life_months: float
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def sums_of(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total, support = csr_matrix((2 * n_products, 3 * n_products)), csr_matrix((n_products, n_products))
        for batch in batches:
            found = list(transitions(*_in_time(batch), shape=(batch.num_rows, n_products)))
            if found:
                met, held, new = (_stacked([getattr(each, name) for each in found]) for name in ("met", "held", "new"))
                ages = np.repeat([newest - each.number for each in found], [len(each.met) for each in found])
                fading = np.round(_FADING_UNITS * 0.5 ** (ages / half_life_months)) / _FADING_UNITS
                values = history_values(met, held)
                total = total + values.multiply(fading[:, None]).T.tocsr() @ hstack([values, new], format="csr")
                support = support + met.T.tocsr() @ new
        if total.nnz:
            yield _rows(total, support)

    return sums_of


def _stacked(parts: Sequence[Bools]) -> csr_matrix:
    return vstack([csr_matrix(part, dtype=np.float64) for part in parts], format="csr")


def _in_time(batch: pa.RecordBatch) -> tuple[Ints, Ints, Ints, Ints]:
    """Customer, month, product and deal of the batch's events in time; in one second what closes comes first."""
    sizes = np.diff(batch.column("number").offsets.to_numpy())
    number, seconds, product, deal = (batch.column(name).flatten().to_numpy() for name in _LISTS)
    order = np.lexsort((deal, seconds))
    customer = np.repeat(np.arange(batch.num_rows), sizes)
    return customer[order], number[order], product[order], deal[order]


def _rows(total: csr_matrix, support: csr_matrix) -> pa.RecordBatch:
    """The sums, those of two histories' products once: first ≤ second."""
    sums, n_products = total.tocoo(), support.shape[0]
    support.sort_indices()  # lookups then search instead of reading the whole row
    told = sums.row <= sums.col
    first, second = sums.row[told], sums.col[told]
    behind = np.zeros(len(first))
    counted = (first < n_products) & (second >= 2 * n_products)
    behind[counted] = values_at(support, first[counted], second[counted] - 2 * n_products)
    columns = (first.astype(np.int32), second.astype(np.int32), sums.data[told], behind)
    names = ["first", "second", "total", "support"]
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=names)
