from datetime import date

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from finrec_spark.transforms.matrix import EventRule, MatrixParams, customer_product_matrix

JUNE = date(2022, 6, 1)
PARAMS = MatrixParams(half_life_days=30)


def test_an_interaction_on_the_first_day_of_the_month_is_the_future(matrix):
    rows = [("ann", "card", "open", "2022-05-31 23:59:59", None), ("ann", "card", "open", "2022-06-01", None)]
    assert matrix(rows).head().strength == 1.0


def test_strength_halves_every_half_life(matrix):
    rows = [("ann", "card", "open", "2022-05-31", None), ("ann", "card", "open", "2022-05-01", None)]
    assert matrix(rows).head().strength == 1.5


def test_a_type_counts_its_weight_and_an_unknown_type_that_of_other_events(matrix):
    rows = [("ann", "card", "view", "2022-05-31", None), ("bob", "card", "hummed", "2022-05-31", None)]
    strengths = {row.customer_id: round(row.strength, 6) for row in matrix(rows).collect()}
    assert strengths == {"ann": 0.2, "bob": 0.1}


@pytest.mark.parametrize(
    ("events", "owned"),
    [
        (["view"], False),
        (["open"], True),
        (["open", "close"], False),
        (["open", "close", "open"], True),
        (["open", "close", "view"], False),
        (["buy", "sell"], True),  # a sale may be of a part
    ],
)
def test_the_newest_event_that_decides_ownership_decides_it(matrix, events, owned):
    rows = [("ann", "card", event, f"2022-05-0{day}", None) for day, event in enumerate(events, start=1)]
    assert matrix(rows).head().owned is owned


def test_opened_and_closed_at_one_instant_counts_as_owned(matrix):
    rows = [("ann", "card", "close", "2022-05-01", None), ("ann", "card", "open", "2022-05-01", None)]
    assert matrix(rows).head().owned is True


def test_the_newest_explicit_rating_is_the_rating(matrix):
    rows = [("ann", "card", "rating", "2022-05-02", "3"), ("ann", "card", "rating", "2022-05-01", "5")]
    assert matrix(rows).head().rating == 3.0


def test_an_amount_is_no_rating(matrix):
    assert matrix([("ann", "card", "buy", "2022-05-02", "3000")]).head().rating is None


def test_repartitioning_changes_no_bit(matrix):
    rows = [("ann", "card", "view", f"2022-0{month}-15 10:00:00", None) for month in range(1, 6)]
    once, again = matrix(rows), matrix(rows, partitions=5)
    assert_df_equality(once, again, ignore_row_order=True)


def test_rules_are_configuration(matrix):
    params = MatrixParams(half_life_days=30, events={"visit": EventRule(weight=2.0, ownership="opens")})
    row = matrix([("ann", "card", "visit", "2022-05-31", None)], params=params).head()
    assert (row.strength, row.owned) == (2.0, True)


@pytest.fixture
def matrix(spark):
    def build(rows, params=PARAMS, partitions=1):
        columns = "customer_id string, product_id string, event_type string, event_time string, value string"
        events = spark.createDataFrame(rows, columns).repartition(partitions)
        events = events.select(
            "customer_id",
            "product_id",
            "event_type",
            F.to_timestamp("event_time").alias("event_time"),
            F.col("value").cast("decimal(18,2)").alias("value"),
            F.col("value").cast("double").alias("rating"),
            F.concat_ws("-", "event_type", "event_time").alias("event_id"),
        )
        customers = spark.createDataFrame([("ann", 0), ("bob", 1)], "customer_id string, customer_index int")
        products = spark.createDataFrame([("card", 0)], "product_id string, product_index int")
        return customer_product_matrix(events, customers, products, JUNE, params)

    return build
