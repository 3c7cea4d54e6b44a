from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import functions as F

from finrec_spark.tables import PRODUCT_PROFILE, PRODUCTS
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.profiles.product_profiles import product_profiles

JUNE = date(2022, 6, 1)
ALWAYS = date(1900, 1, 1)


@pytest.fixture
def profiles(spark):
    def build(events=(), held=(), sold=(("card", ALWAYS, None),)):
        columns = "customer_id string, product_id string, event_type string, event_time string"
        interactions = spark.createDataFrame(list(events), columns)
        interactions = interactions.withColumn("event_time", F.to_timestamp("event_time"))
        matrix = spark.createDataFrame(list(held), "customer_id string, product_id string, owned boolean")
        rows = [(name, "loan", "Name", None, [], 2, Decimal("9.50"), *days, {}) for name, *days in sold]
        names = [*(name for name, *_ in sold), "gone"]
        positions = spark.createDataFrame(
            [(name, index) for index, name in enumerate(names)], "product_id string, product_index int"
        )
        found = product_profiles(
            interactions, matrix, spark.createDataFrame(rows, PRODUCTS.ddl), positions, JUNE, MatrixParams()
        )
        PRODUCT_PROFILE.conform(found.withColumn("month", F.lit(JUNE)))
        return {row.product_id: row for row in found.collect()}

    return build


def test_every_product_that_was_sold_or_dealt_in_has_a_row_as_it_is_described(profiles):
    found = profiles([("ann", "gone", "view", "2022-05-01")])
    card, gone = found["card"], found["gone"]
    assert (card.category, card.risk_level, card.price, card.on_sale) == ("loan", 2, 9.5, True)
    assert (gone.category, gone.risk_level, gone.on_sale, gone.holders) == ("unknown", None, False, 0)


def test_a_product_that_came_into_the_index_with_a_later_month_has_none(profiles):
    """Months are made side by side: what a later one brings must not depend on which is made first."""
    sold = [("card", ALWAYS, None), ("new", JUNE, None)]
    assert profiles([("ann", "new", "open", "2022-06-03")], sold=sold).keys() == {"card"}


def test_takers_are_different_customers_by_their_newest_taking(profiles):
    card = profiles(
        [
            ("ann", "card", "open", "2022-05-31"),
            ("ann", "card", "open", "2022-05-30"),
            ("bob", "card", "buy", "2022-04-01"),
            ("cid", "card", "view", "2022-05-31"),
            ("dan", "card", "open", "2022-06-01"),
        ]
    )["card"]
    assert (card.takers_30d, card.takers_90d, card.takers_365d) == (1, 2, 2)


def test_takers_of_the_same_month_are_those_of_a_year_before(profiles):
    days = ["2021-05-31", "2021-06-01", "2021-06-30 23:59:59", "2021-07-01"]
    events = [(f"c{number}", "card", "open", day) for number, day in enumerate(days)]
    assert profiles(events)["card"].takers_same_month == 2


def test_holders_are_those_of_the_matrix(profiles):
    held = [("ann", "card", True), ("bob", "card", False)]
    assert profiles(held=held)["card"].holders == 1


def test_a_product_is_as_old_as_its_first_known_day_of_sale_or_dealing(profiles):
    may = date(2022, 5, 1)
    sold = [(name, day, None) for name, day in {"a": ALWAYS, "b": may, "c": may, "d": ALWAYS, "e": JUNE}.items()]
    days = {"c": "2022-04-30", "d": "2022-05-31", "e": "2022-06-01"}
    found = profiles([("ann", name, "view", day) for name, day in days.items()], sold=sold)
    assert {name: row.age_days for name, row in found.items()} == {"a": None, "b": 30, "c": 31, "d": 0}
