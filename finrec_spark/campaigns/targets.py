"""Options that are worth something, and those that were chosen → the rows of ``mart.campaign_targets``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.arms import ArmParams, with_arms
from finrec_spark.campaigns.params import CampaignParams

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
    prices = [F.when(F.col("channel") == channel, F.lit(float(cost))) for channel, cost in params.costs.items()]
    priced = valued.withColumn("cost", F.coalesce(*prices))
    return priced.withColumn("value", F.col("value") - F.col("cost")).select(*_KEPT)


@dataclass(frozen=True)
class Used:
    """What explorers use of the month's limits: contacts, yuan, and contacts by channel, branch and product."""

    contacts: int
    yuan: float
    by_channel: Mapping[str, int]
    by_branch: Mapping[str, int]
    by_product: Mapping[str, int]

    def left_of(self, limits: AllocationParams) -> AllocationParams:
        """The limits that are left for the allocation; 0 where the explorers reach one.

        >>> used = Used(2, 1.0, {"sms": 2}, {}, {"card": 1, "loan": 1})
        >>> left = used.left_of(AllocationParams(contacts=5, by_channel={"sms": 1}, product_maximum={"card": 9}))
        >>> left.contacts, left.by_channel, left.product_maximum
        (3, {'sms': 0}, {'card': 8})
        """
        return limits.model_copy(
            update={
                "contacts": None if limits.contacts is None else max(limits.contacts - self.contacts, 0),
                "budget_yuan": None if limits.budget_yuan is None else max(limits.budget_yuan - self.yuan, 0.0),
                "by_channel": _less(limits.by_channel, self.by_channel),
                "by_branch": _less(limits.by_branch, self.by_branch),
                "product_maximum": _less(limits.product_maximum, self.by_product),
                "product_minimum": _less(limits.product_minimum, self.by_product),
            }
        )


def collect_used(explored: DataFrame) -> Used:
    """What these offers use: as many rows as channels × branches × products."""
    sums = explored.groupBy("channel", "branch", "product_id").agg(F.count("*").alias("n"), F.sum("cost").alias("yuan"))
    rows = sums.collect()

    def by(name: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in rows:
            if row[name] is not None:
                found[row[name]] = found.get(row[name], 0) + row["n"]
        return found

    contacts, yuan = sum(row["n"] for row in rows), sum(sorted(row["yuan"] for row in rows))
    return Used(contacts, yuan, by("channel"), by("branch"), by("product_id"))


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


def _less(limits: Mapping[str, int], used: Mapping[str, int]) -> dict[str, int]:
    return {name: max(limit - used.get(name, 0), 0) for name, limit in limits.items()}
