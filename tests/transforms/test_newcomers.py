from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.transforms.sequences.newcomers import collect_newcomer_share

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)


def test_a_product_is_a_newcomer_until_the_month_after_its_first_event(spark):
    met = spark.createDataFrame(
        [("card", "2022-01-05"), ("card", "2022-05-01"), ("loan", "2022-05-01")], "p string, t string"
    )
    interactions = met.select(F.col("p").alias("product_id"), F.to_timestamp("t").alias("event_time"))
    products = spark.createDataFrame([("card", 0), ("loan", 1)], "product_id string, product_index int")
    rows = [(MAY, [1, 2]), (JUNE, [2, 0]), (JUNE, [1, 0])]
    sequences = spark.createDataFrame(rows, "cut date, target array<int>")
    assert collect_newcomer_share(sequences, interactions, products) == pytest.approx((1 + 0.5) / (4 + 1))


def test_without_any_target_the_share_is_still_one(spark):
    nothing = spark.createDataFrame([], "cut date, target array<int>")
    interactions = spark.createDataFrame([], "product_id string, event_time timestamp")
    products = spark.createDataFrame([], "product_id string, product_index int")
    assert collect_newcomer_share(nothing, interactions, products) == 0.5
