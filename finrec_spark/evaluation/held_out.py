"""The month before, held out: what the models would have recommended, against what customers took."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS, Z_95
from finrec_spark.evaluation.metrics import paired_differences
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.trees.voting import Vote
from finrec_spark.params import Params
from finrec_spark.ranking.batches import customer_batches
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble, Scores, best_by_vote
from finrec_spark.ranking.top_n import top_n
from finrec_spark.sampling import in_share, pair_draws, seed_of

PROTOCOL = "last_month"
ENSEMBLE = "ensemble"
RANDOM = "random"
RANK_FUSION = "rank_fusion"
TRUTH = "true_propensity"

_LISTS_DDL = "model string, customer_id string, rank int, product_index int"
_RANK_CONSTANT = 60.0
_DECIMALS = 12  # a mean summed in another order is the same figure


class LastMonthParams(Params):
    """How the last month is held out."""

    k: int = Field(10, ge=1, description="Length of the lists that are measured")
    other_k: tuple[int, ...] = Field((3, 5), description="Shorter lengths that are measured too, for everyone alone")
    capacities: tuple[int, ...] = Field(
        (1, 2, 5, 10, 20, 50), description="Shares of customers, in per cent, whose contact is measured"
    )
    customers: int = Field(
        200_000, ge=1, description="Customers who are measured, about; of a larger bank so many are drawn"
    )
    seed: int = Field(17, description="Seed of the shuffle that stands for no model at all, and of who is measured")

    @field_validator("capacities")
    @classmethod
    def _in_per_cent(cls, capacities: tuple[int, ...]) -> tuple[int, ...]:
        if not all(0 < capacity <= 100 for capacity in capacities):
            raise ValueError("every capacity is a share in per cent, from 1 to 100")
        return tuple(sorted(set(capacities)))

    @property
    def shorter(self) -> tuple[int, ...]:
        """The other lengths below ``k``, ascending."""
        return tuple(sorted({length for length in self.other_k if 0 < length < self.k}))


@dataclass(frozen=True)
class EvaluationPlan:
    """What a held-out pass sends to the executors.

    Attributes:
        beside: other trees over the ensemble's features by name, each of which gets a list too.
        truth: place of each of the P products in the rows' ``truth``, the true propensities; None where they
            carry none.
    """

    ensemble: Ensemble
    catalogue: Catalogue
    params: LastMonthParams
    beside: Mapping[str, Vote] = field(default_factory=dict)
    truth: Ints | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that gets a list."""
        beside = () if self.ensemble.forest is None else tuple(self.beside)
        truth = () if self.truth is None else (TRUTH,)
        return (*self.ensemble.scorers, *beside, RANK_FUSION, ENSEMBLE, RANDOM, *truth)


def measured_customers(rows: DataFrame, n_customers: int, params: LastMonthParams) -> DataFrame:
    """The rows of those who are measured: all, or of a large bank about ``params.customers``, drawn by their IDs alone.

    Intervals tell what so many customers leave open; a million narrow them little, and take five times as long.

    Args:
        rows: ``customer_id`` and any others.
        n_customers: of the bank.
    """
    share = params.customers / max(n_customers, 1)
    drawn = in_share(share, seed_of(params.seed), F.lit(PROTOCOL), "customer_id")
    return rows if share >= 1 else rows.where(drawn)


def held_out_lists(rows: DataFrame, plan: EvaluationPlan) -> DataFrame:
    """One row: one place in the list that one model would have made for one held-out customer.

    Args:
        rows: scoring rows as of the month's first day.

    Returns:
        ``model`` (each of ``plan.models``), ``customer_id``, ``rank``, ``product_index``.
    """
    state = rows.sparkSession.sparkContext.broadcast(plan)

    def list_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for record_batch in batches:
            for piece, batch in customer_batches(record_batch, len(state.value.catalogue.names)):
                lists = model_lists(batch, state.value)
                if state.value.truth is not None:
                    lists[TRUTH] = _true_list(batch, piece.column("truth"), state.value.truth, state.value)
                for model, products in lists.items():
                    yield list_rows(model, piece.column("customer_id"), products)

    return rows.mapInArrow(list_batches, _LISTS_DDL)


def model_lists(batch: CustomerBatch, plan: EvaluationPlan) -> dict[str, Ints]:
    """Every model's list of eligible products, B × k, but the truth's."""
    eligible = plan.catalogue.rules.excluded(batch) == 0
    scores = plan.ensemble.scores(batch, eligible)
    k, id_rank = plan.params.k, plan.catalogue.id_rank
    drawn = pair_draws(batch.key, plan.catalogue.keys, plan.params.seed)
    by_product = {**scores.shares, RANK_FUSION: rank_fusion(scores, id_rank), RANDOM: drawn}
    lists = {name: top_n(values, eligible, k, id_rank) for name, values in by_product.items()}
    among = plan.ensemble.candidates(batch, scores, eligible, k, id_rank)
    if among is not None:
        lists |= {name: best_by_vote(vote, among, k, id_rank) for name, vote in plan.beside.items()}
    lists[ENSEMBLE] = plan.ensemble.ranked_among(scores, among, eligible, k, id_rank).products
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


