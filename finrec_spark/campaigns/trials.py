"""The bank's own campaigns as randomised trials: what uplift is learned from.

In every stratum chance alone decided who was contacted and who was kept back, by a probability that was stored: so of
explorers, whose offer chance chose as well, and of all other targets. The hold-out is left out: it has had no campaign
for months, and so differs from a control by more than one contact.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.measurement.outcomes import purchases, window_is_over
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.transforms.splits import between
from finrec_spark.vocabulary import HOLDOUT, TREATMENT

_TARGET = ("month", "campaign_id", "customer_id", "product_id")


def finished_months(months: Iterable[date], month: date, params: MeasureParams) -> tuple[date, ...]:
    """The campaigns' months of which everything that counts was known when ``month`` began, oldest first."""
    return tuple(sorted(start for start in months if window_is_over(start, month, params)))


def randomised_trials(
    targets: DataFrame,
    interactions: DataFrame,
    products: DataFrame,
    profiles: DataFrame,
    months: Sequence[date],
    params: MeasureParams,
) -> DataFrame:
    """One row: one target of a finished campaign, treated or control, with what its customer took of the product.

    Assignment counts, not whether a message arrived (intention to treat).

    Args:
        targets: ``mart.campaign_targets``.
        interactions: silver interactions.
        products: ``product_id``, ``category``; targets of another product are left out.
        profiles: ``month``, ``customer_id``, ``profile``; a target without one of its campaign's month is left out.
        months: those whose campaigns are finished (``finished_months``), ascending; others are not read.
        params: the window, and which interactions bring money.

    Returns:
        The columns of ``models.uplift.trials``.
    """
    assigned = targets.where((F.col("arm") != HOLDOUT) & F.col("month").isin(list(months)))
    offered = assigned.join(F.broadcast(products.select("product_id", "category")), "product_id", "inner")
    end = months[-1] + timedelta(days=params.window_days)
    brought = _brought(assigned, between(purchases(interactions, params), months[0], end), params.window_days)
    rows = offered.join(brought, list(_TARGET), "left").join(profiles, ["month", "customer_id"], "inner")
    return rows.select(
        F.xxhash64(*_TARGET).alias("key"),
        F.xxhash64("customer_id").alias("customer_key"),
        F.xxhash64(*_TARGET).alias("decision"),
        "profile",
        "category",
        "channel",
        (F.col("arm") == TREATMENT).alias("contacted"),
        _probability_of(1 - F.col("control_share")).alias("contact_probability"),
        _probability_of(F.col("control_share")).alias("control_probability"),
        F.col("amount").isNotNull().cast("double").alias("taken"),
        F.coalesce(F.col("amount").cast("double"), F.lit(0.0)).alias("amount"),
    )


def _brought(assigned: DataFrame, bought: DataFrame, window_days: int) -> DataFrame:
    """One row: a target that took its product in its campaign's window, with the ``amount``."""
    in_window = F.datediff("event_time", "month").between(0, window_days - 1)
    pairs = assigned.select(*_TARGET).join(
        bought.select("customer_id", "product_id", "event_time", "amount"), ["customer_id", "product_id"], "inner"
    )
    return pairs.where(in_window).groupBy(*_TARGET).agg(F.sum("amount").alias("amount"))


def _probability_of(share: Column) -> Column:
    """Of an arm with this share of those who are not held out, from the stored probability of the row's own arm."""
    own_share = F.when(F.col("arm") == TREATMENT, 1 - F.col("control_share")).otherwise(F.col("control_share"))
    return F.col("probability") * share / own_share
