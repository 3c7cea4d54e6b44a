"""Explorers keep the month's limits, and what they use counts."""

from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.arms import ArmParams
from finrec_spark.campaigns.exploration import collect_used, within_limits
from finrec_spark.campaigns.offers import first_of_popular, with_impersonal_values

JUNE, ARMS = date(2022, 6, 1), ArmParams()
LIMITS = {
    "contacts": (AllocationParams(contacts=150), "true", 150),
    "channel": (AllocationParams(by_channel={"phone": 20}), "channel = 'phone'", 20),
    "branch": (AllocationParams(by_branch={"north": 15}), "branch = 'north'", 15),
    "product": (AllocationParams(product_maximum={"P0": 7}), "product_id = 'P0'", 7),
    "nobody": (AllocationParams(by_channel={"phone": 0}), "channel = 'phone'", 0),
}


@pytest.fixture(scope="module")
def explored(spark):
    """300 offers: a third by phone for 6 yuan, the others by sms for 1; half of them of no branch."""
    return spark.range(300).select(
        F.concat(F.lit("C"), "id").alias("customer_id"),
        F.concat(F.lit("P"), (F.col("id") % 10).cast("string")).alias("product_id"),
        F.when(F.col("id") % 3 == 0, "phone").otherwise("sms").alias("channel"),
        F.when(F.col("id") % 2 == 0, "north").alias("branch"),
        F.when(F.col("id") % 3 == 0, 6.0).otherwise(1.0).alias("cost"),
    )


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_reached_and_not_passed_and_what_it_does_not_name_stays(explored, name):
    limits, of_limit, most = LIMITS[name]
    kept = within_limits(explored, limits, ARMS, JUNE)
    assert kept.where(of_limit).count() == most
    untouched = explored.where(f"not coalesce({of_limit}, false)")
    assert kept.join(untouched, "customer_id").count() == untouched.count()


def test_a_budget_is_kept(explored):
    kept = within_limits(explored, AllocationParams(budget_yuan=100), ARMS, JUNE)
    assert 90 <= kept.agg(F.sum("cost")).head()[0] <= 100


def test_partitions_change_nobody(explored):
    limits = AllocationParams(contacts=100, by_channel={"phone": 20}, budget_yuan=90)
    found = [within_limits(rows, limits, ARMS, JUNE) for rows in (explored, explored.repartition(7))]
    assert {r["customer_id"] for r in found[0].collect()} == {r["customer_id"] for r in found[1].collect()}


def test_what_is_used_is_counted_by_name(explored):
    used = collect_used(explored)
    assert (used.contacts, used.yuan) == (300, 800.0)
    assert used.by_channel == {"phone": 100, "sms": 200} and used.by_branch == {"north": 150}
    assert collect_used(explored.where("false")).contacts == 0


def test_an_impersonal_customer_keeps_the_first_popular_product_at_everyones_value(spark):
    rows = [("ann", "P1", "sms", 1, True, 0.5, 5.0), ("ben", "P1", "sms", 1, True, 0.1, 1.0),
            ("cem", "P2", "sms", 2, False, 0.9, 9.0), ("cem", "P1", "sms", 3, False, 0.9, 9.0),
            ("dan", "P1", "sms", 1, False, 0.9, 9.0)]  # fmt: skip
    names = "customer_id string, product_id string, channel string, rank int, personal boolean, probability double"
    options = spark.createDataFrame(rows, f"{names}, value double")
    first = first_of_popular(options)
    assert [(r.customer_id, r.product_id) for r in first.orderBy("customer_id").collect()][2] == ("cem", "P2")
    valued = {r.customer_id: r.value for r in with_impersonal_values(first).collect()}
    assert valued == {"ann": 5.0, "ben": 1.0, "cem": 0.0, "dan": 3.0}


def test_everyones_value_does_not_depend_on_the_order_of_the_customers(spark):
    """0.1 + 0.2 + 0.3 is more than 0.3 + 0.2 + 0.1 by the last digit."""
    names = "customer_id string, product_id string, channel string, personal boolean, probability double, value double"
    for figures in ((0.1, 0.2, 0.3), (0.3, 0.2, 0.1)):
        rows = [(f"c{n}", "P1", "sms", True, figure, figure) for n, figure in enumerate(figures)]
        options = spark.createDataFrame([*rows, ("ann", "P1", "sms", False, 0.9, 9.0)], names).coalesce(1)
        (row,) = with_impersonal_values(options).where("customer_id = 'ann'").collect()
        assert (row.probability, row.value) == (0.2, 0.2)
