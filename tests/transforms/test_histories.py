from datetime import date, datetime

import pytest

from finrec_spark.transforms.histories import customer_histories, history_values


def test_lists_ascend_by_product_whatever_the_order_of_the_rows(matrix):
    rows = [("ann", 0, 2, 0.5, None, False), ("ann", 0, 0, 1.0, 4.0, True)]
    row = customer_histories(matrix(rows)).head()
    assert (row.product_index, row.strength, row.rating, row.owned) == ([0, 2], [1.0, 0.5], [4.0, None], [True, False])


def test_days_count_from_the_newest_interaction_to_the_month(matrix):
    eve, before = datetime(2022, 5, 31, 23, 59), datetime(2022, 4, 1)
    rows = [("ann", 0, 0, 1.0, None, True, eve), ("ann", 0, 1, 1.0, None, False, before)]
    assert customer_histories(matrix(rows)).head().days == [1, 61]


def test_owned_as_value_is_one_for_what_is_held_and_nothing_else(matrix):
    rows = [("ann", 0, 0, 1.0, None, True), ("ann", 0, 1, 1.0, None, False), ("bob", 1, 1, 1.0, None, False)]
    values = history_values(customer_histories(matrix(rows)), "owned").collect()
    assert [(row.customer_id, row.product_index, row.value) for row in values] == [("ann", [0], [1.0])]


def test_met_as_value_is_one_for_everything_that_left_any_strength(matrix):
    rows = [("ann", 0, 0, 2.5, None, True), ("ann", 0, 1, 0.2, None, False), ("ann", 0, 2, 0.0, None, False)]
    values = history_values(customer_histories(matrix(rows)), "met").collect()
    assert [(row.product_index, row.value) for row in values] == [([0, 1], [1.0, 1.0])]


def test_a_customer_without_a_history_has_no_values(spark):
    columns = "customer_id string, product_index array<int>, strength array<double>"
    rows = spark.createDataFrame([("ann", [], []), ("bob", [2], [0.5])], columns)
    assert [(row.customer_id, row.value) for row in history_values(rows, "strength").collect()] == [("bob", [0.5])]


def test_a_rating_of_zero_is_a_rating(matrix):
    rows = [("ann", 0, 0, 1.0, 0.0, True), ("ann", 0, 1, 1.0, None, True)]
    assert history_values(customer_histories(matrix(rows)), "rating").head().product_index == [0]


@pytest.fixture
def matrix(spark):
    columns = (
        "customer_id string, customer_index int, product_index int, strength double, rating double, owned boolean, "
        "last_event timestamp, month date"
    )
    month, some_day = date(2022, 6, 1), datetime(2022, 5, 10)
    return lambda rows: spark.createDataFrame([(*(*row, some_day)[:7], month) for row in rows], columns)
