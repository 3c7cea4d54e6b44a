from datetime import date

import pytest

from finrec_spark import tables
from finrec_spark.transforms.ingest.customers import customer_versions, customers_as_of

MAY, JUNE, JULY = date(2022, 5, 1), date(2022, 6, 1), date(2022, 7, 1)
ALWAYS = date(1900, 1, 1)


@pytest.fixture
def landed(spark):
    def build(*rows):
        columns = "customer_id string, valid_from date, risk_level int, profile map<string,string>"
        return spark.createDataFrame([(*row, {}) if len(row) == 3 else row for row in rows], columns)

    return build


def versions(customers):
    columns = ("customer_id", "valid_from", "valid_to", "risk_level")
    return sorted(map(tuple, customers.select(*columns).collect()))


def test_delivered_days_are_believed_and_each_version_ends_before_the_next(landed):
    found = customer_versions(None, landed(("ann", date(2022, 3, 1), 3), ("ann", date(2022, 1, 1), 2)), JUNE)
    tables.CUSTOMERS.conform(found)
    assert versions(found) == [
        ("ann", date(2022, 1, 1), date(2022, 2, 28), 2),
        ("ann", date(2022, 3, 1), None, 3),
    ]


def test_consecutive_equal_versions_are_one(landed):
    days = [date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 1)]
    found = customer_versions(
        None, landed(*(("ann", day, level) for day, level in zip(days, (2, 2, 3), strict=True))), JUNE
    )
    assert [row[1] for row in versions(found)] == [days[0], days[2]]


def test_an_undated_change_holds_from_the_eve_of_the_month(landed):
    known = customer_versions(None, landed(("ann", None, 2), ("bob", None, 2)), MAY)
    found = customer_versions(known, landed(("ann", None, 3), ("bob", None, 2), ("cid", None, 1)), JUNE)
    assert versions(found) == [
        ("ann", ALWAYS, date(2022, 5, 30), 2),
        ("ann", date(2022, 5, 31), None, 3),
        ("bob", ALWAYS, None, 2),
        ("cid", date(2022, 5, 31), None, 1),  # new in this delivery, so not known in earlier months
    ]


def test_a_delivered_day_replaces_what_was_known_of_it(landed):
    known = customer_versions(None, landed(("ann", date(2022, 1, 1), 2)), MAY)
    found = customer_versions(known, landed(("ann", date(2022, 1, 1), 4)), JUNE)
    assert versions(found) == [("ann", date(2022, 1, 1), None, 4)]


@pytest.mark.parametrize("month", [JUNE, JULY])
def test_the_same_delivery_twice_changes_nothing(landed, month):
    delivery = landed(
        ("ann", None, 3),
        ("ann", date(2022, 2, 1), 4),
        ("bob", None, 2, {"segment": "retail"}),
        ("cid", date(2022, 6, 1), 1),
    )
    known = customer_versions(landed_history(landed), delivery, JUNE)
    assert versions(customer_versions(known, delivery, month)) == versions(known)


def landed_history(landed):
    return customer_versions(None, landed(("bob", None, 1), ("dan", None, 1)), MAY)


def test_a_customer_is_seen_as_on_the_eve_of_the_month(landed):
    rows = [("ann", date(2022, 1, 1), 2), ("ann", date(2022, 6, 1), 3), ("bob", date(2022, 6, 1), 1)]
    customers = customer_versions(None, landed(*rows), JULY)
    assert [(row.customer_id, row.risk_level) for row in customers_as_of(customers, JUNE).collect()] == [("ann", 2)]


def test_the_segment_is_all_where_the_profile_has_none(landed):
    rows = [("ann", None, 1, {"segment": "retail"}), ("bob", None, 1, {"region": "north"})]
    customers = customers_as_of(customer_versions(None, landed(*rows), JUNE), JUNE)
    assert {row.customer_id: row.segment for row in customers.collect()} == {"ann": "retail", "bob": "all"}
