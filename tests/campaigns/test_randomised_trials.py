from datetime import date, datetime
from decimal import Decimal

import pytest

from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.trials import assigned_contacts, assigned_targets, finished_months, randomised_trials
from finrec_spark.models.uplift.trials import COLUMNS
from finrec_spark.tables import CAMPAIGN_TARGETS, CONTACTS, INTERACTIONS

MARCH, APRIL, MAY = date(2022, 3, 1), date(2022, 4, 1), date(2022, 5, 1)
PARAMS = MeasureParams(window_days=30)


def test_only_campaigns_whose_window_is_over_are_finished():
    assert finished_months([APRIL, MARCH], APRIL, PARAMS) == (MARCH,)
    assert finished_months([APRIL, MARCH], date(2022, 5, 2), PARAMS) == (MARCH, APRIL)


def test_treated_and_controls_are_trials_and_the_hold_out_is_not(trials):
    rows = trials([target("ann"), target("bob", arm="control"), target("eve", arm="holdout")])
    assert {row.profile[0]: row.contacted for row in rows.collect()} == {1.0: True, 2.0: False}
    assert tuple(rows.columns) == (*COLUMNS, "known_before")


@pytest.mark.parametrize("arm", ["treatment", "control"])
def test_the_probabilities_are_those_that_were_drawn_with(trials, arm):
    row = trials([target("ann", arm=arm)]).first()
    assert (row.contact_probability, row.control_probability) == pytest.approx((0.95 * 0.9, 0.95 * 0.1))


def test_what_was_taken_in_the_window_counts_and_nothing_else(trials):
    """The purchases of the first and the last day; not those before or after, or of another product."""
    bought = [
        purchase("ann", "loan", datetime(2022, 3, 1), 100),
        purchase("ann", "loan", datetime(2022, 3, 30, 23, 59), 20),
        purchase("ann", "loan", datetime(2022, 3, 31), 7),
        purchase("ann", "loan", datetime(2022, 2, 28), 7),
        purchase("ann", "card", datetime(2022, 3, 9), 7),
        purchase("bob", "loan", datetime(2022, 3, 9), 7, "view"),
    ]
    rows = trials([target("ann"), target("bob")], bought).collect()
    assert {row.profile[0]: (row.taken, row.amount) for row in rows} == {1.0: (1.0, 120.0), 2.0: (0.0, 0.0)}


def test_a_purchase_on_the_day_of_the_contact_counts_in_both_arms_though_it_is_dated_by_the_day(trials):
    when = datetime(2022, 3, 3, 10)
    sent = [(name, name, "loan", "sms", when, "spring", a) for name, a in (("ann", "treatment"), ("bob", "control"))]
    days = (2, 3, 4)
    bought = [purchase(name, "loan", datetime(2022, 3, day), 10**day) for name in ("ann", "bob") for day in days]
    rows = trials([], bought, sent).collect()
    assert {row.profile[0]: row.amount for row in rows} == {1.0: 11_000.0, 2.0: 11_000.0}


def test_a_purchase_without_an_amount_is_one(trials):
    row = trials([target("ann")], [purchase("ann", "loan", datetime(2022, 3, 9), None)]).first()
    assert (row.taken, row.amount) == (1.0, 0.0)


def test_nothing_of_the_decided_month_is_read(trials):
    """In a window that reaches beyond the month's first day."""
    late = [purchase("ann", "loan", datetime(2022, 5, 1), 100)]
    assert trials([target("ann", month=date(2022, 4, 15))], late).first().taken == 0.0


def test_a_delivered_campaign_was_drawn_with_the_share_that_was_sent(spark):
    rows = [contact(n, "control" if n == 0 else "treatment") for n in range(4)] + [contact(9, "holdout")]
    found = assigned_contacts(spark.createDataFrame(rows, CONTACTS.ddl), None, MAY, PARAMS).collect()
    assert {(row.contacted, row.contact_probability, row.control_probability) for row in found} == {
        (False, 0.75, 0.25),
        (True, 0.75, 0.25),
    }
    assert len(found) == 4


def test_of_delivered_contacts_only_finished_campaigns_with_controls_that_are_not_in_the_mart_are_trials(spark):
    arms = ("treatment", "control")
    both = [contact(n, arm, campaign) for n, campaign in enumerate(("own", "spring")) for arm in arms]
    others = [contact(5, "treatment", "no control"), contact(6, "control", None), contact(7, "treatment", None)]
    late = [contact(8, arm, "late", datetime(2022, 4, 1)) for arm in arms]
    contacts = spark.createDataFrame(both + others + late, CONTACTS.ddl)
    targets = spark.createDataFrame([target("ann", campaign="spring")], CAMPAIGN_TARGETS.ddl)
    found = assigned_contacts(contacts, targets, MAY, PARAMS).collect()
    assert {row.customer_id for row in found} == {"c0"}


def test_the_same_customer_in_two_campaigns_is_two_decisions_of_one_customer(trials):
    rows = trials([target("ann"), target("ann", campaign="other")]).collect()
    assert len({row.decision for row in rows}) == 2 and len({row.customer_key for row in rows}) == 1


def target(customer, arm="treatment", month=MARCH, campaign="spring"):
    share = {"treatment": 0.95 * 0.9, "control": 0.95 * 0.1, "holdout": 0.05}[arm]
    return (month, campaign, customer, "loan", "sms", "all", "all", False, None, arm, share, 0.1, 1.0, "uplift", "run")


def contact(n, arm, campaign="delivered", when=datetime(2022, 3, 9)):
    return (f"{n}/{arm}/{campaign}", f"c{n}", "loan", "sms", when, campaign, arm)


def purchase(customer, product, when, value, kind="buy"):
    event = f"{customer}/{product}/{when}"
    return (event, customer, product, kind, when, when.date().replace(day=1), value, None, "CNY", None)


@pytest.fixture
def trials(spark):
    """The trials as May knows them; profiles say who it is: 1 Ann, 2 Bob, 3 Eve."""

    def build(targets, bought=(), sent=()):
        events = [(*row[:6], None if row[6] is None else Decimal(row[6]), *row[7:]) for row in bought]
        profiles = [(m, c, [n]) for m in (MARCH, APRIL) for c, n in (("ann", 1.0), ("bob", 2.0), ("eve", 3.0))]
        contacts = assigned_contacts(spark.createDataFrame(sent, CONTACTS.ddl), None, MAY, PARAMS)
        return randomised_trials(
            assigned_targets(spark.createDataFrame(targets, CAMPAIGN_TARGETS.ddl)).unionByName(contacts),
            spark.createDataFrame(events, INTERACTIONS.ddl),
            spark.createDataFrame([("loan", "credit"), ("card", "credit")], "product_id string, category string"),
            spark.createDataFrame(profiles, "month date, customer_id string, profile array<double>"),
            MAY,
            PARAMS,
        )

    return build
