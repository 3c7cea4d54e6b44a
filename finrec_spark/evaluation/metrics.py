"""Recommended lists and what customers took afterwards → how good the lists were.

Relevance is binary: a product was taken in the test time or it was not. With r the ranks, from 1, of
the products in a customer's list of k that were taken (the hits), and T the number that were taken:

======== ====================================================================
ndcg      Σ 1/log₂(r+1) over the hits ÷ the same sum over ranks 1 … min(k, T)
recall    hits ÷ T
precision hits ÷ k
hit_rate  1 where there is a hit, else 0
map       Σ (hits up to rank r ÷ r) over the hits ÷ min(k, T)
coverage  distinct products in all the lists ÷ products that could be recommended
======== ====================================================================

All but coverage are means over the customers who took something (T ≥ 1); one of them without a list counts 0.

Example: k = 3, the list is card, loan, fund, and loan and bond were taken. One hit at rank 2, T = 2:
ndcg = (1/log₂3) ÷ (1 + 1/log₂3) = .3869, recall = 1/2, precision = 1/3, hit_rate = 1, map = (1/2) ÷ 2 = 1/4.
"""

from collections.abc import Sequence

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints

CUSTOMER_METRICS = ("ndcg", "recall", "precision", "hit_rate", "map")
ALL_CUSTOMERS = "all"

_Z_95 = 1.96  # half-width of a 95 % interval in standard errors
_DECIMALS = 12  # a mean summed in another order is the same figure


def ranking_metrics(
    lists: DataFrame,
    truth: DataFrame,
    k: int,
    n_products: int,
    models: Sequence[str],
    segments: DataFrame | None = None,
) -> DataFrame:
    """One row: one metric of one model in one segment, with the 95 % interval of its mean.

    Args:
        lists: ``model``, ``customer_id``, ``rank`` (from 1), ``product_id``; a product at most once a list.
        truth: ``customer_id``, ``product_id``: what was taken in the test time.
        k: only the first k ranks are read.
        n_products: how many products could be recommended.
        models: names of the models to measure, so that one without any list is seen to score 0.
        segments: ``customer_id``, ``segment``, one row a customer; who has none counts in ``all`` only.

    Returns:
        ``model``, ``metric``, ``k``, ``segment``, ``value``, ``low``, ``high``; the interval is
        mean ± 1.96 · s / √customers, null for coverage and where one customer alone was measured.
    """
    per_customer = per_customer_metrics(lists, truth, k, models)
    means = _in_segments(per_customer, segments).groupBy("model", "segment").agg(*map(_mean_of, CUSTOMER_METRICS))
    tall = means.unpivot(["model", "segment"], list(CUSTOMER_METRICS), "metric", "mean").select(
        "model", "metric", "segment", "mean.*"
    )
    everything = tall.unionByName(_coverage(lists, k, n_products, models, segments))
    return everything.withColumn("k", F.lit(k)).select("model", "metric", "k", "segment", "value", "low", "high")


def per_customer_metrics(lists: DataFrame, truth: DataFrame, k: int, models: Sequence[str]) -> DataFrame:
    """One row: how good one model's list was for one customer who took something.

    The order is that of ``rank``, whatever the order of the rows. Each input is shuffled once, by customer.

    Args:
        lists: ``model``, ``customer_id``, ``rank``, ``product_id``, as for ``ranking_metrics``.
        truth: ``customer_id``, ``product_id``; a pair that is given twice counts once.
        k: length of the lists.
        models: names of the models; each gets a row for every customer of ``truth``.

    Returns:
        ``model``, ``customer_id`` and a double for each of ``CUSTOMER_METRICS``.

    >>> lists = spark.createDataFrame(
    ...     [("als", "ann", 3, "fund"), ("als", "ann", 1, "card"), ("als", "ann", 2, "loan")],
    ...     "model string, customer_id string, rank int, product_id string")
    >>> truth = spark.createDataFrame(
    ...     [("ann", "loan"), ("ann", "bond"), ("bob", "card")], "customer_id string, product_id string")
    >>> measured = per_customer_metrics(lists, truth, k=3, models=["als"])
    >>> measured.select("customer_id", F.round("ndcg", 4).alias("ndcg"), "recall").orderBy("customer_id").show()
    +-----------+------+------+
    |customer_id|  ndcg|recall|
    +-----------+------+------+
    |        ann|0.3869|   0.5|
    |        bob|   0.0|   0.0|
    +-----------+------+------+
    <BLANKLINE>
    """
    listed = lists.where(F.col("rank") <= k).groupBy("customer_id").agg(_listed())
    return (
        truth.groupBy("customer_id")
        .agg(F.collect_set("product_id").alias("taken"))
        .join(listed, "customer_id", how="left")
        .withColumn("model", F.explode(F.array(*map(F.lit, models))))
        .withColumn("hits", _hits())
        .withColumn("possible", F.least(F.lit(k), F.size("taken")))
        .select("model", "customer_id", *_customer_metrics(k))
    )


def paired_differences(per_customer: DataFrame, baseline: str, metric: str) -> DataFrame:
    """One row: how much better than ``baseline`` one model is, over the same customers.

    The interval is of the mean of the customers' differences, so what makes a customer easy or
    hard for both models does not widen it; where it covers 0 the two are not distinguishable.

    Args:
        per_customer: as ``per_customer_metrics`` returns it.
        baseline: the model that the others are compared with.
        metric: one of ``CUSTOMER_METRICS``.

    Returns:
        ``model``, ``baseline``, ``metric``, ``value`` (above 0: better than the baseline), ``low``, ``high``.
    """
    is_baseline = F.col("model") == baseline
    reference = per_customer.where(is_baseline).select("customer_id", F.col(metric).alias("reference"))
    return (
        per_customer.where(~is_baseline)
        .join(reference, "customer_id", how="inner")
        .groupBy("model")
        .agg(_mean_with_interval(F.col(metric) - F.col("reference")).alias("mean"))
        .select("model", F.lit(baseline).alias("baseline"), F.lit(metric).alias("metric"), "mean.*")
    )


