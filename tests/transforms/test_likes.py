from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.transforms.likes import declined_products, liked_products

JUNE = date(2022, 6, 1)


def test_likes_begin_so_many_days_before_the_month_and_end_with_it(events):
    times = {"a": "2022-05-22", "b": "2022-05-21 23:59:59", "c": "2022-05-31 23:59:59", "d": "2022-06-01"}
    liked = liked_products(events([("ann", name, time) for name, time in times.items()]), JUNE, 10, ["open"])
    assert sorted(row.product_id for row in liked.collect()) == ["a", "c"]


def test_a_product_taken_twice_is_liked_once(events):
    assert liked_products(events([("ann", "a", "2022-05-30")] * 2), JUNE, 10, ["open"]).count() == 1


def test_only_what_was_declined_before_the_month_is_declined(spark):
    contacts = [(f"{n}", "ann", f"p{n}", "2022-05-30") for n in range(4)]
    contacts = spark.createDataFrame(contacts, ["contact_id", "customer_id", "product_id", "contact_time"])
    answers = [("0", "declined", "2022-05-31"), ("1", "declined", "2022-06-01"), ("2", "accepted", "2022-05-31")]
    responses = spark.createDataFrame([*answers, ("3", "declined", None)], ["contact_id", "response", "response_time"])
    contacts = contacts.withColumn("contact_time", F.to_timestamp("contact_time"))
    responses = responses.withColumn("response_time", F.to_timestamp("response_time"))
    assert declined_products(contacts, responses, JUNE).collect() == [("ann", "p0")]


@pytest.fixture
def events(spark):
    def build(rows):
        schema = "customer_id string, product_id string, event_time string"
        df = spark.createDataFrame(rows, schema).withColumn("event_type", F.lit("open"))
        return df.withColumn("event_time", F.to_timestamp("event_time"))

    return build
