"""Contacts and their answers → what a response model learns acceptance from, and is measured on."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.splits import before
from finrec_spark.vocabulary import ACCEPTED, TREATMENT


def answered_contacts(
    contacts: DataFrame, responses: DataFrame, products: DataFrame, profiles: DataFrame, day: date, answer_days: int
) -> DataFrame:
    """One row: one message that was sent and has had time to be answered, with the customer's profile.

    Args:
        contacts: silver contacts; those that a control group or holdout kept back are not read.
        responses: silver campaign responses; an answer of ``day`` or later, or without a time, was not known.
        products: ``product_id``, ``category``; a contact of another product is left out.
        profiles: ``month``, ``customer_id``, ``profile`` (array<double>), of any months; those after ``day`` are not
            read. A contact of a customer without a profile is left out.
        day: nothing that became known on it or later is read, such as the first day of the month to decide.
        answer_days: days that a customer has to answer; contacts younger than that are not read.

    Returns:
        ``key`` (a hash of the contact's ID), ``contact_time``, ``profile``, ``known_before`` (see
        ``profiles_at_contact``), ``offer`` (such as P017 by sms), ``category``, ``channel`` and ``label`` (1.0 where
        accepted).
    """
    old_enough = F.col("contact_time") < F.date_sub(F.lit(day), answer_days)
    sent = contacts.where((F.col("arm") == TREATMENT) & old_enough)
    accepted = before(responses, day, "response_time").where(F.col("response") == ACCEPTED)
    answered = sent.join(accepted.select("contact_id", F.lit(True).alias("accepted")), "contact_id", "left")
    offered = answered.join(F.broadcast(products.select("product_id", "category")), "product_id", "inner")
    return profiles_at_contact(offered, profiles.where(F.col("month") <= F.lit(day))).select(
        F.xxhash64("contact_id").alias("key"),
        "contact_time",
        "profile",
        "known_before",
        F.concat_ws(" by ", "product_id", "channel").alias("offer"),
        "category",
        "channel",
        F.col("accepted").isNotNull().cast("double").alias("label"),
    )


def profiles_at_contact(contacts: DataFrame, profiles: DataFrame) -> DataFrame:
    """One row: one contact with the customer's profile of the newest month at or before it.

    Where a customer has none so early, it is that of the oldest month: better for learning than no contact, but not
    for measuring, so ``known_before`` says which it is.

    Args:
        contacts: ``contact_id``, ``customer_id``, ``contact_time`` and any other columns.
        profiles: ``month``, ``customer_id``, ``profile``; of a month is what was known before its first day.

    Returns:
        The contacts' columns, ``profile`` and ``known_before`` (boolean).

    >>> contacts = spark.createDataFrame([("c1", "ann", "2022-05-03"), ("c2", "ann", "2022-01-03")],
    ...     "contact_id string, customer_id string, contact_time string")
    >>> months = [("2022-04-01", "ann", [4.0]), ("2022-05-01", "ann", [5.0]), ("2022-06-01", "ann", [6.0])]
    >>> profiles = spark.createDataFrame(months, "month string, customer_id string, profile array<double>")
    >>> found = profiles_at_contact(contacts, profiles)
    >>> found.select("contact_id", "profile", "known_before").orderBy("contact_id").show()
    +----------+-------+------------+
    |contact_id|profile|known_before|
    +----------+-------+------------+
    |        c1|  [5.0]|        true|
    |        c2|  [4.0]|       false|
    +----------+-------+------------+
    <BLANKLINE>
    """
    days = F.datediff("contact_time", "month")
    # A month that had begun before one that had not, then the nearest; vectors are joined once the month is known.
    nearest = F.min(F.struct((days < 0).alias("later"), F.abs(days).alias("days"), "month")).alias("nearest")
    pairs = contacts.select("contact_id", "customer_id", "contact_time").join(
        profiles.select("customer_id", "month"), "customer_id", "inner"
    )
    chosen = pairs.groupBy("contact_id").agg(nearest)
    of_month = chosen.select("contact_id", "nearest.month", (~F.col("nearest.later")).alias("known_before"))
    dated = contacts.join(of_month, "contact_id", "inner")
    vectors = profiles.select("customer_id", "month", "profile")
    return dated.join(vectors, ["customer_id", "month"], "inner").drop("month")
