"""Lists, customers, products, consents and earlier messages → one row an option, with every field that rules read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

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

    What is known of a customer is gathered in one row first, so the options, many times as many, are joined once.

    Args:
        channels: over which the bank sends.

    Returns:
        ``KEY``, every one of ``FIELDS``, and ``rank``, ``score`` and ``personal`` of the offer.
    """
    offers = sources.offers.join(_customers(sources, month, params), "customer_id")
    named = offers.join(F.broadcast(_products(sources, month)), "product_id")
    over_channels = named.withColumn("channel", F.explode(F.array(*map(F.lit, channels))))
    complete = over_channels.withColumns(
        {
            "month": F.lit(month),
            "owned": _among("product_id", "held"),
            "days_since_refusal": F.col("refused")[F.col("category")],
            "reachable": _among("channel", "agreed_to"),
            "touches": F.coalesce("touches", F.lit(0.0)),
            "channel_touches": F.coalesce(F.col("touches_by_channel")[F.col("channel")], F.lit(0.0)),
            "weight": message_weight(params.weights),
        }
    )
    return complete.select(*dict.fromkeys(column.name for column in (*KEY, *FIELDS)), "rank", "score", "personal")


def _customers(sources: OptionSources, month: date, params: PolicyParams) -> DataFrame:
    """One row: a customer with all that rules read of one: ``held`` products, channels ``agreed_to``, ``refused``
    categories with the days since, and what ``touches`` counts.
    """
    known = customers_as_of(sources.customers, month).withColumnRenamed("risk_level", "customer_risk_level")
    written_to = touches(sent_messages(sources.contacts, sources.targets), month, params)
    declined = refusals(sources.contacts, sources.responses, sources.products, month)
    agreed = reachable_channels(sources.consents, month)
    refused = F.map_from_entries(F.collect_list(F.struct("category", "days_since_refusal"))).alias("refused")
    of_customers = (
        written_to,
        declined.groupBy("customer_id").agg(refused),
        sources.owned.groupBy("customer_id").agg(F.collect_list("product_id").alias("held")),
        agreed.groupBy("customer_id").agg(F.collect_list("channel").alias("agreed_to")),
    )
    return reduce(lambda customers, more: customers.join(more, "customer_id", "left"), of_customers, known)


def _products(sources: OptionSources, month: date) -> DataFrame:
    """One row: a product as rules read it."""
    risk_level = F.col("risk_level").alias("product_risk_level")
    return sources.products.select("product_id", "category", risk_level, "price", "attributes", _on_sale(month))


def _among(value: str, values: str) -> Column:
    return F.coalesce(F.array_contains(values, F.col(value)), F.lit(False))


def _on_sale(month: date) -> Column:
    return F.coalesce(on_sale(month), F.lit(False)).alias("on_sale")
