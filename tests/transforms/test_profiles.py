from datetime import date, datetime, timedelta

import numpy as np
import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from finrec_spark.tables import CUSTOMER_PROFILE
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.profiles.customer_profiles import (
    ProfileParams,
    ProfileSources,
    collect_categories,
    customer_profiles,
)
from finrec_spark.transforms.profiles.kinds import collect_columns

JUNE = date(2022, 6, 1)
ALWAYS = date(1900, 1, 1)
CATEGORIES = ("credit_card", "loan")
CATEGORY = {"card": "credit_card", "gold": "credit_card", "home": "loan", "odd": "other"}
COLUMNS = {
    "customers": "customer_id string, valid_from date, valid_to date, risk_level int, profile map<string,string>",
    "interactions": "customer_id string, product_id string, event_type string, event_time string, value string",
    "matrix": "customer_id string, product_id string, owned boolean",
    "contacts": "contact_id string, customer_id string, channel string, contact_time string, arm string",
    "responses": "contact_id string, response string, response_time string",
}


@pytest.fixture
def sources(spark):
    """Silver tables from the rows of a test; times and money are written as text."""

    def build(partitions=2, **rows):
        made = {
            name: spark.createDataFrame(rows.get(name, []), columns).repartition(partitions)
            for name, columns in COLUMNS.items()
        }
        times = {"interactions": "event_time", "contacts": "contact_time", "responses": "response_time"}
        for name, column in times.items():
            made[name] = made[name].withColumn(column, F.to_timestamp(column))
        made["interactions"] = made["interactions"].withColumn("value", F.col("value").cast("decimal(18,2)"))
        products = spark.createDataFrame(list(CATEGORY.items()), "product_id string, category string")
        return ProfileSources(products=products, **made)

    return build


@pytest.fixture
def profiles(sources):
    """The profiles by customer."""

    def build(kinds=None, **rows):
        found = customer_profiles(sources(**rows), JUNE, kinds or {}, CATEGORIES, MatrixParams(), ProfileParams())
        return {row.customer_id: row for row in found.collect()}

    return build


def test_the_columns_are_those_of_the_table(sources):
    found = customer_profiles(sources(), JUNE, {"age": "number"}, CATEGORIES, MatrixParams(), ProfileParams())
    CUSTOMER_PROFILE.conform(found.withColumn("month", F.lit(JUNE)))


def test_everyone_known_before_the_month_has_one_row(profiles):
    customers = [("ann", ALWAYS, None, 2, {}), ("new", JUNE, None, 2, {})]
    views = [("bob", "card", "view", "2022-05-31", None), ("late", "card", "view", "2022-06-01", None)]
    found = profiles(customers=customers, interactions=views)
    assert {name: row.segment for name, row in found.items()} == {"ann": "all", "bob": "all"}
    assert (found["ann"].events_365d, found["ann"].recency_days, found["ann"].held_by_category) == (0, None, {})


def test_what_happens_in_the_month_changes_no_profile(sources):
    before = {
        "customers": [("ann", date(2022, 1, 1), None, 2, {"age": "41"})],
        "interactions": [("ann", "card", "open", "2022-05-01", "10")],
        "contacts": [("k", "ann", "sms", "2022-05-01", "treatment")],
    }
    customers = [
        ("ann", date(2022, 1, 1), JUNE, 2, {"age": "41"}),
        ("ann", date(2022, 6, 2), None, 5, {"age": "42"}),
    ]
    after = {
        "customers": customers,
        "interactions": [*before["interactions"], ("ann", "home", "open", "2022-06-01", "10")],
        "contacts": [*before["contacts"], ("l", "ann", "sms", "2022-06-01", "treatment")],
        "responses": [("k", "accepted", "2022-06-01")],
    }
    made = [
        customer_profiles(sources(**rows), JUNE, {"age": "number"}, CATEGORIES, MatrixParams(), ProfileParams())
        for rows in (before, after)
    ]
    assert_df_equality(*made)


def test_days_count_back_from_the_eve_of_the_month(profiles):
    row = profiles(
        interactions=[
            ("ann", "card", "view", "2022-05-31 23:59:59", None),
            ("ann", "card", "view", "2022-05-02", None),  # day 29
            ("ann", "card", "view", "2022-05-01", None),  # day 30
        ]
    )["ann"]
    assert (row.recency_days, row.tenure_days, row.events_30d, row.events_90d) == (0, 30, 2, 3)


