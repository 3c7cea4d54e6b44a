"""Kernel: binary decision trees, learned by MLlib, kept as rows, scored and explained as flat arrays.

MLlib's tree classifiers merge two leaves whose majority class is the same, and there is no option against
it: where the positive class is rare nearly all leaves say no, and what the tree knew of their shares is
lost. The trees are therefore learned by MLlib's regressors on the label 0 or 1. Nothing else changes:
the variance of such a label is p(1 − p), half of the Gini impurity, so every split is the same, and a
leaf's mean is its share of the positive class.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from pyspark.ml.functions import array_to_vector
from pyspark.ml.regression import DecisionTreeRegressor, RandomForestRegressor
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.errors import ModelNotFound
from finrec_spark.params import Params

MISSING = -1e30  # stands below every value in training; NaN is below every threshold in scoring
CHUNK_ROWS = 4096  # a chunk's features and temporaries stay in a core's cache

_EXACT = float(1 << 20)  # weights are multiples of 1/_EXACT: their sums are exact, whatever the order
_NODE_COLUMNS = ("tree", "node", "left", "right", "feature", "threshold", "probability", "weight")


class TreesParams(Params):
    """How a forest or a single tree is learned."""

    trees: int = Field(60, ge=1, le=1000, description="Trees of the forest")
    depth: int = Field(8, ge=1, le=30, description="Questions from the root to a leaf, at most")
    bins: int = Field(32, ge=2, le=1024, description="Thresholds tried for one feature, at most, plus one")
    minimum_rows: int = Field(20, ge=1, description="Training rows of a leaf, at least")
    features_per_split: str = Field(
        "sqrt",
        pattern=r"^(all|sqrt|log2|onethird|[1-9][0-9]*|0?\.[0-9]+)$",
        description="Features that one question of a forest chooses from: sqrt, log2, onethird, all, count or share",
    )
    subsampling: float = Field(1.0, gt=0, le=1, description="Share of the rows that one tree of a forest learns from")
    seed: int = Field(29, description="Seed of the rows and features that each tree sees")
    partitions: int = Field(
        2, ge=1, description="Partitions that rows are learned in: raise to the cluster's cores; part of the result"
    )


@dataclass(frozen=True)
class Trees:
    """All nodes of T trees, one tree after the other, N in all.

    Attributes:
        root: position of each tree's root, T.
        feature: position of the feature that a node asks for, N; 0 in a leaf.
        threshold: values above it go right, others and NaN left, N; infinite in a leaf.
        child: left child at 2 · node, right child at 2 · node + 1, 2N; a leaf is its own child.
        probability: share of the positive class, N.
        weight: weighted training rows, N.
        depth: questions on the longest path.
    """

    root: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    child: NDArray[np.int32]
    probability: Floats
    weight: Floats
    depth: int

    @property
    def bias(self) -> float:
        """Probability before anything is asked: the mean of the roots'."""
        return float(self.probability[self.root].mean())

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which nodes ask nothing, N."""
        return np.equal(self.child[::2], np.arange(len(self.feature)))


def fit_trees(
    rows: DataFrame, feature_names: Sequence[str], params: TreesParams, single: bool, scratch: str
) -> DataFrame:
    """One row: one node of one tree.

    Runs at once. What a tree sees depends on the partitions that rows come in, so they are brought into one
    arrangement first; the same rows give the same trees in any partitioning.

    Args:
        rows: ``key`` (bigint, one a row), ``features`` (array of doubles, as long as ``feature_names``, NaN or
            null where missing), ``label`` (0.0 or 1.0), ``weight`` (double, above 0, rounded to 1/2²⁰).
        feature_names: names of the features by place.
        params: size and number of the trees.
        single: one tree that sees every row and feature, else a forest.
        scratch: folder or URI that MLlib saves the model to; overwritten, and read whenever the result is.

    Returns:
        ``tree``, ``node`` (int, from 0; 0 is the root), ``left``, ``right`` (int, -1 in a leaf), ``feature``,
        ``threshold`` (null in a leaf), ``probability``, ``weight``: ``model.trees`` without month and model.
    """
    learnt_from = arranged(rows, params).persist()
    try:
        estimator(params, single).fit(learnt_from).write().overwrite().save(scratch)
    finally:
        learnt_from.unpersist()
    return _nodes(rows.sparkSession.read.parquet(f"{scratch.rstrip('/')}/data"), feature_names)


def arranged(rows: DataFrame, params: TreesParams) -> DataFrame:
    """The same rows as MLlib reads them, in partitions and an order that only their values decide."""
    filled = F.transform("features", _filled)
    weight = F.greatest(F.round(F.col("weight") * _EXACT), F.lit(1.0)) / _EXACT
    prepared = rows.select("key", array_to_vector(filled).alias("features"), "label", weight.alias("weight"))
    return prepared.repartition(params.partitions, "key").sortWithinPartitions("key")


def _filled(value: Column) -> Column:
    return F.when(value.isNull() | F.isnan(value), MISSING).otherwise(value)


def estimator(params: TreesParams, single: bool) -> DecisionTreeRegressor | RandomForestRegressor:
    """MLlib's estimator over ``features``, ``label`` and ``weight``."""
    forest = RandomForestRegressor(
        numTrees=params.trees, featureSubsetStrategy=params.features_per_split, subsamplingRate=params.subsampling
    )
    tree: DecisionTreeRegressor | RandomForestRegressor = DecisionTreeRegressor() if single else forest
    return tree.setParams(
        maxDepth=params.depth,
        maxBins=params.bins,
        minInstancesPerNode=params.minimum_rows,
        seed=params.seed,
        weightCol="weight",
        cacheNodeIds=True,  # else every level walks every row from the root
        checkpointInterval=-1,
    )


