import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from finrec_spark.models.trees.importance import feature_importance


def test_the_shares_are_those_of_scikit_learn():
    rng = np.random.default_rng(5)
    x = rng.random((400, 3))
    y = (x[:, 0] + 0.3 * x[:, 1] + 0.2 * rng.random(400)) > 0.7
    forest = RandomForestClassifier(n_estimators=4, max_depth=4, bootstrap=False, random_state=1).fit(x, y)
    found = feature_importance(pd.concat(nodes_of(n, tree.tree_) for n, tree in enumerate(forest.estimators_)))
    assert [found[f"f{n}"] for n in range(3)] == pytest.approx(list(forest.feature_importances_))
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_trees_that_ask_nothing_tell_nothing_apart():
    leaf = pd.DataFrame([(0, 0, -1, -1, None, None, 0.3, 9.0)], columns=COLUMNS)
    assert feature_importance(leaf) == {}


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
