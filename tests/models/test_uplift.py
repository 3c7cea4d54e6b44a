import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.errors import ModelNotFound
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.models.trees.kernel import collect_trees, leaves, probabilities
from finrec_spark.models.uplift import dr, transformed_outcome, two_models
from finrec_spark.models.uplift.deployed import ForestUplift, RelativeUplift, fit, require_trials, scorer
from finrec_spark.models.uplift.forests import collect_effect_forest
from finrec_spark.models.uplift.outcome_models import fit_outcomes, pseudo_effects, unseen
from finrec_spark.models.uplift.params import UpliftParams
from finrec_spark.models.uplift.pooled import Cell, PooledUplift, collect_sums, pooled_of, pooled_rows
from finrec_spark.models.uplift.trials import sample_of
from finrec_spark.transforms.profiles.vector import ProfileFeature

PROFILE = (ProfileFeature("numbers:age", "number"), ProfileFeature("held", "number"))
PARAMS = UpliftParams(
    least=200,
    outcomes=TreesParams(trees=10, depth=4, minimum_rows=50, features_per_split="all"),
    effect=TreesParams(trees=10, depth=4, minimum_rows=200, features_per_split="all"),
)
TRIALS = (
    "key bigint, customer_key bigint, decision bigint, profile array<double>, category string, channel string, "
    "contacted boolean, contact_probability double, control_probability double, taken double, amount double"
)
LEARNED = 12_000
AGES, CHANNELS = (30.0, 60.0), ("phone", "sms")
TRUTH = {(30.0, "phone"): 0.35, (30.0, "sms"): 0.25, (60.0, "phone"): 0.1, (60.0, "sms"): 0.0}
"""What contact adds, by age and channel."""


@pytest.mark.parametrize("learner", ["two_models", "transformed_outcome", "dr"])
def test_every_learner_finds_what_contact_adds_for_whom(forests, learner):
    # A group has 3,000 trials; the transformed outcome's variance is about 1, so three standard errors are .055.
    found = {group: predicted(forests[learner], *group) for group in TRUTH}
    assert found == pytest.approx(TRUTH, abs=0.055)


def test_pooling_would_not_find_it(trials):
    pooled = pooled_of(pooled_rows(collect_sums(trials), PARAMS.least, PARAMS.least_taken))
    found = [predicted(pooled, *group) - uplift for group, uplift in TRUTH.items()]
    assert max(map(abs, found)) > 0.1


def test_two_models_in_one_forest_are_the_difference_of_both(sample, outcomes, forests):
    features = np.array([[25.0, 0, 1, 0, 1], [70.0, 1, 0, 1, 0]])
    assert sample.names == ("numbers:age", "product=card", "product=loan", "channel=phone", "channel=sms")
    by_arm = [collect_trees(nodes, sample.names) for nodes in (outcomes.contacted, outcomes.control)]
    made, none = (probabilities(trees, features) for trees in by_arm)
    given = np.array([[25.0, 9.0], [70.0, 9.0]]), words("card", "loan"), words("phone", "sms")
    features[:, 1:] = [[1, 0, 1, 0], [0, 1, 0, 1]]
    made, none = (probabilities(trees, features) for trees in by_arm)
    assert forests["two_models"].score(*given) == pytest.approx(made - none, abs=1e-12)


def test_a_half_is_predicted_by_the_trees_of_the_other(sample, outcomes):
    trees = collect_trees(outcomes.contacted, sample.names)
    features = np.array([[25.0, 0, 1, 0, 1]] * 2)
    shares = trees.probability[leaves(trees, features)]
    found = unseen(trees, features, np.array([0, 1]))
    assert found.tolist() == [shares[0, 10:].mean(), shares[0, :10].mean()]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_doubly_robust_effects_average_to_the_uplift_whatever_the_outcome_models_say(seed):
    """The expectation over contact (e) and outcome, exactly: wrong models change the variance alone."""
    e, p1, p0, m1, m0 = np.random.default_rng(seed).uniform(0.05, 0.95, 5)
    contacted, taken = np.array([True, True, False, False]), np.array([1.0, 0.0, 1.0, 0.0])
    chance = np.array([e * p1, e * (1 - p1), (1 - e) * p0, (1 - e) * (1 - p0)])
    effects = pseudo_effects(contacted, taken, np.full(4, e), np.full(4, m1), np.full(4, m0))
    assert effects @ chance == pytest.approx(p1 - p0, abs=1e-12)


