"""Product series: one made-up product for each rule, and holders against a plain count."""

import random
from datetime import date, datetime, timedelta

import pytest
from pyspark.sql import functions as F

from finrec_spark.tables import PRODUCT_SERIES, PRODUCTS
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.sequences.product_series import product_series

JUNE = date(2022, 6, 1)
EVENTS = {
    "dealt in": [
        ("ann", "open", "2022-04-01", 10.0),
        ("bob", "buy", "2022-04-30 23:59:59", 30.0),
        ("cid", "open", "2022-05-02", 40.0),
        ("bob", "sell", "2022-05-03", 7.0),
        ("ann", "close", "2022-05-04", None),
        ("ann", "rating", "2022-06-01", 5.0),
    ],
    "taken long ago": [("ann", "open", "2021-01-01", 8.0)],
    "rated": [("ann", "rating", "2022-05-01", 5.0)],
    "only delivered": [],
}


@pytest.fixture(scope="module")
def series(spark):
    """{product: its months, oldest first}."""
    events = [(customer, name, *event) for name, events in EVENTS.items() for customer, *event in events]
    rows = [(n, "loan", "Name", None, [], 2, 9, None, None, {"rate": " 3.5 % "}) for n in ("only delivered", "rated")]
    return collected(spark, events, list(EVENTS), rows, months=3)


def collected(spark, events, names, rows=(), months=3):
    columns = "customer_id string, product_id string, event_type string, event_time string, value double"
    interactions = spark.createDataFrame(events, columns).withColumn("event_time", F.to_timestamp("event_time"))
    delivered = spark.createDataFrame(list(rows), PRODUCTS.ddl.replace("decimal(18,2)", "int"))
    positions = spark.createDataFrame([(name,) for name in names], "product_id string")
    found = product_series(interactions, delivered, positions, JUNE, MatrixParams(), ["sell"], months, "rate")
    PRODUCT_SERIES.conform(found.withColumn("month", F.lit(JUNE)))
    return {row.product_id: row.series for row in found.collect()}


def test_every_product_has_the_last_months_oldest_first(series):
    assert series.keys() == EVENTS.keys()
    assert [entry.month.month for entry in series["only delivered"]] == [3, 4, 5]


def test_counts_and_money_are_those_of_the_month(series):
    assert [(entry.buys, entry.sells, entry.amount) for entry in series["dealt in"]] == [
        (0, 0, 0),
        (2, 0, 40),
        (1, 2, 40),
    ]


def test_the_price_is_the_median_taken_and_the_change_its_return(series):
    assert [(entry.price, entry.change) for entry in series["dealt in"]] == [(None, None), (20, None), (40, 1)]


def test_a_price_stands_until_the_next_and_begins_as_delivered(series):
    assert [(entry.price, entry.change) for entry in series["taken long ago"]] == [(8, 0)] * 3
    assert [(entry.price, entry.rate) for entry in series["only delivered"]] == [(9, 3.5)] * 3


def test_a_rating_is_a_taking_without_an_amount(series):
    last = series["rated"][-1]
    assert (last.buys, last.amount, last.price, last.holders) == (1, 0, 9, 1)


def test_holders_are_counted_at_the_months_end(series):
    assert [entry.holders for entry in series["dealt in"]] == [0, 2, 2]
    assert [entry.holders for entry in series["taken long ago"]] == [1, 1, 1]


def test_holders_equal_a_plain_count(spark):
    rng = random.Random(4)
    start = datetime(2021, 12, 1)
    events = [
        (rng.choice("abcd"), rng.choice("xy"), rng.choice(["open", "close", "view"]), str(start + timedelta(n)), 1.0)
        for n in range(0, 180, 3)
    ]
    found = {name: [entry.holders for entry in entries] for name, entries in collected(spark, events, "xy").items()}
    assert found == {name: [plain_holders(events, name, f"2022-0{m}-01") for m in (4, 5, 6)] for name in "xy"}


def plain_holders(events, product, end):
    held = {}
    for customer, name, kind, time, _ in events:
        if name == product and time < end and kind != "view":
            held[customer] = kind == "open"
    return sum(held.values())
