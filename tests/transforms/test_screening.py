import json
from collections import Counter
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from finrec_spark import tables
from finrec_spark.transforms.ingest.screening import (
    screened_consents,
    screened_contacts,
    screened_customers,
    screened_interactions,
    screened_products,
    screened_responses,
)

GOOD = {
    "event_id": "e1",
    "customer_id": "ann",
    "product_id": "card",
    "event_type": "open",
    "event_time": "2022-05-01",
    "value": "12.50",
    "currency": "CNY",
}
DAMAGES = {
    "customer_id is missing": {"customer_id": " "},
    "unknown product": {"product_id": "yacht"},
    "unknown customer": {"customer_id": "nobody"},
    "event_time is a date that does not exist": {"event_time": "2022-02-30"},
    "event_time is not a date": {"event_time": "yesterday"},
    "event_time is before 1900 or after 2100": {"event_time": "2922-05-01 10:00:00"},
    "value is negative": {"value": "-1"},
    "value is not a number": {"value": "12,5x"},
    "value is too large": {"value": "1e16"},
    "currency is not three letters": {"currency": "¥"},
    "fold is not a whole number": {"fold": "one"},
    "event_type is missing": {"event_type": None},
    "malformed row": {"malformed": "e1,ann,card,,,,,surplus"},
}


@pytest.fixture
def screened(spark):
    products = spark.createDataFrame([("card",), ("loan",)], "product_id string")
    customers = spark.createDataFrame([("ann",), ("ann",), ("bob",)], "customer_id string")

    def screen(rows):
        columns = [*tables.LANDING_INTERACTIONS.column_names, "malformed"]
        values = [tuple(row.get(name) for name in columns) for row in rows]
        landed = spark.createDataFrame(values, ", ".join(f"{name} string" for name in columns))
        return screened_interactions(landed.repartition(3), products, customers)

    return screen


def reasons(screened):
    return Counter(row.reason for row in screened.rejected.collect())


def test_every_damage_is_refused_with_its_reason_and_the_good_row_stays(screened):
    damaged = [GOOD | {"event_id": f"bad-{i}"} | damage for i, damage in enumerate(DAMAGES.values())]
    found = screened([GOOD, *damaged])
    assert reasons(found) == Counter(list(DAMAGES))
    assert [row.event_id for row in found.valid.collect()] == ["e1"]


def test_valid_rows_have_the_declared_types(screened):
    row = tables.INTERACTIONS.conform(screened([GOOD | {"event_time": "2022-05-01T10:00:00+08:00"}]).valid).first()
    assert (str(row.event_time), str(row.value), row.fold) == ("2022-05-01 02:00:00", "12.50", None)
    assert row.event_month == date(2022, 5, 1)


ZONES = {
    "2022-05-01 08:04:00.100+02": "06:04:00.100000",
    "2022-05-01 08:04:00+0200": "06:04:00",
    "2022-05-01 08:04:00.123456789123 +02:00": "06:04:00.123456",
    "2022-05-01 08:04:00 UTC": "08:04:00",
    "2022-05-01T08:04:00Z": "08:04:00",
    "2022-05-01 08:04Z": "08:04:00",
    "2022-05-01 08:04:00 Europe/Athens": "05:04:00",
    "2022-05-01T08:04:00+03:00[Europe/Athens]": "05:04:00",
    "2022-05-01 08:04:00 America/Argentina/Buenos_Aires": "11:04:00",
    "2022-05-01 08:04:00-0530": "13:34:00",
    "2022-05-01 08:04:00.1": "08:04:00.100000",
}


def test_every_zone_that_databases_print_is_read(screened):
    found = screened([GOOD | {"event_id": time, "event_time": time} for time in ZONES]).valid.collect()
    assert {row.event_id: str(row.event_time).split()[1] for row in found} == ZONES


def test_a_fraction_of_any_length_and_every_zone_give_the_same_instant(screened):
    offsets = {
        "": 0,
        "Z": 0,
        " UTC": 0,
        "+02": 120,
        "+0200": 120,
        "+02:00": 120,
        " -05:30": -330,
        " Europe/Athens": 180,
    }
    digits = "1234567890123"
    expected = {
        f"2022-05-01{between}08:04:07{fraction and '.'}{fraction}{zone}": datetime(
            2022, 5, 1, 8, 4, 7, int(fraction[:6].ljust(6, "0"))
        )
        - timedelta(minutes=minutes)
        for zone, minutes in offsets.items()
        for fraction in (digits[:length] for length in range(len(digits)))
        for between in (" ", "T")
    }
    found = screened([GOOD | {"event_id": time, "event_time": time} for time in expected]).valid.collect()
    assert {row.event_id: row.event_time for row in found} == expected


