"""Kernel: rows through trees in C++, by LightGBM's predictor.

It reads any binary trees from the text that LightGBM saves its models as (its ``Tree::ToString``), and walks each row
from the root to its leaf only. Ours come from MLlib as well as from LightGBM itself, so the text is made here.
"""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finrec_spark.arrays import Floats

_MISSING_IS_LEFT = 10  # LightGBM's decision type: NaN is a missing value, and what is missing goes left
_CHUNK_ROWS = 4096  # leaves come as doubles, rows × trees


class Walker:
    """Walks rows through trees; see ``kernel.Trees`` for the arrays."""

    def __init__(
        self,
        root: NDArray[np.int32],
        feature: NDArray[np.int32],
        threshold: Floats,
        child: NDArray[np.int32],
        value: Floats,
    ) -> None:
        """Nothing is worked out before it is asked for; ``child`` is N × 2 positions, a leaf being its own."""
        self._root, self._feature, self._threshold, self._child, self._value = root, feature, threshold, child, value
        self._is_leaf = np.equal(child[:, 0], np.arange(len(feature)))

    def leaves(self, features: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
        """The leaf of each row in each tree, R × T positions of nodes."""
        found = np.empty((len(features), len(self._root)), dtype=np.int32)
        nodes = np.flatnonzero(self._is_leaf)
        first = np.cumsum(self._is_leaf)[self._root] - self._is_leaf[self._root]  # leaves of the trees before
        for start in range(0, len(features), _CHUNK_ROWS):
            numbers = self._predicted(features[start : start + _CHUNK_ROWS], pred_leaf=True)
            found[start : start + _CHUNK_ROWS] = nodes[first + numbers.reshape(-1, len(self._root)).astype(np.int64)]
        return found

    def sums(self, features: NDArray[np.floating[Any]]) -> Floats:
        """The sum of the values of each row's leaves, R."""
        return self._predicted(features, raw_score=True) if len(features) else np.zeros(0)

    def _predicted(self, features: NDArray[np.floating[Any]], **wanted: bool) -> Floats:
        rows = np.ascontiguousarray(features, dtype=np.float64)
        return np.asarray(self._booster.predict(rows, num_threads=1, predict_disable_shape_check=True, **wanted))

    @cached_property
    def _booster(self) -> Any:
        import lightgbm  # half a second with all that it loads, and most jobs and tasks walk through no tree

        return lightgbm.Booster(model_str=self._text())

    def _text(self) -> str:
        names = [f"feature_{place}" for place in range(int(self._feature.max()) + 1)]
        head = {
            "version": "v4",
            "num_class": 1,
            "num_tree_per_iteration": 1,
            "label_index": 0,
            "max_feature_idx": len(names) - 1,
            "feature_names": " ".join(names),
            "feature_infos": " ".join("none" for _ in names),
        }
        ends = np.append(self._root, len(self._feature))
        trees = [self._tree(number, *ends[number : number + 2]) for number in range(len(self._root))]
        return "\n".join(["tree", _lines(head), "", *trees, "end of trees", ""])

    def _tree(self, number: int, start: int, end: int) -> str:
        """Nodes ``start`` … ``end`` − 1, the root first: questions and leaves are numbered each by itself."""
        is_leaf, child = self._is_leaf[start:end], self._child[start:end] - start
        pointed = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(~is_leaf) - 1)[child[~is_leaf]]
        asked = start + np.flatnonzero(~is_leaf)
        fields = {
            "Tree": number,
            "num_leaves": int(is_leaf.sum()),
            "num_cat": 0,
            "split_feature": _words(self._feature[asked]),
            "threshold": _words(self._threshold[asked]),
            "decision_type": _words(np.full(len(asked), _MISSING_IS_LEFT)),
            "left_child": _words(pointed[:, 0]),
            "right_child": _words(pointed[:, 1]),
            "leaf_value": _words(self._value[start:end][is_leaf]),
            "shrinkage": 1,
        }
        return _lines(fields) + "\n\n"


def _lines(fields: dict[str, object]) -> str:
    return "\n".join(f"{name}={value}" for name, value in fields.items())


def _words(values: NDArray[Any]) -> str:
    """Numbers that read back to the bit."""
    return " ".join(map(repr, values.tolist()))
