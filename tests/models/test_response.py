import numpy as np
import pandas as pd
import pytest

from finrec_spark.errors import ModelNotFound
from finrec_spark.evaluation.binary_metrics import auc, predicted
from finrec_spark.models.response import (
    AcceptanceParams,
    Offers,
    feature_names,
    feature_rows,
    fit,
    require_both_answers,
    scorer,
)
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.transforms.profiles.vector import ProfileFeature

PROFILE = (ProfileFeature("numbers:age", "number"), ProfileFeature("held", "number"))
PARAMS = AcceptanceParams(forest=TreesParams(trees=20, depth=6, minimum_rows=20, features_per_split="all"))
OFFERS = Offers(frozenset({"loan", "card"}), frozenset({"sms", "phone"}), contacts=500, accepted=100)
NAMES = feature_names(PROFILE, OFFERS, PARAMS)
CONTACT = "key bigint, profile array<double>, offer string, category string, channel string, label double"
LEARNED, ASKED = 6000, 4000


def test_what_follows_from_contacts_is_not_read():
    assert NAMES == ("numbers:age", "product=card", "product=loan", "channel=phone", "channel=sms")


def test_the_offer_becomes_numbers(spark):
    contact = spark.createDataFrame([(1, [41.0, 2.0], "P1 by sms", "loan", "sms", 1.0)], CONTACT)
    assert feature_rows(contact, PROFILE, NAMES).first().features == [41.0, 0.0, 1.0, 0.0, 1.0]


def test_probabilities_are_the_true_ones_in_every_tenth_of_them(found, truth):
    assert (gaps(found, truth) <= band(truth)).all()


def test_the_share_of_all_would_not_pass_for_probabilities(truth):
    assert (gaps(np.full(ASKED, truth.mean()), truth) > band(truth)).sum() >= 5


def test_outcomes_are_ranked_nearly_as_well_as_by_the_truth(found, truth):
    outcome = (np.random.default_rng(9).random(ASKED) < truth).astype(float)
    best = auc(predicted(outcome, truth))
    # The AUC's standard error is about √(AUC (1 − AUC) / acceptances) = √(.8 · .2 / 800) = .014, for either ranking.
    assert best > 0.75
    assert auc(predicted(outcome, found)) > best - 0.028


def test_an_offer_that_was_never_made_has_a_probability(model):
    found = model.score(np.array([[25.0, 0.0], [np.nan, 0.0]]), *np.full((2, 2), "pigeon", dtype=object))
    assert ((found >= 0) & (found <= 1)).all()


def test_too_few_acceptances_are_refused():
    with pytest.raises(ModelNotFound, match="3 of 500 earlier contacts were accepted; 50 of either"):
        require_both_answers(Offers(frozenset(), frozenset(), contacts=500, accepted=3), 50)


def tenths(truth):
    return np.array_split(np.argsort(truth, kind="stable"), 10)


def gaps(found, truth):
    """|mean prediction − mean truth| in every tenth of the truth."""
    return np.array([abs(found[part].mean() - truth[part].mean()) for part in tenths(truth)])


def band(truth):
    """Three standard errors of a tenth's share among the contacts that calibrate, √(p (1 − p) / 150).

    A tenth of the 6,000 contacts that are learned from are 600, of which a quarter calibrate.
    """
    shares = np.array([truth[part].mean() for part in tenths(truth)])
    return 3 * np.sqrt(shares * (1 - shares) / (LEARNED / 10 * PARAMS.calibration_share))


def drawn(n, seed):
    """N contacts and the probability that each is accepted: .02 to .8, .2 on average."""
    rng = np.random.default_rng(seed)
    age, phone, loan = rng.uniform(18, 90, n), rng.random(n) < 0.5, rng.random(n) < 0.5
    columns = {
        "key": np.arange(n),
        "profile": np.stack([age, rng.integers(0, 5, n)], axis=1).tolist(),
        "offer": "P1",
        "category": np.where(loan, "loan", "card"),
        "channel": np.where(phone, "phone", "sms"),
    }
    return pd.DataFrame(columns), 1 / (1 + np.exp(2.6 - 1.4 * phone - 1.0 * loan + 0.04 * (age - 54)))


def test_of_more_contacts_than_the_most_a_share_is_learned_from(answered, tmp_path):
    few = PARAMS.model_copy(update={"most_rows": 1000})
    roots = fit(answered, PROFILE, few, str(tmp_path)).trees.where("node = 0").select("weight").collect()
    # 20 samples with replacement of about 1,000 rows: the number of rows and each sample are off by √1000, by chance.
    assert np.mean([row["weight"] for row in roots]) == pytest.approx(1000, abs=4 * np.sqrt(1000))


@pytest.fixture(scope="module")
def answered(spark):
    table, truth = drawn(LEARNED, seed=2)
    table["label"] = (np.random.default_rng(3).random(LEARNED) < truth).astype(float)
    return spark.createDataFrame(table, CONTACT)


@pytest.fixture(scope="module")
def model(answered, tmp_path_factory):
    fitted = fit(answered, PROFILE, PARAMS, str(tmp_path_factory.mktemp("response")))
    return scorer(fitted.trees, fitted.calibration, PROFILE)


@pytest.fixture(scope="module")
def truth():
    return drawn(ASKED, seed=5)[1]


@pytest.fixture(scope="module")
def found(model):
    table = drawn(ASKED, seed=5)[0]
    return model.score(np.array(table["profile"].tolist()), table["category"].to_numpy(), table["channel"].to_numpy())