AGES = {
    "1899-12-31 23:30:00-02": False,
    "1900-01-01": True,
    "1900-01-01T00:00:00+02:00": True,
    "2100-12-31 23:30:00-02": True,
    "2101-01-01 00:30:00+02": False,
    "0999-05-01": False,
}


def test_the_year_that_is_written_decides_whether_a_time_is_plausible_and_no_row_is_lost(screened):
    found = screened([GOOD | {"event_id": time, "event_time": time} for time in AGES])
    assert reasons(found) == {"event_time is before 1900 or after 2100": 3}
    assert {row.event_id for row in found.valid.collect()} == {time for time, plausible in AGES.items() if plausible}


AMOUNTS = {
    "12": ("12.00", 12.0),
    "12.": ("12.00", 12.0),
    "0.005": ("0.01", 0.005),
    "+7.1": ("7.10", 7.1),
    ".5": ("0.50", 0.5),
    "1.5e3": ("1500.00", 1500.0),
    "999999999999999.99": ("999999999999999.99", 999999999999999.99),
    "1234567890123456": ("1234567890123456.00", 1234567890123456.0),
    "0": ("0.00", 0.0),
    "-0": ("0.00", 0.0),
}


def test_plainly_written_amounts_and_others_are_read_alike(screened):
    found = screened([GOOD | {"event_id": text, "value": text} for text in AMOUNTS]).valid.collect()
    assert {row.event_id: (str(row.value), row.rating) for row in found} == AMOUNTS


def test_a_zone_that_does_not_exist_is_told(screened):
    found = screened([GOOD | {"event_time": "2022-05-01 08:04:00 Nowhere/Town"}])
    assert reasons(found) == {"event_time is a date or zone that does not exist": 1}


def test_the_rating_is_the_value_unrounded(screened):
    row = screened([GOOD | {"value": "0.0031"}]).valid.first()
    assert (str(row.value), row.rating) == ("0.00", 0.0031)


def test_all_faults_of_a_row_are_told_and_the_row_is_kept_as_it_came(screened):
    found = screened([GOOD | {"product_id": " yacht", "value": "-1"}]).rejected.first()
    assert found.reason == "value is negative; unknown product"
    assert json.loads(found.row) == GOOD | {"product_id": " yacht", "value": "-1"}


def test_of_a_malformed_line_the_line_itself_is_kept(screened):
    found = screened([GOOD | {"malformed": "a,b"}]).rejected.first()
    assert json.loads(found.row) == {"malformed": "a,b"}


def test_of_one_event_id_the_earliest_faultless_row_stays(screened):
    times = ["2022-05-03", "2022-05-02", "2022-02-30"]
    found = screened([GOOD | {"event_time": time} for time in times])
    assert [row.event_time.day for row in found.valid.collect()] == [2]
    assert reasons(found) == {"duplicate key": 1, "event_time is a date that does not exist": 1}


def test_repeats_without_an_id_stay_and_their_ids_do_not_depend_on_order(screened):
    rows = [GOOD | {"event_id": None, "value": value} for value in ("1", "1", "1.0", "2")]
    ids = sorted(row.event_id for row in screened(rows).valid.collect())
    again = sorted(row.event_id for row in screened(rows[::-1]).valid.collect())
    assert ids == again and len(set(ids)) == 4
    assert sorted(one.rsplit("-", 1)[1] for one in ids) == ["1", "1", "2", "3"]


def test_of_randomly_damaged_rows_none_is_lost_and_no_good_one_is_refused(screened):
    kinds = {"valid": {}, "duplicate key": {"event_id": "e0"}} | DAMAGES
    chosen = ["valid", *np.random.default_rng(7).choice(list(kinds), size=59)]
    rows = [GOOD | {"event_id": f"e{place}"} | kinds[kind] for place, kind in enumerate(chosen)]
    found = screened(rows)
    assert Counter({"valid": found.valid.count()}) + reasons(found) == Counter(chosen)


def test_ansi_mode_changes_nothing(spark, screened):
    spark.conf.set("spark.sql.ansi.enabled", "true")
    try:
        found = screened([GOOD, *(GOOD | damage for damage in DAMAGES.values())])
        assert set(reasons(found)) == set(DAMAGES)
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")


def test_customers_keep_their_profile_and_refuse_a_bad_risk_level(spark):
    columns = "customer_id string, valid_from string, risk_level string, extra map<string,string>"
    rows = [
        ("ann", "2022-01-01", "3.0", {"b": "2", "a": "1"}),
        ("ann", "2022-01-01 00:00:00", "3", None),
        ("bob", None, "6", None),
    ]
    found = screened_customers(spark.createDataFrame(rows, columns))
    assert found.valid.first()[:] == ("ann", date(2022, 1, 1), 3, {"a": "1", "b": "2"})
    assert reasons(found) == {"duplicate key": 1, "risk_level is not 1 to 5": 1}


