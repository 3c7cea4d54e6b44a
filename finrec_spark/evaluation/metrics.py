"""Recommended lists and what customers took afterwards → how good the lists were.

Relevance is binary: a product was taken in the test time or it was not. With r the ranks, from 1, of
the products in a customer's list of k that were taken (the hits), and T the number that were taken:

======== ====================================================================
ndcg      Σ 1/log₂(r+1) over the hits ÷ the same sum over ranks 1 … min(k, T)
recall    hits ÷ T
precision hits ÷ k
hit_rate  1 where there is a hit, else 0
map       Σ (hits up to rank r ÷ r) over the hits ÷ min(k, T)
mrr       1 ÷ the first hit's rank, 0 where there is no hit
diversity pairs of listed products in different categories ÷ all pairs of the list
======== ====================================================================

All are means over the customers who took something (T ≥ 1); one of them without a list counts 0, but for diversity,
which only lists of two or more have. What lists are made of beside that is measured by ``list_contents``.

Example: k = 3, the list is card, loan, fund, and loan and bond were taken. One hit at rank 2, T = 2:
ndcg = (1/log₂3) ÷ (1 + 1/log₂3) = .3869, recall = 1/2, precision = 1/3, hit_rate = 1, map = (1/2) ÷ 2 = 1/4,
mrr = 1/2. Card and loan are credit and fund is an investment: 2 of the 3 pairs differ, diversity = 2/3.
"""

from collections.abc import Sequence

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS, figure, figures_by_length, mean_with_interval

CUSTOMER_METRICS = ("ndcg", "recall", "precision", "hit_rate", "map", "mrr")
DIVERSITY = "diversity"
COLD, WARM = "cold", "warm"
"""Segments: customers who hold nothing when the held-out month begins, and all others."""


def mean_metrics(
    per_customer: DataFrame, k: int, other_k: Sequence[int] = (), segments: DataFrame | None = None
) -> DataFrame:
    """One row: one metric of one model in one segment, with the 95 % interval of its mean.

    Args:
        per_customer: as ``per_customer_metrics`` returns it for the same lengths.
        k: length of the lists; it leads.
        other_k: shorter ones, measured for everyone alone.
        segments: ``customer_id``, ``segments`` (list), one row a customer; who has none counts in ``all`` only.

    Returns:
        ``model``, ``metric``, ``k``, ``segment``, ``value``, ``low``, ``high``; the interval is
        mean ± 1.96 · s / √customers, null where one customer alone was measured.
    """
    extra = [(DIVERSITY, k)] if DIVERSITY in per_customer.columns else []
    wanted = [*((metric, length) for length in (k, *other_k) for metric in CUSTOMER_METRICS), *extra]
    figures = [
        figure(metric, length, *mean_with_interval(F.col(_column(metric, length, k)))) for metric, length in wanted
    ]
    by_segment = in_segments(per_customer, segments).groupBy("model", "segment")
    return figures_by_length(by_segment.agg(F.array(*figures).alias("figures")), k)


