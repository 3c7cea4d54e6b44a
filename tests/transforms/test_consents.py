from datetime import date

import pytest

from finrec_spark.transforms.consents import reachable_channels, without_personalisation

JUNE = date(2022, 6, 1)
_DDL = "customer_id string, channel string, purpose string, consented boolean, valid_from string"


@pytest.fixture
def consents(spark):
    """Ann's agreement to SMS in January, and what she says later."""

    def build(*later):
        said = [("sms", "marketing", True, "2022-01-01"), *later]
        return spark.createDataFrame([("ann", *word) for word in said], _DDL)

    return build


@pytest.mark.parametrize(
    ("later", "reachable"),
    [
        ((), True),
        ((("sms", "marketing", False, "2022-06-02"),), False),
        ((("all", "marketing", False, "2022-06-02"),), False),
        ((("all", "profiling", False, "2022-06-02"),), False),
        ((("app", "marketing", False, "2022-06-02"),), True),
    ],
    ids=["none", "of the channel", "of every channel", "to profiling", "of another channel"],
)
def test_a_refusal_counts_as_soon_as_it_is_known(consents, later, reachable):
    assert (reachable_channels(consents(*later), JUNE).count() > 0) == reachable


def test_an_agreement_counts_from_the_month_after(consents):
    refused = ("sms", "marketing", False, "2022-02-01")
    later = ("sms", "marketing", True, "2022-06-02")
    assert reachable_channels(consents(refused, later), JUNE).isEmpty()
    assert not reachable_channels(consents(refused, later), date(2022, 7, 1)).isEmpty()


def test_who_refuses_personal_offers_within_the_month_gets_none(consents):
    refused = consents(("all", "personalisation", False, "2022-06-02"))
    assert [row["customer_id"] for row in without_personalisation(refused, JUNE).collect()] == ["ann"]
    assert without_personalisation(consents(), JUNE).isEmpty()
