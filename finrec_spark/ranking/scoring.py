"""The scoring pass: one look at each customer, in Arrow batches, in which everything is decided.

Every model scores the batch, exclusions are applied, and only the candidates come out; nothing of
the size customers × products leaves a batch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.ranking.batches import customer_batches
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble, Ranked, worth_offering
from finrec_spark.ranking.exclusions import RULES, rule_counts
from finrec_spark.ranking.reasons import REASONS_TYPE, Wording, heaviest, reasons_array

SCORED_DDL = (
    "customer_id string, rank int, offer_rank int, product_index int, score double, listed boolean, "
    "reasons array<struct<code:string,weight:double,text:string>>, rule string, customers long"
)
SCORED = "scored"
NOTHING_ELIGIBLE = "nothing_eligible"
COUNTS = (SCORED, NOTHING_ELIGIBLE)
"""Stand in ``rule`` where a row counts customers: all who were looked at, and those whom the rules kept from every
product."""

_SCORED_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("rank", pa.int32()),
        ("offer_rank", pa.int32()),
        ("product_index", pa.int32()),
        ("score", pa.float64()),
        ("listed", pa.bool_()),
        ("reasons", REASONS_TYPE),
        ("rule", pa.string()),
        ("customers", pa.int64()),
    ]
)


@dataclass(frozen=True)
class OfferPlan:
    """What campaigns choose from.

    Attributes:
        amounts: money that each product is expected to be taken with, P.
        n: offers a customer, beside the list's.
    """

    amounts: Floats
    n: int


@dataclass(frozen=True)
class ScoringPlan:
    """Everything that the pass sends to the executors.

    Attributes:
        ensemble: the fitted models and their weights.
        catalogue: the products.
        n: products to recommend to each customer.
        n_reasons: reasons a product.
        wording: what the reasons are worded with.
        pairs: whether each excluded pair is reported, and not only their counts.
        offers: None where there are no campaigns.
    """

    ensemble: Ensemble
    catalogue: Catalogue
    n: int
    n_reasons: int
    wording: Wording
    pairs: bool = False
    offers: OfferPlan | None = None


def scoring_rows(rows: DataFrame, evidence: DataFrame | None, states: DataFrame | None = None) -> DataFrame:
    """One row: a customer as the pass reads it.

    Args:
        rows: ``gold.scoring_rows`` of the month, each ``profile`` as long as the features are many
            (``profiles.vector.padded_profile``), or empty everywhere where no profiles are read.
        evidence: ``model.customer_neighbours`` of the month; None where ``pearson_user`` is not used.
        states: ``customer_id`` and ``state``, arrays of one length, at most one row a customer; None where ``gru`` is
            not used.

    Returns:
        The rows' columns without ``month``, ``state`` and ``evidence_index``, ``evidence_score``,
        ``evidence_holders``, ascending by product.
    """
    joined = rows
    if evidence is not None:
        joined = joined.join(
            evidence.select("customer_id", F.array_sort("evidence").alias("evidence")), "customer_id", "left"
        )
    if states is not None:
        joined = joined.join(states.select("customer_id", F.col("state").cast("array<double>")), "customer_id", "left")
    own = [name for name in rows.columns if name != "month"]
    return joined.select(*own, _state(joined, states).alias("state"), *_evidence(joined))


def _state(rows: DataFrame, states: DataFrame | None) -> Column:
    """The customer's state, all NaN where there is none; empty where the bank has no states."""
    width = None if states is None else states.select(F.size("state").alias("width")).head()
    missing = F.array_repeat(F.lit(float("nan")), width["width"] if width else 0)
    return F.coalesce("state", missing) if "state" in rows.columns else missing


def _evidence(rows: DataFrame) -> list[Column]:
    """The evidence's lists; empty ones for a customer without any."""
    fields = (("product_index", "int"), ("score", "double"), ("holders", "int"))
    names = ("evidence_index", "evidence_score", "evidence_holders")
    there = "evidence" in rows.columns
    lists = [
        (F.col("evidence")[name] if there else F.lit(None).cast(f"array<{type_}>"), type_) for name, type_ in fields
    ]
    filled = [F.coalesce(values, F.array().cast(f"array<{type_}>")) for values, type_ in lists]
    return [column.alias(name) for column, name in zip(filled, names, strict=True)]


