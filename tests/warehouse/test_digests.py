from datetime import date, datetime
from decimal import Decimal

import pytest

from finrec_spark.tables import CUSTOMERS, INTERACTIONS, PRODUCTS, RESPONSES
from finrec_spark.warehouse.digests import collect_known_digests

NEVER, MAY, JUNE = date(9999, 12, 1), date(2022, 5, 1), date(2022, 6, 1)
EVENT = {"customer_id": "ann", "product_id": "card", "event_type": "buy", "value": Decimal("1.00")}
CARD = {"product_id": "card", "category": "credit_card", "name": "Card", "tags": ["a", None], "valid_from": MAY}
ANN = {"customer_id": "ann", "valid_from": MAY, "profile": {"age": "41", "region": "n"}}


def test_a_row_added_in_june_changes_only_june(digests, events):
    before, after = digests(INTERACTIONS, events(5, 6)), digests(INTERACTIONS, events(5, 6, 6))
    assert before[MAY] == after[MAY]
    assert before[JUNE] != after[JUNE]
    assert [after[month][1] for month in (MAY, JUNE)] == [1, 2]


def test_neither_order_nor_partitions_matter(digests, events):
    assert digests(INTERACTIONS, events(4, 5, 6)) == digests(INTERACTIONS, events(4, 5, 6)[::-1], partitions=3)


def test_the_end_of_a_product_is_known_in_the_month_that_it_falls_in(digests):
    before = digests(PRODUCTS, [CARD])
    after = digests(PRODUCTS, [CARD | {"valid_to": date(2022, 6, 15)}])
    assert after[MAY] == before[MAY]
    assert set(after) == {MAY, JUNE}
    assert after[JUNE][1] == 0


def test_the_end_of_a_customers_version_follows_from_the_next_one(digests):
    assert digests(CUSTOMERS, [ANN]) == digests(CUSTOMERS, [ANN | {"valid_to": date(2022, 6, 15)}])


def test_maps_are_compared_by_their_entries(digests):
    turned = ANN | {"profile": {"region": "n", "age": "41"}}
    assert digests(CUSTOMERS, [ANN]) == digests(CUSTOMERS, [turned])
    assert digests(CUSTOMERS, [ANN]) != digests(CUSTOMERS, [ANN | {"profile": {"age": "42", "region": "n"}}])


@pytest.mark.parametrize(
    "other", [{"tags": [None, "a"]}, {"text": "Card", "name": "Text"}, {"name": None, "text": "Card"}]
)
def test_where_a_null_stands_matters(digests, other):
    assert digests(PRODUCTS, [CARD | {"text": "Text"}]) != digests(PRODUCTS, [CARD | {"text": "Text"} | other])


def test_what_has_no_time_is_of_no_months_past(digests):
    assert set(digests(RESPONSES, [{"contact_id": "c1", "response": "none"}])) == {NEVER}


@pytest.fixture
def events():
    """One event in each of the months."""

    def build(*months):
        times = [datetime(2022, month, 3, number) for number, month in enumerate(months)]
        return [
            EVENT | {"event_id": f"e{n}", "event_time": time, "event_month": time.date().replace(day=1)}
            for n, time in enumerate(times)
        ]

    return build


@pytest.fixture
def digests(spark):
    """Digest and rows by month."""

    def build(table, rows, partitions=1):
        values = [tuple(row.get(name) for name in table.column_names) for row in rows]
        df = spark.createDataFrame(values, table.ddl).repartition(partitions)
        found = collect_known_digests(df, table)
        return {date.fromisoformat(month): (content, rows) for month, content, rows in found}

    return build
