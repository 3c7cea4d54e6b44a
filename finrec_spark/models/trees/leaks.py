"""Kernel: a feature that knows the outcome gives itself away in the first question of a single tree."""

from collections.abc import Sequence

import numpy as np

from finrec_spark.errors import DataQualityError
from finrec_spark.models.trees.kernel import Trees

_CERTAIN = 0.9


def require_no_leak(tree: Trees, feature_names: Sequence[str]) -> None:
    """Refuse a tree whose first question alone tells nearly all of what came.

    Nothing that was known before a month does that to what customers took in it. Where one answer holds more than
    90 % of the positive class and is more than 90 % pure, the feature was made with the month itself in sight.

    Args:
        tree: a single tree over training pairs.
        feature_names: names of the features by place.

    Raises:
        DataQualityError: naming the feature.
    """
    root = int(tree.root[0])
    if tree.is_leaf[root]:
        return
    children = tree.child[2 * root : 2 * root + 2]
    positive = tree.probability[children] * tree.weight[children]
    share = positive / max(positive.sum(), np.finfo(float).tiny)
    if np.any((share > _CERTAIN) & (tree.probability[children] > _CERTAIN)):
        raise DataQualityError(
            f"train_forest: {feature_names[tree.feature[root]]} alone tells what customers took; it was made with the "
            "month's outcome in sight: check how its source is dated"
        )