def test_a_change_is_one_value_after_another_and_none_of_what_was_missing(profiles):
    versions = [
        ("ann", ALWAYS, date(2022, 3, 1), 2, {"housing": "rents", "children": "0", "job": ""}),
        ("ann", date(2022, 3, 2), date(2022, 5, 30), 2, {"housing": "owns", "children": "0", "job": "clerk"}),
        ("ann", date(2022, 5, 31), JUNE, 2, {"housing": "owns", "children": "1", "job": "clerk"}),
        ("ann", date(2022, 6, 2), None, 2, {"housing": "rents", "children": "1", "job": "cook"}),
        ("bob", ALWAYS, None, 2, {"housing": "rents", "children": "0", "job": "cook"}),
    ]
    kinds = {"housing": "category", "children": "number", "job": "category", "since": "date"}
    versions += [
        ("eve", ALWAYS, date(2022, 3, 1), 2, {"housing": "owns", "children": "1"}),
        ("eve", date(2022, 3, 2), None, 2, {"housing": "owns ", "children": "1.0"}),
    ]
    found = profiles(kinds, customers=versions)
    assert found["eve"].changed_days == {}
    assert found["ann"].changed_days == {"housing": 90, "children": 0}
    assert found["bob"].changed_days == {}


def test_money_goes_in_with_openings_and_out_with_closings_and_sales(profiles):
    row = profiles(
        interactions=[
            ("ann", "card", "open", "2021-05-31", "1000.10"),
            ("ann", "card", "buy", "2022-05-01", "100.10"),
            ("ann", "card", "sell", "2022-05-02", "50.05"),
            ("ann", "card", "close", "2022-05-03", "20"),
            ("ann", "card", "transaction", "2022-05-04", "7000"),
            ("ann", "card", "rating", "2022-05-05", "9999"),
        ]
    )["ann"]
    assert (row.inflow_90d, row.inflow_365d, row.outflow_90d) == (100.10, 100.10, 70.05)
    assert (row.balance, row.largest_amount) == (1030.15, 7000.0)


def test_a_balance_is_never_below_zero(profiles):
    assert profiles(interactions=[("ann", "card", "sell", "2022-05-02", "50")])["ann"].balance == 0.0


def test_holdings_and_events_are_counted_by_category(profiles):
    row = profiles(
        interactions=[("ann", product, "view", "2022-05-02", None) for product in ("card", "gold", "odd")],
        matrix=[("ann", "card", True), ("ann", "gold", True), ("ann", "home", False), ("ann", "odd", True)],
    )["ann"]
    assert (row.held, row.held_by_category, row.events_by_category) == (3, {"credit_card": 2}, {"credit_card": 2})


def test_the_risk_level_is_as_old_as_the_newest_run_of_versions_with_it(profiles):
    days = [date(2021, 1, 1), date(2022, 2, 1), date(2022, 5, 1), date(2022, 5, 22)]
    ends = [day - timedelta(days=1) for day in days[1:]]
    levels = (3, 2, 3, 3)
    versions = [("ann", *row, {}) for row in zip(days, [*ends, None], levels, strict=True)]
    undated = [("bob", ALWAYS, None, 2, {}), ("cid", date(2022, 5, 1), None, None, {})]
    found = profiles(customers=[*versions, *undated])
    assert {name: row.risk_age_days for name, row in found.items()} == {"ann": 30, "bob": None, "cid": None}
    assert {name: row.tenure_days for name, row in found.items()} == {"ann": 515, "bob": None, "cid": 30}


def test_contacts_and_answers_are_counted_and_the_best_channel_is_told(profiles):
    contacts = [
        ("a", "ann", "sms", "2022-05-31", "treatment"),
        ("b", "ann", "phone", "2022-05-01", "treatment"),
        ("c", "ann", "app", "2021-05-01", "treatment"),
        ("d", "ann", "app", "2022-05-01", "control"),
    ]
    responses = [(name, "accepted", "2022-05-31 12:00:00") for name in "ac"] + [("b", "declined", "2022-05-02")]
    views = [("ann", "card", "view", "2022-05-02", None)]
    row = profiles(interactions=views, contacts=contacts, responses=responses)["ann"]
    assert (row.contacts_365d, row.contact_recency_days) == (2, 0)
    assert (row.accepted_365d, row.declined_365d, row.channel) == (1, 1, "app")


