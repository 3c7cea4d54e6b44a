"""Earlier messages and answers → how often each customer was written to of late."""

from collections.abc import Mapping
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.contact_ids import contact_id
from finrec_spark.campaigns.policy.rules import PolicyParams
from finrec_spark.transforms.lookup import looked_up
from finrec_spark.transforms.splits import before
from finrec_spark.vocabulary import CHANNELS, DECLINED, TREATMENT


def sent_messages(contacts: DataFrame, targets: DataFrame | None) -> DataFrame:
    """One row: a message that was sent, as delivered, or as a campaign of ours would have it where nothing came back.

    What came back of a campaign is known by its ID and customer, or by the ``contact_id`` of the files alone.

    Args:
        contacts: silver contacts.
        targets: ``mart.campaign_targets`` of earlier months; None where there are none.

    Returns:
        ``customer_id``, ``channel``, ``contact_time``, ``campaign_id``.
    """
    names = ("customer_id", "channel", "contact_time", "campaign_id")
    sent = contacts.where(F.col("arm") == TREATMENT)
    delivered = sent.select(*names)
    if targets is None:
        return delivered
    heard = sent.select(F.explode(F.array("contact_id", contact_id())).alias("contact_id"))
    planned = targets.where(F.col("arm") == TREATMENT).withColumn("contact_time", F.col("month").cast("timestamp"))
    unheard = planned.withColumn("contact_id", contact_id()).join(heard, "contact_id", "left_anti")
    return delivered.unionByName(unheard.select(*names))


def touches(messages: DataFrame, month: date, params: PolicyParams) -> DataFrame:
    """One row: a customer who was written to in the window before ``month``.

    Args:
        messages: as ``sent_messages`` returns them.

    Returns:
        ``customer_id``, ``touches`` (weighted messages), ``touches_by_channel`` (map: channel → likewise),
        ``days_since_contact`` (from the last one to the month's first day, in the window).
    """
    first = F.lit(month - timedelta(days=params.window_days))
    in_window = before(messages, month, "contact_time").where(F.col("contact_time") >= first)
    weighted = in_window.withColumn("weight", message_weight(params.weights))
    by_channel = [
        F.sum(F.when(F.col("channel") == channel, F.col("weight")).otherwise(0.0)).alias(f"on_{channel}")
        for channel in CHANNELS
    ]
    sums = weighted.groupBy("customer_id").agg(
        F.sum("weight").alias("touches"),
        F.datediff(F.lit(month), F.max("contact_time")).alias("days_since_contact"),
        *by_channel,
    )
    pairs = [column for channel in CHANNELS for column in (F.lit(channel), F.col(f"on_{channel}"))]
    return sums.select("customer_id", "touches", F.create_map(*pairs).alias("touches_by_channel"), "days_since_contact")


def refusals(contacts: DataFrame, responses: DataFrame, products: DataFrame, month: date) -> DataFrame:
    """One row: a customer and a category of which an offer was declined before ``month``.

    Returns:
        ``customer_id``, ``category``, ``days_since_refusal`` of the last one.
    """
    declined = before(responses, month, "response_time").where(F.col("response") == DECLINED)
    offers = contacts.join(declined.select("contact_id", "response_time"), "contact_id")
    of_category = offers.join(F.broadcast(products.select("product_id", "category")), "product_id")
    last = F.datediff(F.lit(month), F.max("response_time")).alias("days_since_refusal")
    return of_category.groupBy("customer_id", "category").agg(last)


def message_weight(weights: Mapping[str, float]) -> Column:
    """What one message over the row's ``channel`` weighs."""
    return looked_up("channel", {channel: float(weights.get(channel, 1.0)) for channel in CHANNELS})
