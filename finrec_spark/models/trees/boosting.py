"""Boosted trees by LightGBM, in the arrays that forests are scored with.

LightGBM learns from a matrix in one process: what it learns from is a sample that fits in memory. Each tree is put
down node by node, so ``kernel.leaves`` scores boosted trees as it scores forests; only what is made of the leaves'
values differs (``boosted_scores``).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from finrec_spark.arrays import Floats
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.models.trees.kernel import Trees, arrange_trees, leaves


def boosted_trees(
    features: NDArray[np.float32], label: Floats, weight: Floats, names: Sequence[str], params: BoostingParams
) -> Trees:
    """Trees whose leaves sum to the log-odds of the label; the same rows in the same order give the same trees.

    Args:
        features: R × F, no NaN.
        label: 0 or 1, R, both among them.
        weight: above 0, R.
        names: of the features, F.
        params: size and number of the trees.
    """
    rows = lightgbm.Dataset(features, label, weight=weight, feature_name=list(names), params={"verbose": -1})
    booster = lightgbm.train(_settings(params), rows, params.rounds)
    nodes = [node for tree in booster.dump_model()["tree_info"] for node in _nodes(tree, names)]
    return arrange_trees(pd.DataFrame(nodes).sort_values(["tree", "node"], ignore_index=True), names)


def boosted_scores(trees: Trees, features: NDArray[np.floating[Any]]) -> Floats:
    """Probability of the label of each row, R: the leaves' sum as log-odds."""
    scores: Floats = expit(trees.probability[leaves(trees, np.asarray(features, np.float64))].sum(axis=1))
    return scores


def _settings(params: BoostingParams) -> dict[str, object]:
    return {
        "objective": "binary",
        "learning_rate": params.learning_rate,
        "num_leaves": params.leaves,
        "min_data_in_leaf": params.minimum_rows,
        "feature_fraction": params.features_share,
        "bagging_fraction": params.rows_share,
        "bagging_freq": 1,
        "lambda_l2": params.ridge,
        "max_bin": params.bins,
        "num_threads": 1,  # threads of one fit wait for each other; several fits side by side do not
        "seed": params.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


def _nodes(tree: dict[str, Any], names: Sequence[str]) -> Iterator[dict[str, object]]:
    """The nodes of one tree as ``arrange_trees`` reads them, numbered from the root down, level by level."""
    waiting, number = [tree["tree_structure"]], 1
    for place, node in enumerate(waiting):
        is_leaf = "leaf_value" in node
        yield {
            "tree": tree["tree_index"],
            "node": place,
            "left": -1 if is_leaf else number,
            "right": -1 if is_leaf else number + 1,
            "feature": None if is_leaf else names[node["split_feature"]],
            "threshold": None if is_leaf else node["threshold"],
            "probability": node["leaf_value"] if is_leaf else node["internal_value"],
            "weight": node.get("leaf_weight" if is_leaf else "internal_weight", 0.0),
        }
        if not is_leaf:
            waiting += [node["left_child"], node["right_child"]]
            number += 2