def _nodes(saved: DataFrame, feature_names: Sequence[str]) -> DataFrame:
    """The nodes of MLlib's save format; its IDs are 0, 1, 2 … from the root, in pre-order.

    A forest's rows are ``treeID``, ``nodeData``; a single tree's are the node's fields themselves. The
    statistics of a regression node are Σ weight, Σ weight · label, Σ weight · label².
    """
    is_forest = "nodeData" in saved.columns
    node = (
        saved.select(F.col("treeID").alias("tree"), "nodeData.*") if is_forest else saved.withColumn("tree", F.lit(0))
    )
    is_leaf = F.col("leftChild") < 0
    names = F.array(*map(F.lit, feature_names))
    weight = F.col("impurityStats")[0]
    return node.select(
        F.col("tree").cast("int").alias("tree"),
        F.col("id").alias("node"),
        F.col("leftChild").alias("left"),
        F.col("rightChild").alias("right"),
        _unless(is_leaf, names[F.col("split.featureIndex")]).alias("feature"),
        _unless(is_leaf, F.col("split.leftCategoriesOrThreshold")[0]).alias("threshold"),
        F.least(F.greatest(F.col("impurityStats")[1] / weight, F.lit(0.0)), F.lit(1.0)).alias("probability"),
        weight.alias("weight"),
    )


def _unless(condition: Column, value: Column) -> Column:
    return F.when(~condition, value)


def collect_trees(nodes: DataFrame, feature_names: Sequence[str]) -> Trees:
    """The trees as arrays: as many nodes as they have.

    Args:
        nodes: rows of ``fit_trees``, or of one month and model in ``model.trees``.
        feature_names: names of the features by place in the matrix that will be scored; all that the trees
            ask for must be among them.

    Raises:
        ModelNotFound: there is no node, or the trees ask for a feature that is not named.
    """
    table = pd.DataFrame(nodes.select(*_NODE_COLUMNS).toPandas()).sort_values(["tree", "node"], ignore_index=True)
    if table.empty:
        raise ModelNotFound("trees: the model has no nodes; train it for this month")
    return arrange_trees(table, feature_names)


