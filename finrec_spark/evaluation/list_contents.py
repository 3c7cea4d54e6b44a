"""What recommended lists are made of: how many products, how widely held, beside what was taken.

========= =====================================================================================================
coverage         distinct products in all the lists of k ÷ products that could be recommended
novelty          mean over all listed products of −log₂ s, with s the share of the customers who hold the product
popularity_bias  mean of s over all listed products ÷ mean of s over all products that were taken
========= =====================================================================================================

A product that nobody holds counts as one that a single customer holds. A popularity bias above 1 says that the lists
hold more popular products than customers go on to take.

Example: of 4 customers 2 hold the card (s = 1/2) and 1 the loan (s = 1/4). One list is card, loan, and loan was taken:
of 4 products 2 are listed, coverage = 1/2; novelty = (1 + 2) ÷ 2 = 1.5; popularity_bias = (3/8) ÷ (1/4) = 1.5.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.evaluation.figure_rows import figure, figures_by_length
from finrec_spark.evaluation.metrics import in_segments

_TAKEN = ""
"""Stands for a model whose lists are what was taken."""


def coverage_metrics(
    lists: DataFrame,
    k: int,
    n_products: int,
    models: Sequence[str],
    other_k: Sequence[int] = (),
    segments: DataFrame | None = None,
) -> DataFrame:
    """One row: the coverage of one model in one segment, without an interval.

    Args:
        lists: ``model``, ``customer_id``, ``rank`` (from 1), ``product_id``.
        k: length of the lists; it leads.
        n_products: how many products could be recommended.
        models: names of the models.
        other_k: shorter lengths, for everyone alone.
        segments: ``customer_id``, ``segments`` (list), one row a customer.

    Returns:
        The columns of ``figure_rows.FIGURE_COLUMNS``.
    """
    counts = _listed_counts(lists.where(F.col("model").isin(*models)), (k, *other_k), segments)
    figures = [_coverage(length, n_products) for length in (k, *other_k)]
    return figures_by_length(counts.groupBy("model", "segment").agg(F.array(*figures).alias("figures")), k)


def content_metrics(
    lists: DataFrame,
    truth: DataFrame,
    k: int,
    n_products: int,
    models: Sequence[str],
    other_k: Sequence[int] = (),
    segments: DataFrame | None = None,
) -> DataFrame:
    """One row: coverage, novelty or popularity bias of one model in one segment; see the module.

    Args:
        lists: as for ``coverage_metrics``, and ``held_by``, the share of customers who hold the product, above 0.
        truth: ``customer_id``, ``product_id``, ``held_by``: what was taken.
        k, n_products, models, other_k, segments: as for ``coverage_metrics``.

    Returns:
        The columns of ``figure_rows.FIGURE_COLUMNS``; no popularity bias where nothing was taken.
    """
    taken = truth.select(F.lit(_TAKEN).alias("model"), "customer_id", F.lit(1).alias("rank"), "product_id", "held_by")
    read = lists.where(F.col("model").isin(*models)).select(*taken.columns)
    counts = _listed_counts(read.unionByName(taken), (k, *other_k), segments)
    listed = F.sum(f"listed_{k}")
    means = counts.groupBy("model", "segment").agg(
        *[_coverage(length, n_products).alias(f"coverage_{length}") for length in (k, *other_k)],
        (F.sum(F.col(f"listed_{k}") * -F.log2("held_by")) / listed).alias("novelty"),
        (F.sum(F.col(f"listed_{k}") * F.col("held_by")) / listed).alias("held_by"),
    )
    of_taken = F.max(F.when(F.col("model") == _TAKEN, F.col("held_by"))).over(Window.partitionBy("segment"))
    bias = figure("popularity_bias", k, F.col("held_by") / F.col("of_taken"))
    figures = [
        *(F.col(f"coverage_{length}") for length in (k, *other_k)),
        figure("novelty", k, F.col("novelty")),
        bias,
    ]
    with_taken = means.withColumn("of_taken", of_taken).where(F.col("model") != _TAKEN)
    return figures_by_length(with_taken.withColumn("figures", F.array(*figures)), k)


def _listed_counts(lists: DataFrame, lengths: Sequence[int], segments: DataFrame | None) -> DataFrame:
    """One row: how often one model lists one product in one segment, by length, as ``listed_10``."""
    counts = [F.count_if(F.col("rank") <= length).alias(f"listed_{length}") for length in lengths]
    held_by = [F.max("held_by").alias("held_by")] if "held_by" in lists.columns else []
    longest = in_segments(lists.where(F.col("rank") <= max(lengths)), segments)
    return longest.groupBy("model", "segment", "product_id").agg(*counts, *held_by)


def _coverage(length: int, n_products: int) -> Column:
    return figure("coverage", length, F.count_if(F.col(f"listed_{length}") > 0) / n_products)
