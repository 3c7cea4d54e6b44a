"""Candidate pairs of an earlier month with what came of them: what the trees are fitted to and calibrated on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.calibration import Curve, calibrated
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.sparse import csr_from_lists
from finrec_spark.models.trees.voting import Vote
from finrec_spark.ranking.batches import customer_batches
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble, best_by_mean
from finrec_spark.ranking.pairs import PairFeatures
from finrec_spark.sampling import pair_draws

_FEATURES_DDL = "key long, features array<double>, label double, weight double"
_SCORES_DDL = "score double, label double, weight double"


@dataclass(frozen=True)
class PairSample:
    """One month's models, and which of its pairs are looked at.

    Attributes:
        ensemble: the models as they were before the month.
        features: what trees read.
        catalogue: the products before the month.
        candidates: products a customer.
        share: share of the pairs that were not taken which is kept; each stands for 1 / share of them.
        seed: of that choice and of the rows' keys; another one for each month.
    """

    ensemble: Ensemble
    features: PairFeatures
    catalogue: Catalogue
    candidates: int
    share: float
    seed: int


@dataclass(frozen=True)
class _Pairs:
    """R chosen pairs."""

    key: NDArray[np.int64]
    features: Floats
    label: Floats
    weight: Floats


def pair_rows(rows: DataFrame, sample: PairSample) -> DataFrame:
    """One row: a customer and a candidate that could have been recommended, with what came of it.

    Args:
        rows: result of ``ranking.scoring.scoring_rows`` as of the month, with ``taken`` (array<int>, ascending):
            positions of the products that the customer took in the month.

    Returns:
        ``key`` (a hash of month, customer and product), ``features`` (array<double> in the order of
        ``sample.features.names``), ``label`` (1.0 where it was taken) and ``weight``.
    """
    names = ("key", "features", "label", "weight")

    def record_batch(pairs: _Pairs) -> pa.RecordBatch:
        width = pairs.features.shape[1]
        offsets = np.arange(len(pairs.key) + 1, dtype=np.int32) * width
        features = pa.ListArray.from_arrays(pa.array(offsets), pa.array(pairs.features.ravel()))
        columns = [pa.array(pairs.key), features, pa.array(pairs.label), pa.array(pairs.weight)]
        return pa.RecordBatch.from_arrays(columns, names=names)

    return rows.mapInArrow(_mapper(rows, sample, record_batch), _FEATURES_DDL)


def scored_pairs(rows: DataFrame, sample: PairSample, vote: Vote, curve: Curve | None = None) -> DataFrame:
    """One row: as ``pair_rows``, with the trees' ``score``, calibrated by ``curve``, in place of the features."""

    def record_batch(pairs: _Pairs) -> pa.RecordBatch:
        own = vote.probabilities(pairs.features)
        score = own if curve is None else calibrated(curve, own)
        columns = [pa.array(np.round(score, 12)), pa.array(pairs.label), pa.array(pairs.weight)]
        return pa.RecordBatch.from_arrays(columns, names=("score", "label", "weight"))

    return rows.mapInArrow(_mapper(rows, sample, record_batch), _SCORES_DDL)


def _mapper(
    rows: DataFrame, sample: PairSample, record_batch_of: Callable[[_Pairs], pa.RecordBatch]
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    state = rows.sparkSession.sparkContext.broadcast(sample)

    def map_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for record_batch in batches:
            for piece, batch in customer_batches(record_batch, len(state.value.catalogue.names)):
                yield record_batch_of(chosen_pairs(batch, taken_matrix(piece, batch), state.value))

    return map_batches


def taken_matrix(rows: pa.RecordBatch, batch: CustomerBatch) -> csr_matrix:
    """What the customers took, B × P, 1 where taken; from the rows' ``taken``."""
    taken = csr_from_lists(rows.column("taken"), rows.column("taken"), batch.n_products)
    taken.data[:] = 1.0
    return taken


def chosen_pairs(batch: CustomerBatch, taken: csr_matrix, sample: PairSample) -> _Pairs:
    """Every candidate that was taken, and a seeded share of the others; trees' features are made of these alone."""
    eligible = sample.catalogue.rules.excluded(batch) == 0
    scores = sample.ensemble.scores(batch, eligible)
    among = best_by_mean(scores, eligible, sample.candidates, sample.catalogue.id_rank)
    positions = np.maximum(among, 0)
    label = taken.toarray()[np.arange(batch.size)[:, None], positions] > 0
    draws = pair_draws(batch.key, sample.catalogue.keys[positions], sample.seed)
    kept = (among >= 0) & (label | (draws < sample.share))
    customers = np.nonzero(kept)[0]
    return _Pairs(
        key=_keys(draws[kept]),
        features=sample.features.matrix(batch, scores.own, scores.shares, customers, among[kept]),
        label=label[kept].astype(np.float64),
        weight=np.where(label[kept], 1.0, 1.0 / sample.share),
    )


def _keys(draws: Floats) -> Ints:
    return (draws * 2.0**53).astype(np.int64)
