"""Kernel: binary decision trees as flat arrays: a row's leaf, its probability, and what each question added to it.

The trees of a forest are averaged. Those of a boosted model are ``additive``: their log-odds are summed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from scipy.special import expit, logit

from finrec_spark.arrays import Floats, Ints
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.trees.walking import Walker

MISSING = -1e30  # stands below every value in training; NaN is below every threshold in scoring
_FLAT = 1e-9  # a change of log-odds below which the curve's slope is that at its start

_NODE_COLUMNS = ("tree", "node", "left", "right", "feature", "threshold", "probability", "weight")


@dataclass(frozen=True)
class Trees:
    """All nodes of T trees, one tree after the other, N in all.

    Attributes:
        root: position of each tree's root, T.
        feature: position of the feature that a node asks for, N; 0 in a leaf.
        threshold: values above it go right, others and NaN left, N; infinite in a leaf.
        child: left child at 2 · node, right child at 2 · node + 1, 2N; a leaf is its own child.
        probability: share of the positive class, N; of additive trees what a node adds, log-odds as a probability.
        weight: weighted training rows, N.
        additive: whether log-odds are summed over the trees, as boosting makes them; else probabilities are averaged.
    """

    root: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    child: NDArray[np.int32]
    probability: Floats
    weight: Floats
    additive: bool = False

    @property
    def bias(self) -> float:
        """Probability before anything is asked: what the roots alone make."""
        return float(_of_leaves(self, self.root[None, :])[0])

    @property
    def positives(self) -> float:
        """Weight of the positive rows that a tree learned from, the mean over the trees; of a forest alone."""
        return float(np.mean(self.weight[self.root] * self.probability[self.root]))

    @property
    def value(self) -> Floats:
        """What a node brings into the sum or the mean over the trees, N: its log-odds or its probability."""
        return np.asarray(logit(self.probability)) if self.additive else self.probability

    @cached_property
    def walker(self) -> Walker:
        """Walks rows through the trees."""
        return Walker(self.root, self.feature, self.threshold, self.child.reshape(-1, 2), self.value)

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which nodes ask nothing, N."""
        return np.equal(self.child[::2], np.arange(len(self.feature)))


def collect_trees(nodes: DataFrame, feature_names: Sequence[str], additive: bool = False) -> Trees:
    """The trees as arrays: as many nodes as they have.

    Args:
        nodes: rows of ``fit_trees``, or of one month and model in ``model.trees``.
        feature_names: names of the features by place in the matrix that will be scored; all that the trees
            ask for must be among them.
        additive: whether boosting made them.

    Raises:
        ModelNotFound: there is no node, or the trees ask for a feature that is not named.
    """
    table = pd.DataFrame(nodes.select(*_NODE_COLUMNS).toPandas()).sort_values(["tree", "node"], ignore_index=True)
    if table.empty:
        raise ModelNotFound("trees: the model has no nodes; train it for this month")
    return arrange_trees(table, feature_names, additive)


def arrange_trees(table: pd.DataFrame, feature_names: Sequence[str], additive: bool = False) -> Trees:
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
        additive=additive,
    )


def leaves(trees: Trees, features: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
    """The leaf of each row in each tree, R × T positions of nodes.

    Args:
        trees: T trees.
        features: R × F, NaN where a value is missing; a value nearer to 0 than 1e-35 counts as 0.
    """
    return trees.walker.leaves(features)


def probabilities(trees: Trees, features: NDArray[np.floating[Any]]) -> Floats:
    """Probability of the positive class, R: the mean over the trees, as MLlib's ``transform``, or from summed log-odds.

    Args:
        trees: T trees.
        features: R × F, NaN where a value is missing.
    """
    return _of_sums(trees, trees.walker.sums(features))


def _of_leaves(trees: Trees, found: NDArray[np.int32]) -> Floats:
    """As ``probabilities``, from the rows' ``leaves``."""
    return _of_sums(trees, trees.value[found].sum(axis=1))


def _of_sums(trees: Trees, total: Floats) -> Floats:
    return np.asarray(expit(total) if trees.additive else total / len(trees.root))


def attribution_table(trees: Trees, groups: Sequence[int], n_groups: int) -> Floats:
    """What the path to each node adds to its root's value, by group of features, N × G.

    Each step adds the child's value − the parent's to the group of the feature that was asked for
    (Saabas 2014), so a node's row sums to its value − its root's. The value is ``Trees.value``.

    Args:
        trees: T trees.
        groups: group of each feature, 0 … G-1.
        n_groups: G.
    """
    table, value = np.zeros((len(trees.feature), n_groups)), trees.value
    group = np.asarray(groups, dtype=np.int64)
    for parents in _levels(trees.root, trees.child):
        asking = parents[~trees.is_leaf[parents]]
        for side in (0, 1):
            child = trees.child[2 * asking + side]
            table[child] = table[asking]
            table[child, group[trees.feature[asking]]] += value[child] - value[asking]
    return table


def attributed(trees: Trees, table: Floats, found: NDArray[np.int32]) -> Floats:
    """What each group of features adds to each row's probability, R × G; ``bias`` + their sum is the probability.

    Additive trees add up in log-odds l, so there each part is scaled by (p − p₀) ÷ (l − l₀), p₀ being the ``bias``:
    shares of the whole and signs stay.

    Args:
        trees: T trees.
        table: their ``attribution_table``.
        found: the rows' ``leaves``, R × T.
    """
    total = np.zeros((len(found), table.shape[1]))
    for column in found.T:
        total += table[column]
    if not trees.additive:
        return total / found.shape[1]
    change, bias = total.sum(axis=1), trees.bias
    risen = _of_leaves(trees, found) - bias
    slope = np.divide(risen, change, out=np.full_like(change, bias * (1 - bias)), where=np.abs(change) > _FLAT)
    return np.asarray(total * slope[:, None])


def _levels(root: NDArray[np.int32], child: NDArray[np.int32]) -> Iterator[Ints]:
    """Positions of the nodes of every tree, level by level from the roots."""
    nodes = root.astype(np.int64)
    while len(nodes):
        yield nodes
        children = np.stack([child[2 * nodes], child[2 * nodes + 1]])
        nodes = children[:, children[0] != nodes].ravel().astype(np.int64)
