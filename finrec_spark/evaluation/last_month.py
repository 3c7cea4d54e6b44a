"""The month before, held out: what the models would have recommended, against what customers took.

One half of the customers, told by a hash of their IDs, chooses the ensemble's weights; the other
half measures every model, the ensemble and a seeded shuffle, so the ensemble is not measured on the
customers that chose it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.evaluation.metrics import ndcg_of_lists
from finrec_spark.models.scorer import CustomerBatch, Floats, Ints
from finrec_spark.models.sparse import csr_from_lists
from finrec_spark.params import Params
from finrec_spark.ranking.batches import customer_batches
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble
from finrec_spark.ranking.top_n import top_n

PROTOCOL = "last_month"
ENSEMBLE = "ensemble"
RANDOM = "random"

_TRIALS_DDL = "trial int, ndcg double, customers long"
_LISTS_DDL = "model string, customer_id string, rank int, product_index int"


class LastMonthParams(Params):
    """How the last month is held out."""

    k: int = Field(10, ge=1, description="Length of the lists that are measured")
    weight_steps: int = Field(5, ge=1, le=20, description="Weights that are tried are multiples of 1/steps")
    seed: int = Field(17, description="Seed of the shuffle that stands for no model at all")


@dataclass(frozen=True)
class Trial:
    """What a held-out pass sends to the executors."""

    ensemble: Ensemble
    catalogue: Catalogue
    params: LastMonthParams


def weight_grid(models: Sequence[str], steps: int) -> list[dict[str, float]]:
    """Every way to share out 1 among the models in multiples of 1/steps.

    >>> weight_grid(["als", "popularity"], 2)
    [{'als': 0.0, 'popularity': 1.0}, {'als': 0.5, 'popularity': 0.5}, {'als': 1.0, 'popularity': 0.0}]
    """
    bars = combinations(range(steps + len(models) - 1), len(models) - 1)
    cuts = (np.diff([-1, *bar, steps + len(models) - 1]) - 1 for bar in bars)
    return [dict(zip(models, (cut / steps).tolist(), strict=True)) for cut in cuts]


def held_out_rows(rows: DataFrame, taken: DataFrame) -> DataFrame:
    """Scoring rows of the customers who took something in the held-out month, with what they took.

    Args:
        rows: result of ``ranking.scoring.scoring_rows`` as of the month's first day.
        taken: ``customer_id``, ``product_index``: first taken in the month.

    Returns:
        the rows with ``taken`` (array<int>, ascending) and ``measures`` (boolean: the customer is of the
        half that measures; the other half chooses the weights).
    """
    lists = taken.groupBy("customer_id").agg(F.array_sort(F.collect_set("product_index")).alias("taken"))
    half = F.pmod(F.xxhash64(F.lit("half"), "customer_id"), F.lit(2)) == 1
    return rows.join(lists, "customer_id").withColumn("measures", half)


def tried_weights(rows: DataFrame, trial: Trial) -> DataFrame:
    """One row: the place of one weight vector in ``weight_grid`` and its mean nDCG@k.

    Args:
        rows: held-out rows of the half that chooses.

    Returns:
        ``trial`` (int), ``ndcg`` (double, rounded to 9 digits), ``customers`` (long).
    """
    state = rows.sparkSession.sparkContext.broadcast(trial)

    def try_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _, batch, taken in _held_out_batches(batches, state.value):
            yield _trials_batch(batch, taken, state.value)

    sums = rows.mapInArrow(try_batches, _TRIALS_DDL).groupBy("trial")
    mean = F.round(F.sum("ndcg") / F.sum("customers"), 9)
    return sums.agg(mean.alias("ndcg"), F.sum("customers").alias("customers"))


def chosen_weights(trials: DataFrame, grid: Sequence[Mapping[str, float]]) -> dict[str, float] | None:
    """The weights with the best nDCG, ties by place in the grid; None where no customer could be tried."""
    best = trials.where(F.col("customers") > 0).orderBy(F.desc("ndcg"), "trial").head()
    return None if best is None else dict(grid[best["trial"]])


def held_out_lists(rows: DataFrame, trial: Trial) -> DataFrame:
    """One row: one place in the list that one model would have made for one held-out customer.

    Returns:
        ``model`` (every scorer, ``ensemble`` and ``random``), ``customer_id``, ``rank``, ``product_index``.
    """
    state = rows.sparkSession.sparkContext.broadcast(trial)

    def list_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for ids, batch, _ in _held_out_batches(batches, state.value):
            for model, products in model_lists(batch, state.value).items():
                yield _list_rows(model, ids, products)

    return rows.mapInArrow(list_batches, _LISTS_DDL)


def model_lists(batch: CustomerBatch, trial: Trial) -> dict[str, Ints]:
    """Every model's list of eligible products, B × k."""
    eligible = trial.catalogue.rules.excluded(batch) == 0
    parts = trial.ensemble.parts(batch, eligible)
    scores = {**parts, ENSEMBLE: trial.ensemble.blend(parts), RANDOM: _shuffle(batch, trial.params.seed)}
    return {name: top_n(s, eligible, trial.params.k, trial.catalogue.id_rank) for name, s in scores.items()}


