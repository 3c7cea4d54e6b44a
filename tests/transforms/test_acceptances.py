from datetime import date, datetime

import pytest

from finrec_spark.transforms.acceptances import answered_contacts

JUNE = date(2022, 6, 1)
MAY_2, MAY_30, JUNE_2 = datetime(2022, 5, 2), datetime(2022, 5, 30), datetime(2022, 6, 2)


def test_a_contact_is_accepted_or_not(labels):
    contacts = [("c1", "ann", MAY_2, "treatment"), ("c2", "bob", MAY_2, "treatment")]
    assert labels(contacts, [("c1", "accepted", MAY_2), ("c2", "declined", MAY_2)]) == [0.0, 1.0]


def test_silence_is_no_acceptance(labels):
    assert labels([("c1", "ann", MAY_2, "treatment")], []) == [0.0]


def test_an_answer_of_the_decided_month_is_the_future(labels):
    assert labels([("c1", "ann", MAY_2, "treatment")], [("c1", "accepted", JUNE_2)]) == [0.0]


def test_who_has_had_no_time_to_answer_is_not_read(labels):
    assert labels([("c1", "ann", MAY_30, "treatment")], []) == []


def test_who_was_not_written_to_is_not_read(labels):
    assert labels([("c1", "ann", MAY_2, "control"), ("c2", "bob", MAY_2, "holdout")], []) == []


def test_a_contact_has_the_profile_of_its_own_month_not_of_a_later_one(answered):
    rows = answered([("c1", "ann", MAY_2, "treatment")], [])
    assert [(row.profile, row.known_before) for row in rows] == [([5.0], True)]


def test_a_contact_before_all_profiles_says_so(answered):
    rows = answered([("c1", "bob", MAY_2, "treatment")], [])
    assert [(row.profile, row.known_before) for row in rows] == [([6.0], False)]


def test_a_profile_of_a_later_month_is_not_read(answered):
    assert answered([("c1", "eve", MAY_2, "treatment")], []) == []


@pytest.fixture
def labels(answered):
    """The labels of contacts (ID, customer, time, arm) and responses (ID, answer, time), in ascending order."""
    return lambda contacts, responses: sorted(row.label for row in answered(contacts, responses))


@pytest.fixture
def answered(spark):
    months = {"ann": (4, 5, 6), "bob": (6,), "eve": (7,)}
    vectors = [(date(2022, month, 1), customer, [float(month)]) for customer in months for month in months[customer]]
    profiles = spark.createDataFrame(vectors, "month date, customer_id string, profile array<double>")
    products = spark.createDataFrame([("card-1", "credit_card")], "product_id string, category string")

    def build(contacts, responses):
        sent = spark.createDataFrame(
            [(contact, customer, "card-1", "sms", time, arm) for contact, customer, time, arm in contacts],
            "contact_id string, customer_id string, product_id string, channel string, contact_time timestamp, "
            "arm string",
        )
        answers = spark.createDataFrame(responses, "contact_id string, response string, response_time timestamp")
        return answered_contacts(sent, answers, products, profiles, JUNE, answer_days=14).collect()

    return build
