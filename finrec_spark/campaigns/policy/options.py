"""Lists, customers, products, consents and earlier messages → one row an option, with every field that rules read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.policy.contact_history import message_weight, refusals, sent_messages, touches
from finrec_spark.campaigns.policy.fields import FIELDS, KEY
from finrec_spark.campaigns.policy.rules import PolicyParams
from finrec_spark.transforms.consents import reachable_channels
from finrec_spark.transforms.eligibility import on_sale
from finrec_spark.transforms.ingest.customers import customers_as_of


@dataclass(frozen=True)
class OptionSources:
    """What options are made from, as the tables have it: only what was known before the month is read of it.

    Attributes:
        offers: ``customer_id``, ``product_id``, ``rank``, ``score``, ``personal``: what may be offered to whom at best,
            and whether it was chosen by what the bank knows of the customer.
        customers: silver customers.
        products: silver products.
        owned: ``customer_id``, ``product_id`` of what is held.
        consents: silver consents.
        contacts: silver contacts.
        responses: silver campaign responses.
        targets: mart.campaign_targets of earlier months; None where there are none.
    """

    offers: DataFrame
    customers: DataFrame
    products: DataFrame
    owned: DataFrame
    consents: DataFrame
    contacts: DataFrame
    responses: DataFrame
    targets: DataFrame | None


def options(sources: OptionSources, channels: Sequence[str], month: date, params: PolicyParams) -> DataFrame:
    """One row: one offer over one channel.

    Args:
        channels: over which the bank sends.

    Returns:
        ``KEY``, every one of ``FIELDS``, and ``rank``, ``score`` and ``personal`` of the offer.
    """
    offers = _with_products(_with_customers(sources, month, params), sources, month)
    over_channels = offers.withColumn("channel", F.explode(F.array(*map(F.lit, channels))))
    reachable = reachable_channels(sources.consents, month).withColumn("reachable", F.lit(True))
    joined = over_channels.join(reachable, ["customer_id", "channel"], "left")
    of_channel = F.coalesce(F.col("touches_by_channel")[F.col("channel")], F.lit(0.0))
    complete = joined.withColumns(
        {
            "month": F.lit(month),
            "reachable": F.coalesce("reachable", F.lit(False)),
            "touches": F.coalesce("touches", F.lit(0.0)),
            "channel_touches": of_channel,
            "weight": message_weight(params.weights),
        }
    )
    return complete.select(*dict.fromkeys(column.name for column in (*KEY, *FIELDS)), "rank", "score", "personal")


def _with_customers(sources: OptionSources, month: date, params: PolicyParams) -> DataFrame:
    """The offers with the customer's profile and earlier messages."""
    known = customers_as_of(sources.customers, month).withColumnRenamed("risk_level", "customer_risk_level")
    written_to = touches(sent_messages(sources.contacts, sources.targets), month, params)
    return sources.offers.join(known.join(written_to, "customer_id", "left"), "customer_id")


def _with_products(offers: DataFrame, sources: OptionSources, month: date) -> DataFrame:
    """The offers with the product, whether it is held, and when one like it was declined."""
    risk_level = F.col("risk_level").alias("product_risk_level")
    sold = sources.products.select("product_id", "category", risk_level, "price", "attributes", _on_sale(month))
    declined = refusals(sources.contacts, sources.responses, sources.products, month)
    held = sources.owned.select("customer_id", "product_id", F.lit(True).alias("owned"))
    return (
        offers.join(F.broadcast(sold), "product_id")
        .join(held, ["customer_id", "product_id"], "left")
        .join(declined, ["customer_id", "category"], "left")
        .withColumn("owned", F.coalesce("owned", F.lit(False)))
    )


def _on_sale(month: date) -> Column:
    return F.coalesce(on_sale(month), F.lit(False)).alias("on_sale")
