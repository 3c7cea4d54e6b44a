from dataclasses import replace

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


@pytest.mark.parametrize(("positives", "share"), [(100, 0.5), (2_500, 0.5), (10_000, 0.125), (98_000, 0.01275)])
def test_the_more_positives_the_less_a_forest_has_to_say_beside_boosted_trees(
    sample, forest, boosted, positives, share
):
    features, _ = sample
    of_many = replace(forest, weight=forest.weight * positives / 5.0)
    vote = Vote((of_many, boosted))
    assert of_many.positives == positives
    assert vote.shares == pytest.approx([share, 1 - share], rel=1e-3)
    one, two = (probabilities(trees, features) for trees in vote.voters)
    assert vote.probabilities(features) == pytest.approx(vote.shares[0] * one + vote.shares[1] * two)
    parts = vote.attributed(vote.attribution_tables([0, 1], 2), vote.leaves(features))
    start = vote.shares @ [of_many.bias, boosted.bias]
    assert start + parts.sum(axis=1) == pytest.approx(vote.probabilities(features), abs=1e-12)
    assert Vote((of_many,)).shares.tolist() == Vote((boosted,)).shares.tolist() == [1.0]


def test_parts_and_the_voters_mean_start_add_up_to_the_probability(sample, forest, boosted):
    features, _ = sample
    vote = Vote((forest, boosted))
    found = vote.leaves(features)
    parts = vote.attributed(vote.attribution_tables([0, 1], 2), found)
    start = (forest.bias + boosted.bias) / 2
    assert start + parts.sum(axis=1) == pytest.approx(vote.probabilities(features), abs=1e-12)
