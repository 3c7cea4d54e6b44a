"""Trees → how much each feature tells apart."""

from collections.abc import Sequence

import numpy as np

from finrec_spark.arrays import Floats
from finrec_spark.models.trees.kernel import Trees
from finrec_spark.models.trees.voting import Vote


def vote_importance(vote: Vote, names: Sequence[str]) -> dict[str, float]:
    """Feature → its share of what the voters' questions explain, by what each has to say; the largest first.

    Args:
        vote: trees over the features ``names``.
        names: of the features by place.

    Returns:
        Shares that sum to 1, of the features that are asked for; nothing where nothing is asked.
    """
    return _by_name(vote.shares @ [_importance(trees, len(names)) for trees in vote.voters], names)


def feature_importance(trees: Trees, names: Sequence[str]) -> dict[str, float]:
    """Feature → its share of the variance that all questions explain; as ``vote_importance``, of one model.

    A question explains Σ w (v − v₀)² over its two children, w being the training rows' weight, v a child's value
    (``Trees.value``) and v₀ its parent's: of shares of the positive class just the impurity w p(1 − p) that it takes
    away. Each tree of a forest counts alike, as MLlib's ``featureImportances`` has it, each of a boosted model by what
    it explains.

    >>> import pandas as pd
    >>> from finrec_spark.models.trees.kernel import arrange_trees
    >>> rows = [(0, 0, 1, 2, "age", 5.0, 0.5, 10.0), (0, 1, -1, -1, None, None, 0.0, 5.0),
    ...         (0, 2, -1, -1, None, None, 1.0, 5.0)]
    >>> columns = ["tree", "node", "left", "right", "feature", "threshold", "probability", "weight"]
    >>> names = ["age", "income"]
    >>> feature_importance(arrange_trees(pd.DataFrame(rows, columns=columns), names), names)
    {'age': 1.0}
    """
    return _by_name(_importance(trees, len(names)), names)


def _importance(trees: Trees, n_features: int) -> Floats:
    """By place of the feature."""
    explained = _explained(trees)
    if not trees.additive:
        tree = np.searchsorted(trees.root, np.arange(len(explained)), side="right") - 1
        by_tree = np.bincount(tree, weights=explained)[tree]
        explained = np.divide(explained, by_tree, out=np.zeros_like(explained), where=by_tree > 0)
    of_features = np.bincount(trees.feature, weights=explained, minlength=n_features)
    return np.asarray(of_features / max(explained.sum(), 1e-300))


def _by_name(importance: Floats, names: Sequence[str]) -> dict[str, float]:
    largest_first = np.argsort(-importance, kind="stable")
    return {names[place]: float(importance[place]) for place in largest_first if importance[place] > 0}


def _explained(trees: Trees) -> Floats:
    """By node; 0 in a leaf, which is its own child."""
    children = trees.child.reshape(-1, 2)
    apart = trees.value[children] - trees.value[:, None]
    return np.asarray((trees.weight[children] * apart**2).sum(axis=1))
