"""The month before, held out: what the models would have recommended, against what customers took."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.evaluation.metrics import paired_differences
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.trees.kernel import Trees, leaves, probabilities
from finrec_spark.params import Params
from finrec_spark.ranking.batches import customer_batches
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble, Scores, candidates, on_products
from finrec_spark.ranking.top_n import top_n
from finrec_spark.sampling import pair_draws

PROTOCOL = "last_month"
ENSEMBLE = "ensemble"
RANDOM = "random"
RANK_FUSION = "rank_fusion"
DECISION_TREE = "decision_tree"
TRUTH = "true_propensity"

_LISTS_DDL = "model string, customer_id string, rank int, product_index int"
_RANK_CONSTANT = 60.0


class LastMonthParams(Params):
    """How the last month is held out."""

    k: int = Field(10, ge=1, description="Length of the lists that are measured")
    seed: int = Field(17, description="Seed of the shuffle that stands for no model at all")


@dataclass(frozen=True)
class Trial:
    """What a held-out pass sends to the executors.

    Attributes:
        tree: the single decision tree beside the ensemble's forest; None where there is none.
        truth: place of each of the P products in the rows' ``truth``, the true propensities; None where they
            carry none.
    """

    ensemble: Ensemble
    catalogue: Catalogue
    params: LastMonthParams
    tree: Trees | None = None
    truth: Ints | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that gets a list."""
        tree = () if self.tree is None else (DECISION_TREE,)
        truth = () if self.truth is None else (TRUTH,)
        return (*self.ensemble.scorers, *tree, RANK_FUSION, ENSEMBLE, RANDOM, *truth)


def held_out_lists(rows: DataFrame, trial: Trial) -> DataFrame:
    """One row: one place in the list that one model would have made for one held-out customer.

    Args:
        rows: scoring rows as of the month's first day.

    Returns:
        ``model`` (each of ``trial.models``), ``customer_id``, ``rank``, ``product_index``.
    """
    state = rows.sparkSession.sparkContext.broadcast(trial)

    def list_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for record_batch in batches:
            for piece, batch in customer_batches(record_batch, len(state.value.catalogue.names)):
                lists = model_lists(batch, state.value)
                if state.value.truth is not None:
                    lists[TRUTH] = _true_list(batch, piece.column("truth"), state.value.truth, state.value)
                for model, products in lists.items():
                    yield _list_rows(model, piece.column("customer_id"), products)

    return rows.mapInArrow(list_batches, _LISTS_DDL)


def model_lists(batch: CustomerBatch, trial: Trial) -> dict[str, Ints]:
    """Every model's list of eligible products, B × k, but the truth's."""
    eligible = trial.catalogue.rules.excluded(batch) == 0
    scores = trial.ensemble.scores(batch, eligible)
    k, id_rank = trial.params.k, trial.catalogue.id_rank
    drawn = pair_draws(batch.key, np.arange(batch.n_products), trial.params.seed)
    by_product = {**scores.shares, RANK_FUSION: rank_fusion(scores, id_rank), RANDOM: drawn}
    lists = {name: top_n(values, eligible, k, id_rank) for name, values in by_product.items()}
    if trial.tree is not None and trial.ensemble.forest is not None:
        lists[DECISION_TREE] = _tree_list(batch, scores, eligible, trial.tree, trial)
    lists[ENSEMBLE] = trial.ensemble.ranked(batch, eligible, k, id_rank).products
    return lists


def rank_fusion(scores: Scores, id_rank: Ints) -> Floats:
    """Reciprocal rank fusion, in [0, 1]: mean of 61 / (60 + rank) over the models, 0 where a model does not score.

    Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009).
    """
    total = np.zeros(scores.mean.shape)
    for shares in scores.shares.values():
        order = np.lexsort((np.broadcast_to(id_rank, shares.shape), -np.round(shares, 9)), axis=1)
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(1, shares.shape[1] + 1)[None, :], axis=1)
        total += np.where(shares > 0, (_RANK_CONSTANT + 1) / (_RANK_CONSTANT + rank), 0.0)
    return total / len(scores.shares)


