"""Contacts and their answers → what a response model learns acceptance from."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.splits import before
from finrec_spark.vocabulary import ACCEPTED, TREATMENT


def answered_contacts(
    contacts: DataFrame, responses: DataFrame, products: DataFrame, profiles: DataFrame, month: date, answer_days: int
) -> DataFrame:
    """One row: one message that was sent and has had time to be answered, with the customer's profile.

    Args:
        contacts: silver contacts; those that a control group or holdout kept back are not read.
        responses: silver campaign responses; an answer of ``month`` or later, or without a time, was not known.
        products: ``product_id``, ``category``; a contact of another product is left out.
        profiles: ``customer_id``, ``profile`` (array<double>) as known before ``month``; likewise.
        month: the month's first day.
        answer_days: days that a customer has to answer; contacts younger than that are not read.

    Returns:
        ``key`` (a hash of the contact's ID), ``profile``, ``product_id``, ``category``, ``channel`` and ``label`` (1.0
        where accepted).
    """
    old_enough = F.col("contact_time") < F.date_sub(F.lit(month), answer_days)
    sent = contacts.where((F.col("arm") == TREATMENT) & old_enough)
    accepted = before(responses, month, "response_time").where(F.col("response") == ACCEPTED)
    label = F.col("accepted").isNotNull().cast("double").alias("label")
    return (
        sent.join(accepted.select("contact_id", F.lit(True).alias("accepted")), "contact_id", "left")
        .join(F.broadcast(products.select("product_id", "category")), "product_id", "inner")
        .join(profiles, "customer_id", "inner")
        .select(F.xxhash64("contact_id").alias("key"), "profile", "product_id", "category", "channel", label)
    )