def test_delivered_columns_are_numbers_or_categories(profiles):
    profile = {"age": " 41", "income": "n/a", "asked": "2022-05-01", "region": "north", "segment": "retail"}
    order = ("low", "high")
    kinds = {"age": "number", "income": "number", "asked": "date", "region": "category", "segment": "category"}
    row = profiles(
        kinds={**kinds, "education": order, "name": "ignore"},
        customers=[("ann", ALWAYS, None, 2, {**profile, "education": "high", "name": "Ann"})],
    )["ann"]
    assert row.numbers == {"age": 41.0, "asked": 30.0, "education": 2.0}
    assert (row.segment, row.categories) == ("retail", {"region": "north"})


def test_kinds_are_inferred_unless_they_are_configured(sources):
    rows = [
        ("ann", ALWAYS, None, 1, {"age": "41", "flag": "0", "asked": "2022-05-01", "code": "1", "name": "A"}),
        ("bob", ALWAYS, None, 1, {"age": "4e1", "flag": "1", "asked": "2021-05-01", "code": "2", "name": "B"}),
        ("cid", ALWAYS, None, 1, {"age": "-3.5", "flag": "0", "asked": "", "code": "3", "name": "C"}),
        ("new", JUNE, None, 1, {"age": "old", "later": "1"}),
    ]
    params = ProfileParams(kinds={"code": "category"}, most_values=2)
    kinds = {"age": "number", "asked": "date", "code": "category", "flag": "category", "name": "ignore"}
    assert collect_columns(sources(customers=rows).customers, JUNE, params).kinds == kinds


def test_the_largest_categories_are_counted_each(spark):
    rows = [("a", "loan"), ("b", "card"), ("c", "loan"), ("d", "fund")]
    products = spark.createDataFrame(rows, "product_id string, category string")
    assert collect_categories(products, ProfileParams(max_categories=2)) == ("card", "loan")


def random_events(seed, n=300):
    """A heavy customer, and some others."""
    draw = np.random.default_rng(seed)
    names = np.where(draw.random(n) < 0.5, "heavy", draw.choice(["ann", "bob", "cid"], n))
    days = [str(datetime(2021, 4, 1) + timedelta(hours=int(hours))) for hours in draw.integers(0, 450 * 24, n)]
    types = draw.choice(["view", "open", "close", "sell", "rating", "transaction"], n)
    values = [
        None if missing else f"{cents / 100:.2f}"
        for missing, cents in zip(draw.random(n) < 0.2, draw.integers(0, 10**7, n), strict=True)
    ]
    return [
        tuple(value if value is None else str(value) for value in row)
        for row in zip(names, draw.choice(list(CATEGORY), n), types, days, values, strict=True)
    ]


def slow_profile(events):
    """One customer's sums, an event at a time, in cents."""
    ages = [(JUNE - datetime.fromisoformat(row[3]).date()).days - 1 for row in events]
    known = [(age, row) for age, row in zip(ages, events, strict=True) if age >= 0]
    made = {"recency_days": min(age for age, _ in known), "tenure_days": max(age for age, _ in known)}
    cents = {id(row): round(float(row[4]) * 100) if row[4] else 0 for _, row in known}
    for days in (30, 90, 365):
        recent = [row for age, row in known if age < days]
        made[f"events_{days}d"] = len(recent)
        made[f"taken_{days}d"] = sum(row[2] in ("open", "rating") for row in recent)
        made[f"inflow_{days}d"] = sum(cents[id(row)] for row in recent if row[2] == "open") / 100
        made[f"outflow_{days}d"] = sum(cents[id(row)] for row in recent if row[2] in ("close", "sell")) / 100
    signs = {"open": 1, "close": -1, "sell": -1}
    made["balance"] = max(0, sum(signs.get(row[2], 0) * cents[id(row)] for _, row in known)) / 100
    made["largest_amount"] = max(cents[id(row)] for _, row in known if row[2] != "rating" and row[4]) / 100
    counted = [CATEGORY[row[1]] for age, row in known if age < 365]
    made["events_by_category"] = {name: counted.count(name) for name in CATEGORIES if name in counted}
    return {name: value for name, value in made.items() if name in CUSTOMER_PROFILE.column_names}


def test_the_sums_are_those_of_a_slow_loop_for_a_heavy_customer_too(profiles):
    events = random_events(seed=1)
    expected = {name: slow_profile([row for row in events if row[0] == name]) for name in {row[0] for row in events}}
    found = {name: row.asDict() for name, row in profiles(interactions=events).items()}
    assert {name: {column: found[name][column] for column in expected[name]} for name in found} == expected


def test_the_partitioning_changes_no_bit(profiles):
    events = random_events(seed=2)
    assert profiles(interactions=events) == profiles(interactions=events, partitions=7)
