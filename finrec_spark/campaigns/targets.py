"""Options that are worth something, and those that were chosen → the rows of ``mart.campaign_targets``."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.arms import ArmParams, with_arms
from finrec_spark.campaigns.params import CampaignParams
from finrec_spark.transforms.lookup import looked_up

_OFFER = ("customer_id", "product_id", "channel")
_KEPT = ("campaign_id", *_OFFER, "segment", "branch", "probability", "amount", "value", "cost", "value_source")


def worth_a_contact(valued: DataFrame, params: CampaignParams) -> DataFrame:
    """One row: one option with what a contact brings, net of what it costs.

    Args:
        valued: ``campaign_id``, ``customer_id``, ``product_id``, ``channel``, ``segment``, ``branch`` and what
            ``contact_values.with_values`` adds.

    Returns:
        These columns with ``value`` less ``cost`` (yuan) in place of ``value``.
    """
    costs = {channel: float(cost) for channel, cost in params.costs.items()}
    priced = valued.withColumn("cost", looked_up("channel", costs))
    return priced.withColumn("value", F.col("value") - F.col("cost")).select(*_KEPT)


def targets(explored: DataFrame, allocated: DataFrame, options: DataFrame, arms: ArmParams, month: date) -> DataFrame:
    """One row: one customer whom a campaign would contact, with its arm.

    Args:
        explored: result of ``arms.exploration_offers`` over the options.
        allocated: ``customer_id``, ``product_id``, ``channel`` of what the allocation chose.
        options: result of ``worth_a_contact``.

    Returns:
        The columns of ``mart.campaign_targets`` but month and run, and of the options ``uplift`` (what the contact adds
        to the probability of taking the product), ``amount`` and ``cost``.
    """
    chosen = options.join(allocated.select(*_OFFER), list(_OFFER), "left_semi")
    by_allocation = chosen.withColumn("exploration", F.lit(False)).withColumn(
        "offer_probability", F.lit(None).cast("double")
    )
    by_chance = explored.withColumn("exploration", F.lit(True)).select(*by_allocation.columns)
    both = by_allocation.unionByName(by_chance).withColumnsRenamed({"probability": "uplift", "value": "expected_value"})
    return with_arms(both.withColumn("stratum", F.col("segment")), arms, month).drop("branch")


def with_message_fields(
    rows: DataFrame, customers: DataFrame, languages: tuple[str, ...], params: CampaignParams, month: date
) -> DataFrame:
    """The targets with what a message may be filled with beside the product.

    Args:
        rows: result of ``targets``.
        customers: ``customer_id``, ``profile`` as of the month.
        languages: that templates have.

    Returns:
        the targets' columns, ``month``, ``language`` (null: the default), ``first_name``, ``until``.
    """
    until = month + timedelta(days=params.days - 1)
    named = _profile(params.language_column)
    spoken = customers.select(
        "customer_id",
        F.when(named.isin(list(languages)), named).alias("language"),
        _profile(params.name_column).alias("first_name"),
    )
    return rows.join(spoken, "customer_id").withColumns({"month": F.lit(month), "until": F.lit(until)})


def _profile(name: str) -> Column:
    return F.col("profile")[F.lit(name)]