def test_products_are_typed_and_their_days_are_in_order(spark):
    columns = "product_id string, category string, name string, tags string, valid_from string, valid_to string"
    rows = [
        ("card", "Credit_Card", "Card", "a| b||a", None, "9999-12-31"),
        ("loan", "loan", None, None, None, None),
        ("fund", "investment", "Fund", None, "2022-05-02", "2022-05-01"),
    ]
    found = screened_products(spark.createDataFrame(rows, columns))
    card = tables.PRODUCTS.conform(found.valid).first()
    assert (card.category, card.tags, card.valid_from, card.valid_to, card.attributes) == (
        "credit_card",
        ["a", "b"],
        None,
        None,
        {},
    )
    assert reasons(found) == {"name is missing": 1, "valid_to is before valid_from": 1}


def test_of_two_words_on_one_day_the_refusal_stays(spark):
    columns = "customer_id string, channel string, consented string, valid_from string"
    rows = [("ann", "SMS", "1", None), ("ann", "sms", "false", None), ("ann", "pigeon", "maybe", None)]
    customers = spark.createDataFrame([("ann",)], "customer_id string")
    found = screened_consents(spark.createDataFrame(rows, columns), customers)
    assert tables.CONSENTS.conform(found.valid).first()[:] == ("ann", "sms", "marketing", False, date(1900, 1, 1))
    assert reasons(found) == {"duplicate key": 1, "unknown channel; consented is not true or false": 1}


def test_a_word_is_on_a_purpose_and_may_be_on_all_channels(spark):
    columns = "customer_id string, channel string, consented string, purpose string, valid_from string"
    rows = [("ann", "all", "no", "Profiling", "2022-05-31"), ("ann", "all", "no", "spying", None)]
    customers = spark.createDataFrame([("ann",)], "customer_id string")
    found = screened_consents(spark.createDataFrame(rows, columns), customers)
    assert tables.CONSENTS.conform(found.valid).first()[:] == ("ann", "all", "profiling", False, date(2022, 5, 31))
    assert reasons(found) == {"unknown purpose": 1}


def test_contacts_are_treatment_unless_told_otherwise(spark):
    columns = (
        "contact_id string, customer_id string, product_id string, channel string, contact_time string, arm string"
    )
    rows = [("c1", "ann", "card", "app", "2022-05-01", None), ("c2", "ann", "card", "app", "2022-05-01", "other")]
    ids = spark.createDataFrame([("ann", "card")], "customer_id string, product_id string")
    found = screened_contacts(spark.createDataFrame(rows, columns), ids, ids)
    assert tables.CONTACTS.conform(found.valid).first().arm == "treatment"
    assert reasons(found) == {"unknown arm": 1}


def test_responses_answer_a_known_contact(spark):
    rows = [("c1", "Accepted"), ("c2", "accepted"), ("c1", "perhaps")]
    found = screened_responses(spark.createDataFrame(rows, "contact_id string, response string"), contacts(spark, "c1"))
    assert tables.RESPONSES.conform(found.valid).first()[:2] == ("c1", "accepted")
    assert reasons(found) == {"unknown contact": 1, "unknown response": 1}


def test_an_answer_without_a_time_is_of_its_contact_s_time_and_a_silence_of_none(spark):
    rows = [("c1", "accepted", None), ("c2", "Declined", " "), ("c3", "none", None), ("c4", "accepted", "2022-05-09")]
    landed = spark.createDataFrame(rows, "contact_id string, response string, response_time string")
    found = screened_responses(landed, contacts(spark, "c1", "c2", "c3", "c4")).valid
    times = {row.contact_id: row.response_time for row in found.collect()}
    assert times == {"c1": CONTACTED, "c2": CONTACTED, "c3": None, "c4": datetime(2022, 5, 9)}


def test_where_no_times_of_answers_are_delivered_no_row_is_lost_and_a_faulty_time_is_refused(spark):
    columns = "contact_id string, response string"
    known = contacts(spark, "c1", "c2")
    untimed = screened_responses(spark.createDataFrame([("c1", "declined"), ("gone", "declined")], columns), known)
    assert [row.response_time for row in untimed.valid.collect()] == [CONTACTED]
    assert reasons(untimed) == {"unknown contact": 1}
    faulty = spark.createDataFrame([("c1", "declined", "soon")], f"{columns}, response_time string")
    assert reasons(screened_responses(faulty, known)) == {"response_time is not a date": 1}


CONTACTED = datetime(2022, 5, 1, 10)


def contacts(spark, *ids):
    return spark.createDataFrame([(name, CONTACTED) for name in ids], "contact_id string, contact_time timestamp")
