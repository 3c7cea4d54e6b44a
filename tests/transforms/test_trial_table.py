import numpy as np
import pytest

from finrec_spark.errors import ConfigError, DataQualityError
from finrec_spark.models.uplift.trials import COLUMNS
from finrec_spark.transforms.ingest.trial_table import (
    TrialTableParams,
    collect_trial_table,
    named_and_features,
    require_balance,
)

PARAMS = TrialTableParams(treatment="Segment", control="none", outcome="spend", drop=("visit",))
HEADER = ("age", "segment", "visit", "spend")


def test_a_customer_stands_with_every_offer_and_what_chance_did_of_it(table):
    rows = table([("41", "men", "1", "9.5")]).orderBy("category").collect()
    assert [(row.category, row.contacted, row.taken, row.amount) for row in rows] == [
        ("men", True, 1.0, 9.5),
        ("women", None, 1.0, 9.5),
    ]
    assert len({row.key for row in rows}) == 2 and len({row.decision for row in rows}) == 1


def test_a_control_was_made_none_of_the_offers(table):
    rows = table([("41", "none", "0", "0")]).collect()
    assert [(row.contacted, row.taken) for row in rows] == [(False, 0.0)] * 2


def test_the_probabilities_are_the_shares_of_the_file(trials):
    row = trials.where("category = 'men'").first()
    assert (row.contact_probability, row.control_probability) == (2 / 5, 2 / 5)
    assert tuple(trials.columns) == COLUMNS


def test_neither_the_outcome_nor_what_is_dropped_is_a_feature():
    assert named_and_features(HEADER, PARAMS)[1] == ["age"]


def test_what_is_not_there_is_named():
    with pytest.raises(ConfigError, match="there is no column spent; found: age, segment"):
        named_and_features(HEADER, PARAMS.model_copy(update={"outcome": "spent"}))


def test_a_control_that_is_no_value_of_the_treatment_is_refused(rows):
    with pytest.raises(ConfigError, match="none of the treatment's 3 values is 'nobody'"):
        collect_trial_table(rows, PARAMS.model_copy(update={"control": "nobody"}), seed=0)


def test_a_column_that_came_after_the_contact_is_found(spark):
    rng = np.random.default_rng(5)
    segment = np.where(rng.random(400) < 0.5, "men", "none")
    visit = rng.random(400) < np.where(segment == "men", 0.5, 0.2)
    age = rng.integers(18, 90, 400)
    lines = [(str(a), s, str(int(v)), "1") for a, s, v in zip(age, segment.tolist(), visit, strict=True)]
    rows = spark.createDataFrame(lines, [*HEADER])
    assert collect_trial_table(rows, PARAMS, seed=0).trials.count() == 400
    with pytest.raises(DataQualityError, match="column visit differs by .* leave it out"):
        collect_trial_table(rows, PARAMS.model_copy(update={"drop": ()}), seed=0)


def test_what_differs_no_more_than_by_chance_passes():
    require_balance([None, None], ["age", "region"])


@pytest.fixture(scope="module")
def rows(spark):
    """Two of men's offer, one of women's and two controls, in text."""
    segments = ("men", "men", "women", "none", "none")
    return spark.createDataFrame([("41", segment, "0", "0") for segment in segments], [*HEADER])


@pytest.fixture(scope="module")
def trials(rows):
    return collect_trial_table(rows, PARAMS, seed=0).trials


@pytest.fixture
def table(rows, spark):
    """The trials of these lines, in a file with the five above."""

    def build(lines):
        given = spark.createDataFrame([("7", *line[1:]) for line in lines], [*HEADER])
        found = collect_trial_table(rows.unionByName(given), PARAMS, seed=0).trials
        return found.where("profile[0] = 7")

    return build
