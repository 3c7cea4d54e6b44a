"""Trees → how much each feature tells apart."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from finrec_spark.arrays import Floats
from finrec_spark.models.trees.kernel import Trees, arrange_trees


def feature_importance(nodes: pd.DataFrame, additive: bool = False) -> dict[str, float]:
    """Feature → its share of the variance that all questions explain; the shares sum to 1, the largest first.

    A question explains Σ w (v − v₀)² over its two children, w being the training rows' weight, v a child's value
    (``Trees.value``) and v₀ its parent's: of shares of the positive class just the impurity w p(1 − p) that it takes
    away. Each tree of a forest counts alike, as MLlib's ``featureImportances`` has it, each of a boosted model by what
    it explains.

    Args:
        nodes: rows of one month and model in ``model.trees``.
        additive: whether boosting made them.

    >>> rows = [(0, 0, 1, 2, "age", 5.0, 0.5, 10.0), (0, 1, -1, -1, None, None, 0.0, 5.0),
    ...         (0, 2, -1, -1, None, None, 1.0, 5.0)]
    >>> columns = ["tree", "node", "left", "right", "feature", "threshold", "probability", "weight"]
    >>> feature_importance(pd.DataFrame(rows, columns=columns))
    {'age': 1.0}
    """
    names = sorted(set(nodes["feature"].dropna()))
    if not names:
        return {}
    table = nodes.sort_values(["tree", "node"], ignore_index=True)
    trees = arrange_trees(table, names, additive)
    explained = _explained(trees)
    if not additive:
        tree = pd.factorize(table["tree"])[0]
        by_tree = np.bincount(tree, weights=explained)[tree]
        explained = np.divide(explained, by_tree, out=np.zeros_like(explained), where=by_tree > 0)
    total = np.bincount(trees.feature, weights=explained, minlength=len(names)) / max(explained.sum(), 1e-300)
    return {names[place]: float(total[place]) for place in np.argsort(-total, kind="stable") if total[place] > 0}


def mean_importance(shares: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of several models' importances, the largest first; what a model never asks for counts 0 there.

    >>> mean_importance([{"age": 1.0}, {"age": 0.5, "income": 0.5}])
    {'age': 0.75, 'income': 0.25}
    """
    names = {name for of_model in shares for name in of_model}
    mean = {name: sum(of_model.get(name, 0.0) for of_model in shares) / len(shares) for name in names}
    return dict(sorted(mean.items(), key=lambda item: (-item[1], item[0])))


def _explained(trees: Trees) -> Floats:
    """By node; 0 in a leaf, which is its own child."""
    children = trees.child.reshape(-1, 2)
    apart = trees.value[children] - trees.value[:, None]
    return np.asarray((trees.weight[children] * apart**2).sum(axis=1))