def arrange_trees(table: pd.DataFrame, feature_names: Sequence[str]) -> Trees:
    """Trees from their nodes, sorted by ``tree`` and ``node``.

    Raises:
        ModelNotFound: they ask for a feature that is not named.
    """
    feature = pd.Index(feature_names).get_indexer(pd.Index(table["feature"], dtype=object))
    is_leaf = table["left"].to_numpy() < 0
    unknown = sorted(set(table["feature"][~is_leaf & (feature < 0)]))
    if unknown:
        raise ModelNotFound(f"trees: feature {unknown[0]} is no longer there; train the model for this month")
    place = np.arange(len(table))
    root = place[np.r_[True, np.diff(table["tree"].to_numpy()) != 0]]
    first = np.repeat(root, np.diff(np.r_[root, len(table)]))  # each node's own root
    children = np.where(is_leaf[:, None], place[:, None], table[["left", "right"]].to_numpy() + first[:, None])
    child = children.ravel().astype(np.int32)
    return Trees(
        root=root.astype(np.int32),
        feature=np.where(is_leaf, 0, feature).astype(np.int32),
        threshold=np.where(is_leaf, np.inf, table["threshold"].to_numpy(dtype=np.float64)),
        child=child,
        probability=table["probability"].to_numpy(dtype=np.float64),
        weight=table["weight"].to_numpy(dtype=np.float64),
        depth=sum(1 for _ in _levels(root.astype(np.int32), child)) - 1,
    )


def leaves(trees: Trees, features: Floats) -> NDArray[np.int32]:
    """The leaf of each row in each tree, R × T positions of nodes.

    Args:
        trees: T trees.
        features: R × F, NaN where a value is missing.
    """
    found = np.empty((len(features), len(trees.root)), dtype=np.int32)
    for start in range(0, len(features), CHUNK_ROWS):
        chunk = np.ascontiguousarray(features[start : start + CHUNK_ROWS], dtype=np.float64)
        for tree, root in enumerate(trees.root):
            found[start : start + CHUNK_ROWS, tree] = _descended(trees, chunk, root)
    return found


def _descended(trees: Trees, features: Floats, root: np.int32) -> Ints:
    """The leaf of each row, all rows level by level; who has reached a leaf stays there."""
    values = features.ravel()
    start = np.arange(len(features), dtype=np.int64) * features.shape[1]
    node = np.full(len(features), root, dtype=np.int64)
    for _ in range(trees.depth):
        goes_right = values.take(start + trees.feature.take(node)) > trees.threshold.take(node)
        node = trees.child.take(2 * node + goes_right).astype(np.int64)
    return node


def probabilities(trees: Trees, found: NDArray[np.int32]) -> Floats:
    """Probability of the positive class, R: the mean over the trees, as MLlib's ``transform``.

    Args:
        trees: T trees.
        found: the rows' ``leaves``, R × T.
    """
    return np.asarray(trees.probability[found].mean(axis=1))


def attribution_table(trees: Trees, groups: Sequence[int], n_groups: int) -> Floats:
    """What the path to each node adds to its root's probability, by group of features, N × G.

    Each step adds the child's probability − the parent's to the group of the feature that was asked for
    (Saabas 2014), so a node's row sums to its probability − its root's.

    Args:
        trees: T trees.
        groups: group of each feature, 0 … G-1.
        n_groups: G.
    """
    table = np.zeros((len(trees.feature), n_groups))
    group = np.asarray(groups, dtype=np.int64)
    for parents in _levels(trees.root, trees.child):
        asking = parents[~trees.is_leaf[parents]]
        for side in (0, 1):
            child = trees.child[2 * asking + side]
            table[child] = table[asking]
            table[child, group[trees.feature[asking]]] += trees.probability[child] - trees.probability[asking]
    return table


def attributed(table: Floats, found: NDArray[np.int32]) -> Floats:
    """What each group of features adds to each row's probability, R × G; ``bias`` + their sum is the probability.

    Args:
        table: from ``attribution_table``.
        found: the rows' ``leaves``, R × T.
    """
    total = np.zeros((len(found), table.shape[1]))
    for column in found.T:
        total += table[column]
    return total / found.shape[1]


def _levels(root: NDArray[np.int32], child: NDArray[np.int32]) -> Iterator[Ints]:
    """Positions of the nodes of every tree, level by level from the roots."""
    nodes = root.astype(np.int64)
    while len(nodes):
        yield nodes
        children = np.stack([child[2 * nodes], child[2 * nodes + 1]])
        nodes = children[:, children[0] != nodes].ravel().astype(np.int64)
