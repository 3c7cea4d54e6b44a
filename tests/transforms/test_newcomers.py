from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.transforms.sequences.newcomers import collect_newcomer_share

APRIL, MAY, JUNE = date(2022, 4, 1), date(2022, 5, 1), date(2022, 6, 1)


@pytest.fixture(scope="module")
def bank(spark):
    """Interactions and products: the card is met in January, the loan on the first of May."""
    met = spark.createDataFrame(
        [("card", "2022-01-05"), ("card", "2022-05-01"), ("loan", "2022-05-01")], "p string, t string"
    )
    interactions = met.select(F.col("p").alias("product_id"), F.to_timestamp("t").alias("event_time"))
    return interactions, spark.createDataFrame([("card", 0), ("loan", 1)], "product_id string, product_index int")


def share(spark, rows, bank):
    return collect_newcomer_share(spark.createDataFrame(rows, "cut date, target array<int>"), *bank)


def test_a_product_is_a_newcomer_until_the_month_after_its_first_event(spark, bank):
    assert share(spark, [(MAY, [1, 2]), (MAY, [1, 0])], bank) == pytest.approx((1 + 0.5) / (3 + 1))
    assert share(spark, [(JUNE, [2, 0]), (JUNE, [1, 0])], bank) == pytest.approx((0 + 0.5) / (2 + 1))


def test_the_first_months_in_which_every_product_is_new_do_not_count(spark, bank):
    rows = [(APRIL, [2, 0]), (APRIL, [2, 0]), (MAY, [2, 0]), (MAY, [1, 0]), (JUNE, [1, 0])]
    assert share(spark, rows, bank) == pytest.approx((1 + 0.5) / (3 + 1))


def test_without_any_target_the_share_is_still_one(spark):
    nothing = spark.createDataFrame([], "cut date, target array<int>")
    interactions = spark.createDataFrame([], "product_id string, event_time timestamp")
    products = spark.createDataFrame([], "product_id string, product_index int")
    assert collect_newcomer_share(nothing, interactions, products) == 0.5