def test_few_trials_are_shrunk_to_their_category_and_that_to_everything():
    table = pooled_rows(sums(loan_sms=(100, 20, 100, 10), card_sms=(900, 90, 900, 90)), least=100, least_taken=50)
    found = {(row.category, row.channel): (round(row.uplift, 6), row.own) for row in table.itertuples()}
    everything, loan = 0.01, (0.1 + 0.01) / 2
    assert found[None, None] == (everything, True)
    assert found["loan", None] == (loan, True)
    assert found["loan", "sms"] == (round((0.1 + loan) / 2, 6), True)
    assert found["card", "sms"] == (round(0.1 * 0.1 * 0.01, 6), True)


def test_without_controls_a_cell_is_its_categorys_as_is_an_offer_that_was_never_made():
    table = pooled_rows(sums(loan_sms=(500, 100, 500, 50), loan_app=(500, 400, 0, 0)), least=100, least_taken=50)
    pooled = pooled_of(table)
    given = np.zeros((4, 0)), words("loan", "loan", "loan", "bond"), words("app", "branch", "sms", "sms")
    of_category = table.set_index("channel").loc[[None], "uplift"].iloc[1]
    assert pooled.score(*given)[:2].tolist() == [of_category] * 2
    assert pooled.own(*given[1:]).tolist() == [False, False, True, False]


def test_the_lift_is_the_ratio_of_both_arms_and_of_few_acquisitions_near_the_rests():
    table = pooled_rows(sums(loan_sms=(4000, 800, 4000, 200), card_sms=(4000, 40, 4000, 10)), least=100, least_taken=50)
    lift = {(row.category, row.channel): row.lift for row in table.itertuples()}
    everything, loan, card = 840 / 210, 4.0, 4.0
    assert lift[None, None] == pytest.approx(everything)
    assert lift["loan", "sms"] == pytest.approx(loan) and lift["card", "sms"] == pytest.approx(card)
    rare = pooled_rows(sums(loan_sms=(4000, 800, 4000, 200), card_sms=(4000, 40, 4000, 40)), least=100, least_taken=50)
    shrunk = {(row.category, row.channel): row.lift for row in rare.itertuples()}
    assert 1.0 < shrunk["card", "sms"] < shrunk["card", None] < shrunk[None, None]


def test_of_few_acquisitions_the_lift_follows_the_channel_as_well_as_the_category():
    often = {"loan_sms": (40_000, 4000, 40_000, 2000), "loan_phone": (40_000, 16_000, 40_000, 2000)}
    rare = {"card_sms": (4000, 40, 4000, 20), "card_phone": (400, 4, 400, 2)}
    table = pooled_rows(sums(**often, **rare), least=100, least_taken=50)
    lift = {(row.category, row.channel): row.lift for row in table.itertuples()}
    assert lift["loan", "phone"] == pytest.approx(8, rel=0.03) and lift["loan", "sms"] == pytest.approx(2, rel=0.03)
    of_channel = {"phone": 16_004 / 2002, "sms": 4040 / 2020}  # of so many acquisitions hardly shrunk
    expected = lift["card", None] * of_channel["phone"] / lift[None, None]
    assert lift["card", "phone"] == pytest.approx(expected, rel=0.1)
    assert lift["card", "phone"] > 1.5 * lift["card", "sms"]


def test_a_cell_nobody_took_anything_in_has_the_lift_of_its_category():
    table = pooled_rows(sums(loan_sms=(500, 100, 500, 50), loan_app=(500, 9, 500, 0)), least=100, least_taken=50)
    lift = table.set_index("channel")["lift"]
    assert lift["app"] == lift.loc[[None]].iloc[1]


@given(st.floats(0, 1), st.floats(0.01, 100))
def test_a_relative_uplift_keeps_the_probability_with_contact_between_0_and_1(listed, lift):
    pooled = PooledUplift({(None, None): Cell(0.0, lift, True)})
    found = RelativeUplift(pooled).score(np.zeros((1, 0)), words("loan"), words("sms"), np.array([listed]))
    assert found.source.tolist() == ["relative"]
    assert listed + found.uplift[0] == pytest.approx(min(listed * lift, 1.0))


def test_the_relative_learner_stores_lifts_and_no_trees(trials, tmp_path):
    params = PARAMS.model_copy(update={"learner": "relative"})
    found = fit(trials, PROFILE, params, str(tmp_path))
    assert found.trees.isEmpty()
    model = scorer(found.trees, found.cells, PROFILE, "relative")
    # Of cards over the phone .2 take one without contact and .425 with it, as half of them are 30 years old.
    rates = model.score(np.zeros((1, 2)), words("card"), words("phone"), np.array([0.2]))
    assert rates.uplift[0] == pytest.approx(0.225, abs=0.04)