def differences_from(per_customer: DataFrame, model: str, metric: str) -> DataFrame:
    """One row: how much better ``model`` is than one other model, as a metric of the other one.

    Returns:
        ``model`` (the other), ``metric`` (such as ``ndcg_gain_of_ensemble``), ``segment``, ``value`` (above 0: the
        named model is better), ``low``, ``high``: the 95 % interval of the paired difference.
    """
    others = paired_differences(per_customer, model, metric)
    ends = (("value", "value"), ("low", "high"), ("high", "low"))
    turned = [(-F.col(end)).alias(name) for name, end in ends]
    metric_name = F.lit(f"{metric}_gain_of_{model}").alias("metric")
    return others.select("model", metric_name, F.lit("all").alias("segment"), *turned)


def calibration_error(scored: DataFrame) -> DataFrame:
    """One row: how far the promised probabilities are from what came, over all pairs, as the ensemble's metric.

    Σ w |mean score − share taken| ÷ Σ w over bins of the scores, each reaching to √2 times its lower end.

    Args:
        scored: ``score`` (a probability), ``label``, ``weight`` (``ranking.pair_rows.scored_pairs``).

    Returns:
        ``model``, ``metric``, ``segment``, ``value``, ``low``, ``high`` (null: no interval).

    >>> rows = spark.createDataFrame([(0.25, 1.0, 1.0), (0.25, 0.0, 1.0)], "score double, label double, weight double")
    >>> calibration_error(rows).select("metric", "value").show()
    +-----------------+-----+
    |           metric|value|
    +-----------------+-----+
    |calibration_error| 0.25|
    +-----------------+-----+
    <BLANKLINE>
    """
    bin_ = F.floor(2 * F.log2(F.greatest("score", F.lit(1e-9)))).alias("bin")
    gap = F.abs(F.sum((F.col("score") - F.col("label")) * F.col("weight"))).alias("gap")
    bins = scored.groupBy(bin_).agg(gap, F.sum("weight").alias("weight"))
    error = F.round(F.sum("gap") / F.sum("weight"), 12)
    return bins.agg(error.alias("value")).transform(lambda df: _of_ensemble(df, "calibration_error"))


def share_of_truth(metrics: DataFrame) -> DataFrame:
    """One row: the ensemble's nDCG as a share of that of the true propensities; none where nobody knows them.

    Args:
        metrics: ``model``, ``metric``, ``segment``, ``value`` and further columns.
    """
    means = metrics.where("metric = 'ndcg' and segment = 'all'")

    def mean_of(model: str) -> Column:
        return F.max(F.when(F.col("model") == model, F.col("value")))

    share = means.agg((mean_of(ENSEMBLE) / mean_of(TRUTH)).alias("value")).where("value is not null")
    return _of_ensemble(share, "ndcg_share_of_truth")


def _of_ensemble(values: DataFrame, metric: str) -> DataFrame:
    """The value as a metric of the ensemble, without an interval."""
    names = (("model", ENSEMBLE), ("metric", metric), ("segment", "all"))
    nothing = [F.lit(None).cast("double").alias(end) for end in ("low", "high")]
    return values.select(*[F.lit(value).alias(name) for name, value in names], "value", *nothing)


def _tree_list(batch: CustomerBatch, scores: Scores, eligible: NDArray[np.bool_], tree: Trees, trial: Trial) -> Ints:
    forest = trial.ensemble.forest
    if forest is None:
        return top_n(scores.mean, eligible, trial.params.k, trial.catalogue.id_rank)
    looked_at = candidates(scores, eligible, max(forest.candidates, trial.params.k), trial.catalogue.id_rank)
    features = forest.features.matrix(batch, scores.own, scores.shares, looked_at)
    own = probabilities(tree, leaves(tree, features)).reshape(looked_at.shape)
    by_product = on_products(own, looked_at, batch.n_products)
    return top_n(by_product, by_product >= 0, trial.params.k, trial.catalogue.id_rank)


def _true_list(batch: CustomerBatch, truth: pa.ListArray, place: Ints, trial: Trial) -> Ints:
    """The list of the true propensities; nothing but evaluation reads them."""
    eligible = trial.catalogue.rules.excluded(batch) == 0
    values = truth.flatten().to_numpy(zero_copy_only=False).reshape(batch.size, -1).astype(np.float64)
    return top_n(values[:, place], eligible, trial.params.k, trial.catalogue.id_rank)


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
