"""Targets, interactions and contacts → what each target brought, whatever reached it: intention to treat."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.arms import ArmParams, holdout_probability, is_held_out
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.transforms.splits import between
from finrec_spark.vocabulary import HOLDOUT, TREATMENT

PROGRAMME = "programme"
"""Stands for a campaign's ID where the hold-out is compared with everyone else."""

EVERYTHING = "all"
_MONEY = "decimal(18,2)"
_UNIT = ("campaign_id", "product_id", "channel", "segment", "stratum", "exploration", "arm", "control_share")


def window_is_over(start: date, month: date, params: MeasureParams) -> bool:
    """Whether all that counts for campaigns of ``start`` was known when ``month`` began.

    >>> window_is_over(date(2022, 4, 1), date(2022, 5, 1), MeasureParams(window_days=30))
    True
    >>> window_is_over(date(2022, 4, 1), date(2022, 5, 1), MeasureParams(window_days=31))
    False
    """
    return start + timedelta(days=params.window_days) <= month


def campaign_outcomes(
    targets: DataFrame, interactions: DataFrame, contacts: DataFrame, start: date, params: MeasureParams
) -> DataFrame:
    """One row: one target of a campaign with what its customer did with the offered product in the window.

    Args:
        targets: ``mart.campaign_targets`` of one month.
        interactions: silver interactions; read from ``baseline_days`` before ``start`` to ``window_days`` after it.
        contacts: silver contacts; likewise.
        start: the window's first day: the campaign's month, or an earlier day to see how outcomes spread before.

    Returns:
        ``campaign_id``, ``product_id``, ``channel``, ``segment``, ``stratum``, ``exploration``, ``arm``,
        ``control_share``; ``taken`` (boolean) and ``yuan`` (decimal(18,2)): whether the customer took the offered
        product in the window, and with how much money; ``baseline_yuan``: the money of all products before it;
        ``contacted``: whether a message about that product was sent in the window, by whatever campaign.
    """
    return _with_outcomes(targets, interactions, contacts, ("customer_id", "product_id"), start, params)


def programme_outcomes(
    customers: DataFrame,
    interactions: DataFrame,
    contacts: DataFrame,
    start: date,
    arms: ArmParams,
    params: MeasureParams,
) -> DataFrame:
    """One row: one customer of the bank, held out or not, with what it did with any product in the window.

    Args:
        customers: ``customer_id``, ``segment``: all who could have been targets, one row each.

    Returns:
        As ``campaign_outcomes``, with ``programme`` as the campaign, ``all`` as product, channel and stratum, the
        arms ``holdout`` and ``treatment`` (everyone else), and the hold-out's share as ``control_share``.
    """
    fixed = {"campaign_id": PROGRAMME, "product_id": EVERYTHING, "channel": EVERYTHING, "stratum": EVERYTHING}
    everyone = customers.select(
        "customer_id",
        "segment",
        *[F.lit(value).alias(name) for name, value in fixed.items()],
        F.lit(False).alias("exploration"),
        F.when(is_held_out(arms), HOLDOUT).otherwise(TREATMENT).alias("arm"),
        F.lit(holdout_probability(arms)).alias("control_share"),
    )
    return _with_outcomes(everyone, interactions, contacts, ("customer_id",), start, params)


def purchases(interactions: DataFrame, params: MeasureParams) -> DataFrame:
    """One row: one interaction that counts; ``amount`` is 0 where no money, or none of the currency, was given."""
    counted = F.coalesce("currency", F.lit(params.currency)) == params.currency
    amount = F.when(counted, F.coalesce("value", F.lit(0)).cast(_MONEY)).otherwise(F.lit(0).cast(_MONEY))
    return interactions.where(F.col("event_type").isin(list(params.event_types))).withColumn("amount", amount)


def _with_outcomes(
    units: DataFrame,
    interactions: DataFrame,
    contacts: DataFrame,
    keys: Sequence[str],
    start: date,
    params: MeasureParams,
) -> DataFrame:
    end = start + timedelta(days=params.window_days)
    baseline_start = start - timedelta(days=params.baseline_days)
    bought = purchases(interactions, params)
    brought = between(bought, start, end).groupBy(*keys).agg(F.sum("amount").alias("yuan"))
    before = between(bought, baseline_start, start).groupBy("customer_id").agg(F.sum("amount").alias("baseline"))
    in_window = (F.col("contact_time") >= F.lit(start)) & (F.col("contact_time") < F.lit(end))
    reached = contacts.where(in_window & (F.col("arm") == TREATMENT)).select(*keys).distinct()
    joined = (
        units.join(brought.withColumn("taken", F.lit(True)), list(keys), "left")
        .join(before, "customer_id", "left")
        .join(reached.withColumn("contacted", F.lit(True)), list(keys), "left")
    )
    flags = [F.coalesce(name, F.lit(False)).alias(name) for name in ("taken", "contacted")]
    return joined.select(*_UNIT, *flags, _money("yuan").alias("yuan"), _money("baseline").alias("baseline_yuan"))


def _money(name: str) -> Column:
    return F.coalesce(name, F.lit(0)).cast(_MONEY)
