"""What customers took and what they declined before the month: what naive Bayes learns from."""

from collections.abc import Collection
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.splits import before, between
from finrec_spark.vocabulary import DECLINED


def liked_products(interactions: DataFrame, month: date, days: int, event_types: Collection[str]) -> DataFrame:
    """One row: a product that a customer took in the ``days`` before ``month``.

    Args:
        interactions: silver interactions; what happened on or after ``month`` is not read.
        event_types: types that start ownership.

    Returns:
        ``customer_id``, ``product_id``, distinct.

    >>> rows = [("ann", "card", "2022-05-31", "open"), ("bob", "card", "2022-06-01", "open"),
    ...     ("cem", "card", "2022-05-31", "view"), ("dan", "card", "2020-05-31", "open")]
    >>> events = spark.createDataFrame(rows, ["customer_id", "product_id", "event_time", "event_type"])
    >>> events = events.withColumn("event_time", F.to_timestamp("event_time"))
    >>> liked_products(events, date(2022, 6, 1), days=365, event_types={"open"}).show()
    +-----------+----------+
    |customer_id|product_id|
    +-----------+----------+
    |        ann|      card|
    +-----------+----------+
    <BLANKLINE>
    """
    recent = between(interactions, month - timedelta(days), month)
    taken = recent.where(F.col("event_type").isin(list(event_types)))
    return taken.select("customer_id", "product_id").distinct()


def declined_products(contacts: DataFrame, responses: DataFrame, month: date) -> DataFrame:
    """One row: a product that a customer declined before ``month`` when it was offered.

    Args:
        contacts: silver contacts.
        responses: silver campaign responses; an answer without a time was not known by any month.

    Returns:
        ``customer_id``, ``product_id``, distinct.
    """
    sent = before(contacts, month, "contact_time").select("contact_id", "customer_id", "product_id")
    declined = before(responses, month, "response_time").where(F.col("response") == DECLINED).select("contact_id")
    return sent.join(declined, "contact_id", "inner").select("customer_id", "product_id").distinct()