def ndcg_of_lists(top: Ints, relevant: csr_matrix) -> Floats:
    """nDCG@k of B lists of k product positions, as ``per_customer_metrics`` defines it.

    Args:
        top: B × k positions, best first; -1 where the list has no more products.
        relevant: B × P, above 0 where the customer took the product.

    Returns:
        B values; NaN where a customer took nothing, whom the mean leaves out (``np.nanmean``).

    >>> ndcg_of_lists(np.array([[0, 1, 2]]), csr_matrix([[0, 1, 0, 1]])).round(4)
    array([0.3869])
    """
    discounts = 1 / np.log2(np.arange(2, top.shape[1] + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    possible = np.minimum(_taken_count(relevant), top.shape[1])
    return _ratio(_hits_in_lists(top, relevant) @ discounts, ideal[possible])


def recall_of_lists(top: Ints, relevant: csr_matrix) -> Floats:
    """Recall@k of B lists: which share of what the customer took is listed; see ``ndcg_of_lists``.

    >>> recall_of_lists(np.array([[0, 1, -1]]), csr_matrix([[0, 1, 0, 1]]))
    array([0.5])
    """
    return _ratio(_hits_in_lists(top, relevant).sum(axis=1), _taken_count(relevant))


def _listed() -> Column:
    """A customer's lists of all models, by rank, so that sums over them run in one order."""
    return F.sort_array(F.collect_list(F.struct("rank", "product_id", F.col("model").alias("of")))).alias("listed")


def _hits() -> Column:
    """Ranks, ascending, of the products in the model's list that were taken."""
    hits = F.filter("listed", lambda x: (x["of"] == F.col("model")) & F.array_contains("taken", x["product_id"]))
    return F.coalesce(F.transform(hits, lambda x: x["rank"]), F.array().cast("array<int>"))


def _customer_metrics(k: int) -> tuple[Column, ...]:
    """``CUSTOMER_METRICS`` of ``hits``, ``taken`` and ``possible`` = min(k, taken)."""
    precision_at_hits = F.transform("hits", lambda rank, i: (i + 1) / rank)
    return (
        (_dcg(F.col("hits")) / _dcg(F.sequence(F.lit(1), "possible"))).alias("ndcg"),
        (F.size("hits") / F.size("taken")).alias("recall"),
        (F.size("hits") / k).alias("precision"),
        (F.size("hits") > 0).cast("double").alias("hit_rate"),
        (_total(precision_at_hits) / F.col("possible")).alias("map"),
    )


def _dcg(ranks: Column) -> Column:
    return _total(F.transform(ranks, lambda rank: 1 / F.log2(rank + 1)))


def _total(values: Column) -> Column:
    return F.aggregate(values, F.lit(0.0), lambda total, value: total + value)


def _mean_of(metric: str) -> Column:
    return _mean_with_interval(F.col(metric)).alias(metric)


def _mean_with_interval(value: Column) -> Column:
    """Mean ± 1.96 · s / √n as a struct of value, low and high; no interval where n is 1."""
    mean = F.avg(value)
    half_width = _Z_95 * F.stddev_samp(value) / F.sqrt(F.count(value))
    return F.struct(
        F.round(mean, _DECIMALS).alias("value"),
        F.round(mean - half_width, _DECIMALS).alias("low"),
        F.round(mean + half_width, _DECIMALS).alias("high"),
    )


def _in_segments(rows: DataFrame, segments: DataFrame | None) -> DataFrame:
    """Each row once for everyone, and once more for its customer's segment."""
    if segments is None:
        return rows.withColumn("segment", F.lit(ALL_CUSTOMERS))
    own = segments.select("customer_id", F.col("segment").alias("own"))
    both = F.array_distinct(F.array_compact(F.array(F.lit(ALL_CUSTOMERS), "own")))  # whoever has none is of all, once
    return rows.join(own, "customer_id", how="left").withColumn("segment", F.explode(both)).drop("own")


def _coverage(
    lists: DataFrame, k: int, n_products: int, models: Sequence[str], segments: DataFrame | None
) -> DataFrame:
    """One row: the share of the products that one model recommends to anyone in one segment."""
    read = lists.where((F.col("rank") <= k) & F.col("model").isin(*models))
    no_interval = F.lit(None).cast("double")
    return (
        _in_segments(read, segments)
        .groupBy("model", "segment")
        .agg((F.count_distinct("product_id") / n_products).alias("value"))
        .select(
            "model",
            F.lit("coverage").alias("metric"),
            "segment",
            "value",
            no_interval.alias("low"),
            no_interval.alias("high"),
        )
    )


def _hits_in_lists(top: Ints, relevant: csr_matrix) -> Floats:
    """B × k, 1 where the listed product was taken."""
    lists = np.arange(top.shape[0])[:, None]
    taken = np.asarray(relevant[lists, np.maximum(top, 0)].todense()) > 0
    return (taken & (top >= 0)).astype(np.float64)


def _taken_count(relevant: csr_matrix) -> Ints:
    return np.asarray((relevant > 0).sum(axis=1), dtype=np.int64).ravel()


def _ratio(part: Floats, whole: Floats | Ints) -> Floats:
    """Part ÷ whole; NaN where the whole is 0."""
    undefined = np.full(part.shape, np.nan)
    return np.divide(part, whole, out=undefined, where=whole > 0)
