"""Passes over rows of (date, customer): what trees learn from, every model's lists, and what a check compares."""

from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from finrec_spark.arrays import Floats, Ints
from finrec_spark.evaluation.backtest.ensemble import HorizonTrees, refined_scores
from finrec_spark.evaluation.backtest.params import BacktestParams, LearningParams
from finrec_spark.evaluation.backtest.pasts import Pasts
from finrec_spark.evaluation.backtest.pieces import BacktestState, Piece, piece_mapper
from finrec_spark.evaluation.backtest.training_rows import NEVER, ROWS_DDL
from finrec_spark.evaluation.held_out import list_rows
from finrec_spark.models import gru
from finrec_spark.models.gru import GruScorer
from finrec_spark.ranking.top_n import top_n
from finrec_spark.sampling import pair_draws

FUSION, TREES, ENSEMBLE = "fusion", "boosted_trees", "ensemble"
SIGNALS = (
    *("popularity", "popularity_60_days", "popularity_fading", "newcomers_60_days", "buys_180_days", "kind_180_days"),
    *("cosine", "pearson_item", "walk", "ease", "bought_next"),
)
"""The plain signals that get a list."""

MODELS = (*SIGNALS, FUSION, TREES, ENSEMBLE)

_LISTS_DDL = "model string, customer_id string, rank int, product_index int"
_DIGESTS_DDL = "day int, customer_id string, digest string"
_TASKS_A_CORE = 4  # of the pass over many dates, each of which is whole in one of them


def training_pairs(rows: DataFrame, state: BacktestState) -> DataFrame:
    """One row: a candidate of one customer at an earlier date, in the columns of ``training_rows.ROWS_DDL``.

    Args:
        rows: result of ``histories.buyers_at``.
        state: the sums of all customers.
    """
    to_batch = partial(_training_batch, params=state.params.learning)
    by_date = rows.repartition(_TASKS_A_CORE * _cores(rows), "day").sortWithinPartitions("day", "customer_id")
    return by_date.mapInArrow(piece_mapper(rows, state, to_batch), ROWS_DDL)


def backtest_lists(rows: DataFrame, state: BacktestState, trees: tuple[HorizonTrees, ...]) -> DataFrame:
    """One row: one place in the list that one of ``MODELS`` makes for one customer.

    Args:
        rows: ``day``, ``customer_id``, ``events``, of one date.
        state: the sums of all customers.
        trees: the date's trees; none while there is too little to learn from.

    Returns:
        ``model``, ``customer_id``, ``rank`` (from 1), ``product_index``.
    """
    to_batch = partial(_list_batch, trees=trees, params=state.params)
    spread = rows.repartition(_cores(rows), "customer_id")
    return spread.mapInArrow(piece_mapper(rows, state, to_batch), _LISTS_DDL)


def network_lists(rows: DataFrame, state: BacktestState, network: GruScorer) -> DataFrame:
    """One row: one place in the list that the recurrent network makes for one customer, as in ``backtest_lists``.

    Args:
        rows: ``day``, ``customer_id``, ``events``, ``state`` (array<float>), of one date.
        state: the sums of all customers.
        network: its scores of all products, by position.
    """
    to_batch = partial(_network_batch, network=network, k=state.params.k)
    spread = rows.repartition(_cores(rows), "customer_id")
    return spread.mapInArrow(piece_mapper(rows, state, to_batch), _LISTS_DDL)


def signal_digests(rows: DataFrame, state: BacktestState) -> DataFrame:
    """One row: a digest of all that one customer's lists and trees are made from at one date.

    Args:
        rows: ``day``, ``customer_id``, ``events``.
        state: the sums of all customers.

    Returns:
        ``day``, ``customer_id``, ``digest`` (32 hex digits).
    """
    spread = rows.repartition(_cores(rows), "customer_id").sortWithinPartitions("day", "customer_id")
    return spread.mapInArrow(piece_mapper(rows, state, _digest_batch), _DIGESTS_DDL)


