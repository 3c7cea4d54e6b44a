"""Measured values → rows in the columns of ``mart.metrics``."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

ALL_CUSTOMERS = "all"
FIGURE_COLUMNS = ("model", "metric", "k", "segment", "value", "low", "high")
"""A measured figure, in the columns of ``mart.metrics``."""

Z_95 = 1.96
"""Half-width of a 95 % interval in standard errors."""

_DECIMALS = 12  # a mean summed in another order is the same figure


def figure(
    metric: str, k: Column | int | None, value: Column, low: Column | None = None, high: Column | None = None
) -> Column:
    """One figure as a struct of ``metric``, ``k``, ``value``, ``low`` and ``high``; without ends: no interval."""
    nothing = F.lit(None).cast("double")
    ends = {"value": value, "low": nothing if low is None else low, "high": nothing if high is None else high}
    place = k if isinstance(k, Column) else F.lit(k).cast("int")
    rounded = [F.round(end, _DECIMALS).alias(name) for name, end in ends.items()]
    return F.struct(F.lit(metric).alias("metric"), place.alias("k"), *rounded)


def mean_with_interval(value: Column) -> tuple[Column, Column, Column]:
    """Mean and its 95 % interval, mean ± 1.96 · s / √n; no interval where n is 1."""
    mean = F.avg(value)
    half_width = Z_95 * F.stddev_samp(value) / F.sqrt(F.count(value))
    return mean, mean - half_width, mean + half_width


def figures_by_length(rows: DataFrame, k: int) -> DataFrame:
    """The list ``figures`` of each model and segment, a row a figure; other lengths than ``k`` for everyone alone.

    Args:
        rows: ``model``, ``segment``, ``figures`` (see ``figure``); those without a value are left out.
    """
    tall = rows.select("model", "segment", F.inline("figures"))
    is_wanted = (F.col("k") == k) | (F.col("segment") == ALL_CUSTOMERS)
    return tall.where(is_wanted & F.col("value").isNotNull()).select(*FIGURE_COLUMNS)
