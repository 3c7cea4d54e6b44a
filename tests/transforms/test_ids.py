from datetime import date

import pytest

from finrec_spark.transforms.ids import assign_positions, collect_product_ids, known_before


def test_positions_have_no_gaps(positions):
    assert sorted(positions(["u-7", "u-1", "u-1", "ü"]).values()) == [0, 1, 2]


def test_a_new_id_renumbers_no_other(positions):
    first = positions(["u-7", "u-3"])
    second = positions(["u-1", "u-7", "u-9"], known=first)
    assert {name: second[name] for name in first} == first
    assert sorted(second.values()) == [0, 1, 2, 3]


def test_the_partitioning_decides_nothing(positions):
    ids = [f"u-{number}" for number in range(50)]
    assert positions(ids) == positions(ids[::-1], partitions=7)


def test_product_ids_come_in_the_order_of_their_positions(spark):
    rows = spark.createDataFrame([("loan", 1), ("card", 0)], "product_id string, product_index int")
    assert collect_product_ids(rows) == ("card", "loan")


def test_known_is_what_was_valid_or_dealt_with_before_the_month(spark):
    days = [("ann", date(1900, 1, 1)), ("bob", date(2022, 5, 31)), ("cid", date(2022, 6, 1))]
    versions = spark.createDataFrame(days, "customer_id string, valid_from date")
    interactions = spark.createDataFrame([("bob",), ("dan",), ("dan",)], "customer_id string")
    found = known_before(date(2022, 6, 1), versions, interactions, "customer_id").collect()
    assert sorted(row.customer_id for row in found) == ["ann", "bob", "dan"]


@pytest.fixture
def positions(spark):
    def assign(ids, known=None, partitions=2):
        rows = spark.createDataFrame([(name,) for name in ids], "id string").repartition(partitions)
        before = known and spark.createDataFrame(list(known.items()), "id string, position int")
        return {row.id: row.position for row in assign_positions(before, rows, "id", "position").collect()}

    return assign
