"""Trees → how much each feature tells apart."""

import numpy as np
import pandas as pd

from finrec_spark.arrays import Floats
from finrec_spark.models.trees.kernel import Trees, arrange_trees


def feature_importance(nodes: pd.DataFrame) -> dict[str, float]:
    """Feature → its share of the impurity that all questions take away; the shares sum to 1, the largest first.

    A question takes away w p(1 − p) of its node less the same of its two children, w being the training rows' weight
    and p the share of the positive class. Each tree counts alike, as MLlib's ``featureImportances`` has it.

    Args:
        nodes: rows of one month and model in ``model.trees``.

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
    trees = arrange_trees(table, names)
    taken_away, tree = _taken_away(trees), pd.factorize(table["tree"])[0]
    by_tree = np.bincount(tree, weights=taken_away)[tree]
    shares = np.divide(taken_away, by_tree, out=np.zeros_like(taken_away), where=by_tree > 0)
    total = np.bincount(trees.feature, weights=shares, minlength=len(names)) / max(shares.sum(), 1e-300)
    return {names[place]: float(total[place]) for place in np.argsort(-total, kind="stable") if total[place] > 0}


def _taken_away(trees: Trees) -> Floats:
    """By node; 0 in a leaf."""
    impurity = trees.weight * trees.probability * (1 - trees.probability)
    left, right = trees.child[::2], trees.child[1::2]
    return np.where(trees.is_leaf, 0.0, np.maximum(impurity - impurity[left] - impurity[right], 0.0))
