"""Rows of (date, customer) → pieces that numpy scores: a date's models are made once by each task that has its rows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from finrec_spark.arrays import Ints
from finrec_spark.evaluation.backtest.catalogue import Catalogue
from finrec_spark.evaluation.backtest.pairs import DateModel, Pairs, Scored, candidate_pairs, date_model, scored
from finrec_spark.evaluation.backtest.params import BacktestParams
from finrec_spark.evaluation.backtest.pasts import Pasts, pasts_of
from finrec_spark.evaluation.backtest.sums import Sums

_CELLS = 400_000  # customers × products of one piece: 3 MB a dense matrix, of which there are some fifty

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class BacktestState:
    """What a pass sends to the executors.

    Attributes:
        dates: every date that is scored, ascending.
        sums: of all customers; each date reads its past alone.
        catalogue: the products.
        params: how the backtest is run.
    """

    dates: Ints
    sums: Sums
    catalogue: Catalogue
    params: BacktestParams


@dataclass(frozen=True)
class Piece:
    """B customers at one date.

    Attributes:
        rows: the B rows as they came.
        everything: all that is known of the customers, the date's future too.
        model: the date's models.
        scores: what its plain signals say, of the past alone.
        pairs: the candidates of its trees.
    """

    rows: pa.RecordBatch
    everything: Pasts
    model: DateModel
    scores: Scored
    pairs: Pairs


def piece_mapper(
    rows: DataFrame, state: BacktestState, record_batch_of: Callable[[Piece], pa.RecordBatch]
) -> Callable[[Batches], Batches]:
    """For ``mapInArrow`` over rows of ``day`` and ``events``, best sorted by day.

    Args:
        rows: only its session is asked.
        state: is broadcast.
        record_batch_of: what comes out of a piece.
    """
    sent = rows.sparkSession.sparkContext.broadcast(state)

    def map_batches(batches: Batches) -> Iterator[pa.RecordBatch]:
        models = _Models(sent.value)
        for batch in batches:
            for rows in _slices(batch, max(1, _CELLS // sent.value.catalogue.n_products)):
                yield record_batch_of(_piece(rows, models))

    return map_batches


@dataclass
class _Models:
    """The models of the date that was asked for last."""

    state: BacktestState
    newest: DateModel | None = field(default=None)

    def at(self, day: int) -> DateModel:
        if self.newest is None or self.newest.day != day:
            self.newest = date_model(self.state.sums, day, self.state.catalogue, self.state.params)
        return self.newest


def _piece(rows: pa.RecordBatch, models: _Models) -> Piece:
    model, everything = models.at(rows["day"][0].as_py()), pasts_of(rows["events"], models.state.catalogue.n_products)
    scores = scored(model, everything)
    return Piece(rows, everything, model, scores, candidate_pairs(scores, model, models.state.params))


def _slices(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch]:
    """At most ``most`` rows of one day at a time."""
    bounds = _bounds(batch["day"].to_numpy().astype(np.int64), most)
    for start, stop in pairwise(bounds):
        yield batch.slice(start, stop - start)


def _bounds(day: Ints, most: int) -> list[int]:
    """Where slices start and end.

    >>> _bounds(np.array([1, 1, 1, 2]), 2)
    [0, 2, 3, 4]
    """
    changes = np.r_[0, np.flatnonzero(np.diff(day)) + 1, len(day)]
    pieces = [np.arange(start, stop, most) for start, stop in pairwise(changes.tolist())]
    return [*np.concatenate(pieces).tolist(), len(day)] if len(day) else [0]