def test_an_offer_with_too_few_trials_gets_the_pooled_estimate_and_says_so(forests):
    figures = {(None, None): (0.01, True), ("loan", "sms"): (0.02, True), ("loan", "phone"): (0.03, False)}
    cells = {offer: Cell(uplift, 2.0, own) for offer, (uplift, own) in figures.items()}
    found = ForestUplift(forests["dr"], PooledUplift(cells)).score(
        np.array([[30.0, 0.0]] * 3), words("loan", "loan", "loan"), words("sms", "phone", "sms"), np.zeros(3)
    )
    assert found.source.tolist() == ["uplift", "pooled", "uplift"]
    assert found.uplift[1] == 0.03
    assert found.uplift[0] == found.uplift[2] == predicted(forests["dr"], 30.0, "sms", category="loan")


def test_what_is_stored_scores_as_it_was_fitted(fitted):
    model = scorer(fitted.trees, fitted.cells, PROFILE, "transformed_outcome")
    assert (fitted.contacted, fitted.control) == (sum_of(fitted, "contacted"), sum_of(fitted, "control"))
    found = model.score(np.array([[30.0, 0.0]]), words("loan"), words("phone"), np.zeros(1))
    assert found.source.tolist() == ["uplift"]
    assert found.uplift[0] == pytest.approx(0.35, abs=0.055)


def test_without_a_history_there_is_no_scorer(fitted):
    for learner in ("relative", "dr"):
        assert scorer(fitted.trees.limit(0), fitted.cells.limit(0), PROFILE, learner) is None


def test_too_few_acquisitions_are_refused():
    with pytest.raises(ModelNotFound, match="3 of 1,000 randomised contacts and 90 of 900 controls took"):
        require_trials(sums(loan_sms=(1000, 3, 900, 90)), least=50)


def words(*of):
    return np.array(of, dtype=object)


def predicted(model, age, channel, category="loan"):
    return float(model.score(np.array([[age, 0.0]]), words(category), words(channel))[0])


def sum_of(fitted, arm):
    return fitted.cells.where("category is null").first()[arm]


def sums(**cells):
    """Trials and takers with and without contact by category_channel; chance was even."""
    rows = [
        (*name.split("_"), made, taken, 2.0 * made, 2.0 * taken, none, none_taken, 2.0 * none, 2.0 * none_taken)
        for name, (made, taken, none, none_taken) in cells.items()
    ]
    names = [f"{arm}{of}" for arm in ("contacted", "control") for of in ("", "_taken", "_weight", "_weight_taken")]
    return pd.DataFrame(rows, columns=["category", "channel", *names])


@pytest.fixture(scope="module")
def trials(spark):
    """Randomised offers of two categories over two channels, contact more likely for cards."""
    rng = np.random.default_rng(4)
    age, card = np.where(rng.random(LEARNED) < 0.5, *AGES), rng.random(LEARNED) < 0.5
    channel = np.where(rng.random(LEARNED) < 0.5, *CHANNELS)
    chance = np.where(card, 0.6, 0.5)
    contacted = rng.random(LEARNED) < chance
    added = np.array([TRUTH[group] for group in zip(age, channel, strict=True)])
    taken = rng.random(LEARNED) < 0.1 + 0.1 * card + contacted * added
    table = pd.DataFrame(
        {
            "key": np.arange(LEARNED),
            "customer_key": np.arange(LEARNED) // 2,
            "decision": np.arange(LEARNED),
            "profile": np.stack([age, rng.integers(0, 5, LEARNED)], axis=1).tolist(),
            "category": np.where(card, "card", "loan"),
            "channel": channel,
            "contacted": contacted,
            "contact_probability": chance,
            "control_probability": 1 - chance,
            "taken": taken.astype(float),
            "amount": 0.0,
        }
    )
    rows = spark.createDataFrame(table, TRIALS).persist()
    yield rows
    rows.unpersist()


@pytest.fixture(scope="module")
def sample(trials, tmp_path_factory):
    cells = [(category, channel) for category in ("card", "loan") for channel in CHANNELS]
    return sample_of(trials, PROFILE, cells, PARAMS, str(tmp_path_factory.mktemp("uplift")))


@pytest.fixture(scope="module")
def outcomes(sample):
    return fit_outcomes(sample)


@pytest.fixture(scope="module")
def forests(sample, outcomes):
    nodes = {
        "two_models": two_models.fit(outcomes),
        "transformed_outcome": transformed_outcome.fit(sample),
        "dr": dr.fit(sample, outcomes),
    }
    return {name: collect_effect_forest(rows, PROFILE) for name, rows in nodes.items()}


@pytest.fixture(scope="module")
def fitted(trials, tmp_path_factory):
    params = PARAMS.model_copy(update={"learner": "transformed_outcome"})
    return fit(trials, PROFILE, params, str(tmp_path_factory.mktemp("fitted")))
