import numpy as np
import pandas as pd
import pytest

from finrec_spark.models.trees.boosting import boosted_trees
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.models.trees.kernel import arrange_trees, probabilities
from finrec_spark.models.trees.voting import Vote

NAMES = ("age", "income")


@pytest.fixture
def sample():
    draw = np.random.default_rng(4)
    features = draw.normal(size=(600, 2))
    return features, (features[:, 0] + draw.normal(size=600) > 0).astype(np.float64)


@pytest.fixture
def forest():
    """One tree: whoever is older than 0 takes it by .8, others by .2, and .5 before anything is asked."""
    nodes = [
        (0, 0, 1, 2, "age", 0.0, 0.5, 10.0),
        (0, 1, -1, -1, None, None, 0.2, 5.0),
        (0, 2, -1, -1, None, None, 0.8, 5.0),
    ]
    columns = ("tree", "node", "left", "right", "feature", "threshold", "probability", "weight")
    return arrange_trees(pd.DataFrame(nodes, columns=columns), NAMES)


@pytest.fixture
def boosted(sample):
    features, label = sample
    return boosted_trees(features, label, np.ones(600), NAMES, BoostingParams(rounds=20, minimum_rows=5))


def test_the_vote_is_the_mean_of_the_voters_probabilities(sample, forest, boosted):
    features, _ = sample
    vote = Vote((forest, boosted))
    one, two = (probabilities(trees, features) for trees in (forest, boosted))
    assert vote.probabilities(features) == pytest.approx((one + two) / 2)


def test_a_single_voter_decides_alone(sample, forest):
    features, _ = sample
    vote = Vote((forest,))
    assert vote.probabilities(features) == pytest.approx(np.where(features[:, 0] > 0, 0.8, 0.2))


def test_parts_and_the_voters_mean_start_add_up_to_the_probability(sample, forest, boosted):
    features, _ = sample
    vote = Vote((forest, boosted))
    found = vote.leaves(features)
    parts = vote.attributed(vote.attribution_tables([0, 1], 2), found)
    start = (forest.bias + boosted.bias) / 2
    assert start + parts.sum(axis=1) == pytest.approx(vote.probabilities(features), abs=1e-12)
