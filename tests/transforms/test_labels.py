from datetime import date

from pyspark.sql import functions as F

from finrec_spark.transforms.labels import taken_products


def test_taken_is_what_was_opened_in_the_month_and_not_owned_at_its_start(spark):
    events = spark.createDataFrame(
        [
            ("ann", "card", "open", "2022-06-01"),
            ("ann", "card", "open", "2022-06-20"),  # once is enough
            ("ann", "loan", "open", "2022-06-30"),  # owned already
            ("ann", "fund", "view", "2022-06-10"),  # a look takes nothing
            ("bob", "card", "open", "2022-07-01"),  # later
            ("bob", "loan", "open", "2022-05-31"),  # earlier
        ],
        "customer_id string, product_id string, event_type string, event_time string",
    ).withColumn("event_time", F.to_timestamp("event_time"))
    matrix = spark.createDataFrame([("ann", "loan", True)], "customer_id string, product_id string, owned boolean")
    taken = taken_products(events, matrix, date(2022, 6, 1), ["open"])
    assert [tuple(row) for row in taken.collect()] == [("ann", "card")]
