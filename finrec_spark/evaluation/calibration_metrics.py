"""How good promised probabilities are: their errors, and the curve of what came of them."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS, FIGURE_COLUMNS, Z_95, figure
from finrec_spark.evaluation.held_out import ENSEMBLE

BASE_RATE = "base_rate"
"""Promises everyone the share that was taken before."""

PREDICTED, OBSERVED = "reliability_predicted", "reliability_observed"


def calibration_metrics(scored: DataFrame, base_rate: float) -> DataFrame:
    """How good promised probabilities are, over all pairs: the ensemble's, and those of the base rate alone.

    ===================== ======================================================================================
    calibration_error     Σ |Σ w (p − taken)| ÷ Σ w: the inner sum over the pairs whose scores lie in one bin, the
                          outer one over the bins, each of which reaches to √2 times its lower end
    brier                 Σ w (p − taken)² ÷ Σ w over the pairs
    reliability_predicted Σ w p ÷ Σ w over the pairs of one bin, of the ensemble alone
    reliability_observed  Σ w taken ÷ Σ w over the same pairs, with its 95 % Wilson interval
    ===================== ======================================================================================

    p is the score, or the base rate for everyone. Both are held against the same bins, those of the score: so the
    base rate's error says how far the groups that the ensemble tells apart are from the one figure for all. Of the
    reliability curve the bin stands in ``k``: ⌊2 log₂ p⌋, so −1 holds .707 to 1. Pairs weigh as in ``scored``, so the
    interval rests on (Σ w)² ÷ Σ w² pairs (Kish).

    Args:
        scored: ``score`` (a probability), ``label``, ``weight`` (``ranking.pair_rows.scored_pairs``).
        base_rate: share of the pairs that were taken in the month that the probabilities were learned from.

    Returns:
        The columns of ``figure_rows.FIGURE_COLUMNS``, of the models ``ensemble`` and ``base_rate``.

    >>> rows = spark.createDataFrame([(0.25, 1.0, 1.0), (0.25, 0.0, 1.0)], "score double, label double, weight double")
    >>> calibration_metrics(rows, base_rate=0.4).select("model", "metric", "k", "value").show()
    +---------+--------------------+----+------+
    |    model|              metric|   k| value|
    +---------+--------------------+----+------+
    | ensemble|   calibration_error|NULL|  0.25|
    |base_rate|   calibration_error|NULL|   0.1|
    | ensemble|               brier|NULL|0.3125|
    |base_rate|               brier|NULL|  0.26|
    | ensemble|reliability_predi...|  -4|  0.25|
    | ensemble|reliability_observed|  -4|   0.5|
    +---------+--------------------+----+------+
    <BLANKLINE>
    """
    promises = {ENSEMBLE: F.col("score"), BASE_RATE: F.lit(base_rate)}
    off = {model: promise - F.col("label") for model, promise in promises.items()}
    gaps = [F.abs(_weighted(value)).alias(f"calibration_error_{model}") for model, value in off.items()]
    squares = [_weighted(value * value).alias(f"brier_{model}") for model, value in off.items()]
    curve = [_weighted(F.col(name)).alias(name) for name in ("score", "label", "weight")]
    bins = scored.groupBy(_score_bin()).agg(*gaps, *squares, *curve, F.sum("weight").alias("total"))
    errors = [_error(model, metric) for metric in ("calibration_error", "brier") for model in promises]
    in_order = F.array_sort(F.collect_list(F.struct("bin", "score", "label", "weight", "total")))
    points = F.flatten(F.transform(in_order, lambda of: F.array(_predicted(of), _observed(of))))
    rows = bins.agg(F.concat(F.array(*errors), points).alias("figures")).select(F.inline("figures"))
    segment = F.lit(ALL_CUSTOMERS).alias("segment")
    return rows.where("value is not null").withColumn("segment", segment).select(*FIGURE_COLUMNS)


def _weighted(value: Column) -> Column:
    return F.sum(value * F.col("weight"))


def _score_bin() -> Column:
    return F.floor(2 * F.log2(F.greatest("score", F.lit(1e-9)))).cast("int").alias("bin")


def _error(model: str, metric: str) -> Column:
    return _of(model, figure(metric, None, F.sum(f"{metric}_{model}") / F.sum("total")))


def _predicted(of: Column) -> Column:
    return _of(ENSEMBLE, figure(PREDICTED, of["bin"], of["score"] / of["total"]))


def _observed(of: Column) -> Column:
    share, pairs = of["label"] / of["total"], of["total"] * of["total"] / of["weight"]
    return _of(ENSEMBLE, figure(OBSERVED, of["bin"], share, *wilson(share, pairs)))


def _of(model: str, found: Column) -> Column:
    return found.withField("model", F.lit(model))


def wilson(share: Column, n: Column) -> tuple[Column, Column]:
    """Both ends of the 95 % Wilson interval of a share of n."""
    middle = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half_width = Z_95 * F.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n)) / (1 + Z_95**2 / n)
    return F.greatest(middle - half_width, F.lit(0.0)), F.least(middle + half_width, F.lit(1.0))
