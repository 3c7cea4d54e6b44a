import numpy as np
import pandas as pd
import pytest

from finrec_spark.errors import ModelNotFound
from finrec_spark.models.response import (
    AcceptanceParams,
    feature_names,
    feature_rows,
    fit,
    require_both_answers,
    scorer,
)
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.transforms.profiles.vector import ProfileFeature

PROFILE = (ProfileFeature("numbers:age", "number"), ProfileFeature("held", "number"))
PARAMS = AcceptanceParams(forest=TreesParams(trees=5, depth=4, minimum_rows=5))
NAMES = feature_names(PROFILE, {"loan", "card"}, {"sms", "phone"}, PARAMS)
CONTACT = "key bigint, profile array<double>, category string, channel string, label double"


def test_what_follows_from_contacts_is_not_read():
    assert NAMES == ("numbers:age", "product=card", "product=loan", "channel=phone", "channel=sms")


def test_the_offer_becomes_numbers(spark):
    contact = spark.createDataFrame([(1, [41.0, 2.0], "loan", "sms", 1.0)], CONTACT)
    assert feature_rows(contact, PROFILE, NAMES).first().features == [41.0, 0.0, 1.0, 0.0, 1.0]


def test_the_young_are_told_from_the_old_and_phone_from_sms(young_like_loans):
    found = probability(young_like_loans, [("loan", "phone", 25.0), ("loan", "sms", 25.0), ("loan", "phone", 75.0)])
    assert found[0] > found[1] > found[2]


def test_probabilities_are_near_the_shares_that_accepted(young_like_loans):
    found = probability(young_like_loans, [("loan", "phone", 25.0), ("loan", "phone", 75.0)])
    assert found == pytest.approx([0.8, 0.1], abs=0.15)


def test_an_offer_that_was_never_made_has_a_probability(young_like_loans):
    found = probability(young_like_loans, [("bond", "pigeon", 25.0), ("bond", "pigeon", np.nan)])
    assert ((found >= 0) & (found <= 1)).all()


def test_too_few_acceptances_are_refused():
    with pytest.raises(ModelNotFound, match="3 of 500 earlier contacts were accepted; 50 of either"):
        require_both_answers(3, 500, 50)


def probability(model, offers):
    category, channel, age = (list(values) for values in zip(*offers, strict=True))
    profile = np.stack([age, np.zeros(len(age))], axis=1)
    return model.score(profile, np.array(category, dtype=object), np.array(channel, dtype=object))


@pytest.fixture(scope="module")
def young_like_loans(spark, tmp_path_factory):
    """A model of 1,500 contacts: the young accept .8 of the calls and .4 of the messages, the old .1 of either."""
    rng = np.random.default_rng(2)
    age, phone = rng.uniform(18, 90, 1500), rng.random(1500) < 0.5
    accepted = rng.random(1500) < np.where(age > 50, 0.1, np.where(phone, 0.8, 0.4))
    columns = {
        "key": np.arange(1500),
        "profile": np.stack([age, rng.integers(0, 5, 1500)], axis=1).tolist(),
        "category": rng.choice(["loan", "card"], 1500),
        "channel": np.where(phone, "phone", "sms"),
        "label": accepted.astype(float),
    }
    contacts = spark.createDataFrame(pd.DataFrame(columns), CONTACT)
    fitted = fit(contacts, PROFILE, NAMES, PARAMS, str(tmp_path_factory.mktemp("response")))
    return scorer(fitted.trees, fitted.calibration, PROFILE)