def score_customers(rows: DataFrame, plan: ScoringPlan) -> DataFrame:
    """Recommendations, offers, exclusions and counts, told apart by ``rank``, ``offer_rank`` and ``rule``.

    A recommendation has ``customer_id``, ``rank`` from 1, ``product_index``, ``score`` and ``reasons``; every customer
    has exactly n of them wherever n products are eligible. An offer has ``offer_rank`` from 1 and ``listed`` in place
    of ``rank`` and reasons. An exclusion has ``product_index``, ``rule`` and ``customers``, the customers in one batch
    (to be summed), or ``customer_id`` where pairs are asked for. Rows of the rules in ``COUNTS`` say how many
    ``customers`` one batch had, and for how many of them nothing was eligible.
    """
    state = rows.sparkSession.sparkContext.broadcast(plan)
    return rows.mapInArrow(_mapper(lambda: state.value), SCORED_DDL)


def _mapper(load: Callable[[], ScoringPlan]) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        plan = load()
        for record_batch in batches:
            for piece, batch in customer_batches(record_batch, len(plan.catalogue.names)):
                yield from score_batch(piece.column("customer_id"), batch, plan)

    return score_batches


def score_batch(ids: pa.Array, batch: CustomerBatch, plan: ScoringPlan) -> Iterator[pa.RecordBatch]:
    """Recommendations, offers where the plan has any, exclusions and the counts of one batch."""
    excluded = plan.catalogue.rules.excluded(batch)
    ranked = plan.ensemble.ranked(batch, excluded == 0, plan.n, plan.catalogue.id_rank)
    yield _recommended(ids, batch, plan, ranked)
    if plan.offers is not None:
        yield _offered(ids, ranked, plan.offers, plan.catalogue.id_rank)
    yield _excluded_pairs(ids, excluded) if plan.pairs else _excluded_counts(excluded)
    yield _rows(rule=pa.array(COUNTS), customers=pa.array([batch.size, int((excluded > 0).all(axis=1).sum())]))


def _recommended(ids: pa.Array, batch: CustomerBatch, plan: ScoringPlan, ranked: Ranked) -> pa.RecordBatch:
    kept = np.flatnonzero(ranked.products >= 0)
    customer, place = np.divmod(kept, ranked.products.shape[1])
    explanations = plan.ensemble.explanations(batch, ranked)
    reasons = heaviest(ranked.parts, explanations, ranked.total, ranked.products, plan.n_reasons)
    return _rows(
        customer_id=ids.take(pa.array(customer)),
        rank=pa.array(place + 1, pa.int32()),
        product_index=pa.array(ranked.products[customer, place], pa.int32()),
        score=pa.array(np.round(ranked.score[customer, place], 9)),
        reasons=reasons_array(reasons, ranked.products, kept, plan.wording),
    )


def _offered(ids: pa.Array, ranked: Ranked, plan: OfferPlan, id_rank: Ints) -> pa.RecordBatch:
    offered = worth_offering(ranked, plan.amounts, plan.n, id_rank)
    there = offered.products >= 0
    customer, place = np.nonzero(there)
    rank = np.cumsum(there, axis=1)[customer, place]
    return _rows(
        customer_id=ids.take(pa.array(customer)),
        offer_rank=pa.array(rank, pa.int32()),
        product_index=pa.array(offered.products[customer, place], pa.int32()),
        score=pa.array(np.round(offered.score[customer, place], 9)),
        listed=pa.array(offered.listed[customer, place]),
    )


def _excluded_counts(excluded: NDArray[np.uint8]) -> pa.RecordBatch:
    rule, product, customers = rule_counts(excluded)
    return _rows(
        product_index=pa.array(product, pa.int32()),
        rule=pa.array(RULES).take(pa.array(rule)),
        customers=pa.array(customers, pa.int64()),
    )


def _excluded_pairs(ids: pa.Array, excluded: NDArray[np.uint8]) -> pa.RecordBatch:
    customer, product = np.nonzero(excluded)
    return _rows(
        customer_id=ids.take(pa.array(customer)),
        product_index=pa.array(product, pa.int32()),
        rule=pa.array(RULES).take(pa.array(excluded[customer, product].astype(np.int64) - 1)),
        customers=pa.array(np.ones(len(customer), dtype=np.int64)),
    )


def _rows(**columns: pa.Array) -> pa.RecordBatch:
    """A record batch of the pass's schema; columns that are not given are null."""
    size = len(next(iter(columns.values())))
    arrays = [columns.get(f.name, pa.nulls(size, f.type)).cast(f.type) for f in _SCORED_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=_SCORED_SCHEMA)