def differences_from(per_customer: DataFrame, model: str, metric: str, segments: DataFrame | None = None) -> DataFrame:
    """One row: how much better ``model`` is than one other model in one segment, as a metric of the other one.

    Returns:
        ``model`` (the other), ``metric`` (such as ``ndcg_gain_of_ensemble``), ``segment``, ``value`` (above 0: the
        named model is better), ``low``, ``high``: the 95 % interval of the paired difference.
    """
    others = paired_differences(per_customer, model, metric, segments)
    ends = (("value", "value"), ("low", "high"), ("high", "low"))
    turned = [(-F.col(end)).alias(name) for name, end in ends]
    metric_name = F.lit(f"{metric}_gain_of_{model}").alias("metric")
    return others.select("model", metric_name, "segment", *turned)


def collect_outcomes(pairs: DataFrame) -> tuple[int, float]:
    """How many of the pairs were taken, and their weighted share; (0, 0.0) where there is no pair.

    Args:
        pairs: ``label`` (0.0 or 1.0), ``weight``.
    """
    share = F.sum(F.col("label") * F.col("weight")) / F.sum("weight")
    row = pairs.agg(F.count_if(F.col("label") == 1).alias("taken"), share.alias("share")).collect()[0]
    return row["taken"], row["share"] or 0.0


def share_of_truth(per_customer: DataFrame) -> DataFrame:
    """One row: the ensemble's mean nDCG as a share of that of the true propensities; none where nobody knows them.

    The 95 % interval is that of a ratio of two means over the same customers: with e and t the nDCG of one customer's
    two lists and R = ē ÷ t̄, it is R ± 1.96 · s(e − R t) ÷ (t̄ √customers).

    Args:
        per_customer: as ``evaluation.metrics.per_customer_metrics`` returns it.

    Returns:
        ``model`` (``ensemble``), ``metric`` (``ndcg_share_of_truth``), ``segment``, ``value``, ``low``, ``high`` (null
        where one customer alone was measured).
    """
    own, true = (
        per_customer.where(F.col("model") == model).select("customer_id", F.col("ndcg").alias(name))
        for model, name in ((ENSEMBLE, "own"), (TRUTH, "true"))
    )
    ratio = F.avg("own") / F.avg("true")
    variance = F.var_samp("own") - 2 * ratio * F.covar_samp("own", "true") + ratio * ratio * F.var_samp("true")
    half_width = Z_95 * F.sqrt(F.greatest(variance, F.lit(0.0)) / F.count("own")) / F.avg("true")
    ends = {"value": ratio, "low": ratio - half_width, "high": ratio + half_width}
    names = (("model", ENSEMBLE), ("metric", "ndcg_share_of_truth"), ("segment", ALL_CUSTOMERS))
    share = own.join(true, "customer_id").agg(*[F.round(end, _DECIMALS).alias(name) for name, end in ends.items()])
    return share.where("value is not null").select(*[F.lit(value).alias(name) for name, value in names], *ends)


def best_scores(rows: DataFrame, plan: EvaluationPlan) -> DataFrame:
    """One row: one customer with the ensemble's score of the best product: ``customer_id``, ``score`` (0: no product).

    Args:
        rows: scoring rows as of the month's first day.
    """
    state = rows.sparkSession.sparkContext.broadcast(plan)

    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        catalogue, ensemble = state.value.catalogue, state.value.ensemble
        for record_batch in batches:
            for piece, batch in customer_batches(record_batch, len(catalogue.names)):
                ranked = ensemble.ranked(batch, catalogue.rules.excluded(batch) == 0, 1, catalogue.id_rank)
                best = np.where(ranked.products[:, 0] >= 0, ranked.score[:, 0], 0.0)
                columns = [piece.column("customer_id"), pa.array(best)]
                yield pa.RecordBatch.from_arrays(columns, names=["customer_id", "score"])

    return rows.mapInArrow(score_batches, "customer_id string, score double")


def _true_list(batch: CustomerBatch, truth: pa.ListArray, place: Ints, plan: EvaluationPlan) -> Ints:
    """The list of the true propensities; nothing but evaluation reads them."""
    eligible = plan.catalogue.rules.excluded(batch) == 0
    values = truth.flatten().to_numpy(zero_copy_only=False).reshape(batch.size, -1).astype(np.float64)
    return top_n(values[:, place], eligible, plan.params.k, plan.catalogue.id_rank)


def list_rows(model: str, ids: pa.Array, products: Ints) -> pa.RecordBatch:
    """One model's lists as rows of ``model``, ``customer_id``, ``rank`` (from 1) and ``product_index``.

    Args:
        model: the model's name.
        ids: the customers, B.
        products: positions, B × k, best first; -1 where a list has no more.
    """
    kept = np.flatnonzero(products >= 0)
    customer, place = np.divmod(kept, products.shape[1])
    columns = [
        pa.array([model] * len(kept), pa.string()),
        ids.take(pa.array(customer)),
        pa.array(place + 1, pa.int32()),
        pa.array(products.reshape(-1)[kept], pa.int32()),
    ]
    return pa.RecordBatch.from_arrays(columns, names=["model", "customer_id", "rank", "product_index"])