def per_customer_metrics(
    lists: DataFrame, truth: DataFrame, k: int, models: Sequence[str], other_k: Sequence[int] = ()
) -> DataFrame:
    """One row: how good one model's list was for one customer who took something.

    The order is that of ``rank``, whatever the order of the rows. Each input is shuffled once, by customer.

    Args:
        lists: ``model``, ``customer_id``, ``rank`` (from 1), ``product_id``, a product at most once a list; and
            ``category``, where diversity is to be measured.
        truth: ``customer_id``, ``product_id``: what was taken in the test time; a pair that is given twice counts once.
        k: length of the lists.
        models: names of the models; each gets a row for every customer of ``truth``.
        other_k: shorter lengths.

    Returns:
        ``model``, ``customer_id``, a double for each of ``CUSTOMER_METRICS``, and for each other length n one more, as
        ``ndcg_at_n``; ``diversity`` (null for lists of fewer than two).

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
    with_category = "category" in lists.columns
    listed = lists.where(F.col("rank") <= k).groupBy("customer_id").agg(_listed(with_category))
    own = F.filter("listed", lambda x: x["of"] == F.col("model"))
    measured = (
        truth.groupBy("customer_id")
        .agg(F.collect_set("product_id").alias("taken"))
        .join(listed, "customer_id", how="left")
        .withColumn("model", F.explode(F.array(*map(F.lit, models))))
        .withColumn("own", F.coalesce(own, F.array().cast(listed.schema["listed"].dataType)))
        .withColumn("hits", _hits())
    )
    lengths = [column for length in (k, *other_k) for column in _customer_metrics(length, k)]
    return measured.select("model", "customer_id", *lengths, *([_diversity()] if with_category else []))


def paired_differences(
    per_customer: DataFrame, baseline: str, metric: str, segments: DataFrame | None = None
) -> DataFrame:
    """One row: how much better than ``baseline`` one model is in one segment, over the same customers.

    The interval is of the mean of the customers' differences, so what makes a customer easy or
    hard for both models does not widen it; where it covers 0 the two are not distinguishable.

    Args:
        per_customer: as ``per_customer_metrics`` returns it.
        baseline: the model that the others are compared with.
        metric: one of ``CUSTOMER_METRICS``.
        segments: as for ``mean_metrics``.

    Returns:
        ``model``, ``baseline``, ``metric``, ``segment``, ``value`` (above 0: better than the baseline), ``low``,
        ``high``.
    """
    is_baseline = F.col("model") == baseline
    reference = per_customer.where(is_baseline).select("customer_id", F.col(metric).alias("reference"))
    both = per_customer.where(~is_baseline).join(reference, "customer_id", how="inner")
    return (
        in_segments(both.select("model", "customer_id", metric, "reference"), segments)
        .groupBy("model", "segment")
        .agg(figure(metric, None, *mean_with_interval(F.col(metric) - F.col("reference"))).alias("mean"))
        .select("model", F.lit(baseline).alias("baseline"), "segment", "mean.*")
        .select("model", "baseline", "metric", "segment", "value", "low", "high")
    )


def in_segments(rows: DataFrame, segments: DataFrame | None) -> DataFrame:
    """Each row of a customer once for everyone, and once more for each segment of the customer: ``segment``."""
    if segments is None:
        return rows.withColumn("segment", F.lit(ALL_CUSTOMERS))
    own = segments.select("customer_id", F.col("segments").alias("own_segments"))
    everyone = F.array(F.lit(ALL_CUSTOMERS))
    found = F.concat(everyone, F.coalesce("own_segments", everyone))
    every = F.array_distinct(F.array_compact(found))  # whoever has none is of all, once
    joined = rows.join(own, "customer_id", how="left")
    return joined.withColumn("segment", F.explode(every)).drop("own_segments")


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


def _column(metric: str, length: int, k: int) -> str:
    """Where ``per_customer_metrics`` puts a metric of one length."""
    return metric if length == k else f"{metric}_at_{length}"


def _listed(with_category: bool) -> Column:
    """A customer's lists of all models, by rank, so that sums over them run in one order."""
    category = ["category"] if with_category else []
    listed = F.struct("rank", "product_id", F.col("model").alias("of"), *category)
    return F.sort_array(F.collect_list(listed)).alias("listed")


def _hits() -> Column:
    """Ranks, ascending, of the products in the model's list that were taken."""
    return F.transform(F.filter("own", lambda x: F.array_contains("taken", x["product_id"])), lambda x: x["rank"])


def _customer_metrics(length: int, k: int) -> tuple[Column, ...]:
    """``CUSTOMER_METRICS`` of ``hits`` up to a length, and of ``taken``."""
    hits = F.filter("hits", lambda rank: rank <= length)
    possible = F.least(F.lit(length), F.size("taken"))
    precision_at_hits = F.transform(hits, lambda rank, i: (i + 1) / rank)
    found = {
        "ndcg": _dcg(hits) / _dcg(F.sequence(F.lit(1), possible)),
        "recall": F.size(hits) / F.size("taken"),
        "precision": F.size(hits) / length,
        "hit_rate": (F.size(hits) > 0).cast("double"),
        "map": _total(precision_at_hits) / possible,
        "mrr": F.coalesce(1 / F.get(hits, F.lit(0)), F.lit(0.0)),
    }
    return tuple(value.alias(_column(metric, length, k)) for metric, value in found.items())


def _diversity() -> Column:
    """Of n products with n_c in category c: (n² − Σ n_c²) ÷ n (n − 1); null for fewer than two."""
    categories, n = F.transform("own", lambda x: x["category"]), F.size("own")
    same = F.transform(
        F.array_distinct(categories), lambda c: F.size(F.filter(categories, lambda other: other.eqNullSafe(c)))
    )
    squares = F.aggregate(same, F.lit(0), lambda total, count: total + count * count)
    return F.when(n > 1, (n * n - squares) / (n * (n - 1))).alias(DIVERSITY)


def _dcg(ranks: Column) -> Column:
    return _total(F.transform(ranks, lambda rank: 1 / F.log2(rank + 1)))


def _total(values: Column) -> Column:
    return F.aggregate(values, F.lit(0.0), lambda total, value: total + value)


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