def _cores(rows: DataFrame) -> int:
    return rows.sparkSession.sparkContext.defaultParallelism


def model_scores(piece: Piece, trees: tuple[HorizonTrees, ...], params: BacktestParams) -> dict[str, Floats]:
    """The scores of ``MODELS``, B × P each, in [0, 2)."""
    refined = refined_scores(piece.pairs, piece.scores, trees, len(params.learning.horizons_days))
    plain = {name: piece.scores.shares[name] for name in SIGNALS}
    return {**plain, FUSION: piece.scores.fusion, TREES: refined.trees, ENSEMBLE: refined.ensemble}


def _training_batch(piece: Piece, params: LearningParams) -> pa.RecordBatch:
    customer, product = piece.pairs.customer, piece.pairs.product
    taken_after = _days_to_buys(piece.everything, piece.model.day)[customer, product]
    key = piece.rows["draw"].to_numpy().view(np.uint64)[customer]
    drawn = pair_draws(key, product[:, None], params.seed).ravel() < params.negatives_share
    kept = np.flatnonzero(drawn | (taken_after <= max(params.horizons_days)))
    of_rows = piece.rows.select(["day", "draw", "wait"]).take(pa.array(customer[kept]))
    columns = [
        of_rows["day"],
        of_rows["draw"],
        pa.array(product[kept].astype(np.int32)),
        of_rows["wait"],
        pa.array(taken_after[kept].astype(np.int32)),
        pa.array(drawn[kept]),
        pa.array([row.tobytes() for row in piece.pairs.features[kept]], pa.binary()),
    ]
    names = ["day", "draw", "product_index", "wait", "taken_after", "drawn", "features"]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _days_to_buys(everything: Pasts, day: int) -> Ints:
    """Days from the date until each customer's first buy of each product was known, B × P; ``NEVER`` where none is."""
    later = everything.where(everything.first & (everything.known_day > day))
    days = np.full((everything.size, everything.n_products), NEVER, dtype=np.int64)
    days[later.customer, later.product] = later.known_day - day
    return days


def _list_batch(piece: Piece, trees: tuple[HorizonTrees, ...], params: BacktestParams) -> pa.RecordBatch:
    return _best(piece, model_scores(piece, trees, params), params.k)


def _network_batch(piece: Piece, network: GruScorer, k: int) -> pa.RecordBatch:
    states = np.stack(piece.rows["state"].to_numpy(zero_copy_only=False))
    return _best(piece, {gru.NAME: network.shares(states)}, k)


def _best(piece: Piece, scores: Mapping[str, Floats], k: int) -> pa.RecordBatch:
    """Each model's best products that the customers have not bought, in the columns of the lists."""
    id_rank = np.arange(piece.model.catalogue.n_products)
    lists = {name: top_n(values, piece.scores.eligible & (values > 0), k, id_rank) for name, values in scores.items()}
    parts = [list_rows(name, piece.rows["customer_id"], products) for name, products in lists.items()]
    return pa.Table.from_batches(parts).combine_chunks().to_batches()[0]


def _digest_batch(piece: Piece) -> pa.RecordBatch:
    shares = np.stack([piece.scores.shares[name] for name in SIGNALS], axis=1)
    pairs = np.column_stack([piece.pairs.product.astype(np.float32), piece.pairs.features])
    bounds = np.searchsorted(piece.pairs.customer, np.arange(len(shares) + 1))
    digests = [
        blake2b(of_customer.tobytes() + pairs[start:stop].tobytes(), digest_size=16).hexdigest()
        for of_customer, (start, stop) in zip(shares, pairwise(bounds), strict=True)
    ]
    columns = [piece.rows["day"], piece.rows["customer_id"], pa.array(digests, pa.string())]
    return pa.RecordBatch.from_arrays(columns, names=["day", "customer_id", "digest"])
