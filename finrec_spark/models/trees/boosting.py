"""Boosted trees by LightGBM, as rows and arrays like those of MLlib's forests.

LightGBM learns from a matrix in one process: what it learns from is a sample that fits in memory. Each tree is put
down node by node, so ``kernel`` scores boosted trees as it scores forests; they are ``additive``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema
from scipy.special import expit

from finrec_spark.arrays import Floats
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.models.trees.kernel import MISSING, Trees, arrange_trees
from finrec_spark.sampling import in_share
from finrec_spark.tables import TREES

Objective = Literal["binary", "gamma"]
"""What trees predict: the log-odds of a label of 1, or the logarithm of the mean of a positive label."""

_NODES_DDL = TREES.ddl_without("month", "model")


def fit_boosted(
    rows: DataFrame,
    feature_names: Sequence[str],
    params: BoostingParams,
    scratch: str,
    objective: Objective = "binary",
) -> DataFrame:
    """One row: one node of one boosted tree, learned in one task from the rows in the order of their keys.

    Runs at once.

    Args:
        rows: ``key`` (bigint, one a row), ``features`` (array of doubles, as long as ``feature_names``, NaN or null
            where missing), ``label`` (double: 0 or 1, both among them, or above 0 where the objective is gamma),
            ``weight`` (double, above 0). Of more than ``params.most_rows`` a share is learned from: one task holds
            them, some 30 bytes a feature.
        feature_names: names of the features by place.
        params: size and number of the trees.
        scratch: folder or URI that the nodes are written to; overwritten, and read whenever the result is.
        objective: what is predicted.

    Returns:
        ``model.trees`` without month and model; ``probability`` is what a node adds, log-odds as a probability, to the
        prediction in its logarithmic scale.
    """
    names, spark = list(feature_names), rows.sparkSession
    schema = to_arrow_schema(spark.createDataFrame([], _NODES_DDL).schema)

    def learn(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        table = pa.Table.from_batches(list(batches))
        if table.num_rows:
            features, label, weight = _arranged(table, len(names))
            nodes = _learned(features, label, weight, names, params, objective)
            yield from pa.Table.from_pandas(nodes, schema, preserve_index=False).to_batches()

    share = min(1.0, params.most_rows / max(rows.count(), 1))
    kept = rows if share == 1.0 else rows.where(in_share(share, "key"))
    one = kept.select("key", "features", "label", "weight").repartition(1).sortWithinPartitions("key")
    one.mapInArrow(learn, _NODES_DDL).write.mode("overwrite").parquet(scratch)
    return spark.read.schema(_NODES_DDL).parquet(scratch)


def boosted_trees(
    features: NDArray[np.floating[Any]], label: Floats, weight: Floats, names: Sequence[str], params: BoostingParams
) -> Trees:
    """Additive trees; the same rows in the same order give the same trees.

    Args:
        features: R × F, no NaN.
        label: 0 or 1, R, both among them.
        weight: above 0, R.
        names: of the features, F.
        params: size and number of the trees.
    """
    return arrange_trees(_learned(features, label, weight, names, params), names, additive=True)


def grown(params: BoostingParams, label: Floats) -> BoostingParams:
    """The parameters with as many rounds and leaves as the positives among the labels can teach.

    >>> able = grown(BoostingParams(rounds=100, leaves=15), np.ones(10_000))
    >>> able.rounds, able.leaves
    (200, 30)
    """
    growth = min(max(1.0, (float(label.sum()) / params.settled_positives) ** 0.5), params.most_growth)
    more = {"rounds": round(params.rounds * growth), "leaves": round(params.leaves * growth)}
    return params.model_copy(update=more)


def _arranged(table: pa.Table, n_features: int) -> tuple[Floats, Floats, Floats]:
    """Features (R × F, missing ones below every value), label and weight of R rows."""
    flat = table["features"].combine_chunks().flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    features = np.where(np.isnan(flat), MISSING, flat).reshape(table.num_rows, n_features)
    return features, table["label"].to_numpy(), table["weight"].to_numpy()


def _learned(
    features: NDArray[np.floating[Any]],
    label: Floats,
    weight: Floats,
    names: Sequence[str],
    params: BoostingParams,
    objective: Objective = "binary",
) -> pd.DataFrame:
    """The nodes of all trees, sorted by ``tree`` and ``node``."""
    import lightgbm  # half a second with all that it loads, and most jobs and tasks fit nothing

    able = grown(params, label) if objective == "binary" else params
    own = [f"feature_{place}" for place in range(len(names))]  # LightGBM refuses some of the signs that names have
    rows = lightgbm.Dataset(features, label, weight=weight, feature_name=own, params={"verbose": -1})
    booster = lightgbm.train(_settings(able, objective), rows, able.rounds)
    nodes = [node for tree in booster.dump_model()["tree_info"] for node in _nodes(tree, names)]
    return pd.DataFrame(nodes).sort_values(["tree", "node"], ignore_index=True)


def _settings(params: BoostingParams, objective: Objective = "binary") -> dict[str, object]:
    return {
        "objective": objective,
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
            "probability": expit(node["leaf_value"] if is_leaf else node["internal_value"]),
            "weight": node.get("leaf_weight" if is_leaf else "internal_weight", 0.0),
        }
        if not is_leaf:
            waiting += [node["left_child"], node["right_child"]]
            number += 2