def _held_out_batches(
    batches: Iterable[pa.RecordBatch], trial: Trial
) -> Iterator[tuple[pa.Array, CustomerBatch, csr_matrix]]:
    n_products = len(trial.catalogue.names)
    for record_batch in batches:
        start = 0
        for ids, batch in customer_batches(record_batch, n_products):
            positions = record_batch.column("taken").slice(start, batch.size)
            start += batch.size
            taken = csr_from_lists(positions, positions, n_products)
            taken.data[:] = 1.0
            yield ids, batch, taken


def _trials_batch(batch: CustomerBatch, taken: csr_matrix, trial: Trial) -> pa.RecordBatch:
    eligible = trial.catalogue.rules.excluded(batch) == 0
    parts = trial.ensemble.parts(batch, eligible)
    grid = weight_grid(list(trial.ensemble.scorers), trial.params.weight_steps)
    sums = [_ndcg_sum(replace(trial.ensemble, weights=w), parts, eligible, taken, trial) for w in grid]
    arrays = [range(len(grid)), sums, [batch.size] * len(grid)]
    types = (pa.int32(), pa.float64(), pa.int64())
    columns = [pa.array(values, type_) for values, type_ in zip(arrays, types, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=["trial", "ndcg", "customers"])


def _ndcg_sum(
    ensemble: Ensemble, parts: Mapping[str, Floats], eligible: NDArray[np.bool_], taken: csr_matrix, trial: Trial
) -> float:
    lists = top_n(ensemble.blend(parts), eligible, trial.params.k, trial.catalogue.id_rank)
    return float(ndcg_of_lists(lists, taken).sum())


def _shuffle(batch: CustomerBatch, seed: int) -> Floats:
    """Scores that know nothing: a hash of seed, customer and product, in [0, 1)."""
    multipliers = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9], dtype=np.uint64)
    products = np.arange(1, batch.n_products + 1, dtype=np.uint64) * multipliers[0]
    with np.errstate(over="ignore"):
        mixed = (batch.key[:, None] ^ products[None, :] ^ np.uint64(seed)) * multipliers[1]
        mixed = (mixed ^ (mixed >> np.uint64(31))) * multipliers[0]
    scores: Floats = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return scores


def _list_rows(model: str, ids: pa.Array, products: Ints) -> pa.RecordBatch:
    kept = np.flatnonzero(products >= 0)
    customer, place = np.divmod(kept, products.shape[1])
    columns = [
        pa.array([model] * len(kept), pa.string()),
        ids.take(pa.array(customer)),
        pa.array(place + 1, pa.int32()),
        pa.array(products.reshape(-1)[kept], pa.int32()),
    ]
    return pa.RecordBatch.from_arrays(columns, names=["model", "customer_id", "rank", "product_index"])
