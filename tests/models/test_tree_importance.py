import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from finrec_spark.models.trees.importance import feature_importance, vote_importance
from finrec_spark.models.trees.kernel import arrange_trees
from finrec_spark.models.trees.voting import Vote

NAMES = ["f0", "f1", "f2"]


def test_the_shares_are_those_of_scikit_learn():
    rng = np.random.default_rng(5)
    x = rng.random((400, 3))
    y = (x[:, 0] + 0.3 * x[:, 1] + 0.2 * rng.random(400)) > 0.7
    forest = RandomForestClassifier(n_estimators=4, max_depth=4, bootstrap=False, random_state=1).fit(x, y)
    nodes = pd.concat((nodes_of(n, tree.tree_) for n, tree in enumerate(forest.estimators_)), ignore_index=True)
    found = feature_importance(arrange_trees(nodes, NAMES), NAMES)
    assert [found[f"f{n}"] for n in range(3)] == pytest.approx(list(forest.feature_importances_))
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_trees_that_ask_nothing_tell_nothing_apart():
    leaf = pd.DataFrame([(0, 0, -1, -1, None, None, 0.3, 9.0)], columns=COLUMNS)
    assert feature_importance(arrange_trees(leaf, NAMES), NAMES) == {}


def test_a_votes_importance_is_the_mean_of_its_voters_by_what_they_say():
    vote = Vote((of_one_question("f0", positives=10_000.0), of_one_question("f1", additive=True)))
    assert vote_importance(vote, NAMES) == pytest.approx({"f1": 1 - 0.125, "f0": 0.125})


def of_one_question(feature, positives=100.0, additive=False):
    rows = [(0, 0, 1, 2, feature, 5.0, 0.5, 2 * positives), *((0, n, -1, -1, None, None, 0.3 * n, 9.0) for n in (1, 2))]
    return arrange_trees(pd.DataFrame(rows, columns=COLUMNS), NAMES, additive)


COLUMNS = ["tree", "node", "left", "right", "feature", "threshold", "probability", "weight"]


def nodes_of(number, tree):
    counts = tree.value[:, 0, :]
    return pd.DataFrame(
        {
            "tree": number,
            "node": np.arange(tree.node_count),
            "left": tree.children_left,
            "right": tree.children_right,
            "feature": [f"f{f}" if f >= 0 else None for f in tree.feature],
            "threshold": tree.threshold,
            "probability": counts[:, 1] / counts.sum(axis=1),
            "weight": tree.weighted_n_node_samples,
        }
    )
