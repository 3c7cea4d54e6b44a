"""What would be reached if only so many customers could be contacted, those with the highest scores first.

With c the contacted share of the customers, the highest scores first, and y a customer's purchases (or their value):

================== ======================================================================
captured_purchases purchases of the contacted customers ÷ all purchases
captured_value     the same of their value in yuan
contact_lift       captured_purchases ÷ c: how many times as many as by chance
================== ======================================================================

Of customers with equal scores at the edge, chance decides: each counts with the share of them that still fits. So the
figures depend on no order of rows.

Example: scores .9, .5, .5, .1 with purchases 2, 1, 0, 1. Of 4 customers 50 % are 2: the first, and one of the next two,
each with probability 1/2: captured_purchases = (2 + 1/2) ÷ 4 = .625, contact_lift = .625 ÷ .5 = 1.25.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS, FIGURE_COLUMNS, Z_95, figure

PURCHASES, VALUE, LIFT = "captured_purchases", "captured_value", "contact_lift"
_OF = {PURCHASES: "purchases", VALUE: "value"}
_SCORE_DECIMALS = 6  # as many groups as a million, whatever the number of customers


def reach_metrics(scored: DataFrame, capacities: Sequence[int], model: str) -> DataFrame:
    """One row: one figure at one capacity, which stands in ``k`` in per cent.

    The 95 % interval is that of a ratio of sums over customers: with R the captured share and z whether a customer is
    contacted, R ± 1.96 √Σ y² (z − R)² ÷ Σ y.

    Args:
        scored: ``score``, ``purchases``, ``value`` (yuan), one row a customer; scores count to the sixth decimal.
        capacities: shares of the customers who can be contacted, in per cent.
        model: whose scores they are.

    Returns:
        The columns of ``figure_rows.FIGURE_COLUMNS``; no row of what nobody bought or paid.

    >>> rows = spark.createDataFrame([(0.9, 2, 20.0), (0.5, 1, 20.0), (0.5, 0, 0.0), (0.1, 1, 0.0)],
    ...                              "score double, purchases int, value double")
    >>> reach_metrics(rows, [50], "ensemble").select("metric", "k", "value").show()
    +------------------+---+-----+
    |            metric|  k|value|
    +------------------+---+-----+
    |captured_purchases| 50|0.625|
    |    captured_value| 50| 0.75|
    |      contact_lift| 50| 1.25|
    +------------------+---+-----+
    <BLANKLINE>
    """
    captured = [_sums(name, capacity, of) for name, of in _OF.items() for capacity in capacities]
    totals = [F.sum(column).alias(f"all_{column}") for of in _OF.values() for column in (of, f"{of}_squared")]
    sums = _by_score(scored).agg(*captured, *totals)
    figures = [_figure(metric, capacity) for metric in (*_OF, LIFT) for capacity in capacities]
    tall = sums.select(F.inline(F.array(*figures))).where("value is not null")
    constants = {"model": F.lit(model), "segment": F.lit(ALL_CUSTOMERS)}
    return tall.withColumns(constants).select(*FIGURE_COLUMNS)


def _by_score(scored: DataFrame) -> DataFrame:
    """One row: the customers of one score, how many come before them, and how many there are in all."""
    sums = [
        F.sum(value).alias(name)
        for of in _OF.values()
        for name, value in ((of, F.col(of)), (f"{of}_squared", F.col(of) * F.col(of)))
    ]
    groups = scored.groupBy(F.round("score", _SCORE_DECIMALS).alias("score")).agg(F.count("*").alias("n"), *sums)
    together = Window.partitionBy(F.lit(0))  # of all groups, which are few
    earlier = together.orderBy(F.desc("score")).rowsBetween(Window.unboundedPreceding, -1)
    before, everyone = F.coalesce(F.sum("n").over(earlier), F.lit(0)), F.sum("n").over(together)
    return groups.withColumn("before", before).withColumn("everyone", everyone)


def _sums(metric: str, capacity: int, of: str) -> Column:
    """What is captured at one capacity, and the same of the squares."""
    room = capacity / 100 * F.col("everyone") - F.col("before")
    contacted = F.least(F.greatest(room / F.col("n"), F.lit(0.0)), F.lit(1.0))
    part, squares = (F.sum(contacted * F.col(name)) for name in (of, f"{of}_squared"))
    return F.struct(part.alias("part"), squares.alias("squares")).alias(f"{metric}_{capacity}")


def _figure(metric: str, capacity: int) -> Column:
    """Value and interval; a lift is the captured purchases' ones by the capacity."""
    captured, scale = (PURCHASES, 100 / capacity) if metric == LIFT else (metric, 1.0)
    of, found = _OF[captured], F.col(f"{captured}_{capacity}")
    share = F.when(F.col(f"all_{of}") > 0, found["part"] / F.col(f"all_{of}"))
    off = (1 - 2 * share) * found["squares"] + share * share * F.col(f"all_{of}_squared")
    half_width = Z_95 * F.sqrt(F.greatest(off, F.lit(0.0))) / F.col(f"all_{of}")
    ends = (share - half_width, share + half_width)
    return figure(metric, capacity, share * scale, *(end * scale for end in ends))
