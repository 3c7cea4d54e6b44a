"""Kernel: a decision tree in words."""

from collections.abc import Iterator, Sequence

from finrec_spark.models.trees.kernel import MISSING, Trees


def printed_tree(trees: Trees, feature_names: Sequence[str], tree: int = 0) -> str:
    """One tree as indented questions; each line tells the positive share and the rows that come to it.

    Args:
        trees: T trees.
        feature_names: names of the features by place.
        tree: which of them, from 0.
    """
    return "\n".join(_printed(trees, feature_names, int(trees.root[tree]), "everyone", 0))


def _printed(trees: Trees, names: Sequence[str], node: int, question: str, level: int) -> Iterator[str]:
    """A node's line, then those below it."""
    yield f"{'    ' * level}{question}: {trees.probability[node]:.1%} of {trees.weight[node]:,.0f}"
    if trees.is_leaf[node]:
        return
    name, threshold = names[trees.feature[node]], trees.threshold[node]
    left, right = (int(child) for child in trees.child[2 * node : 2 * node + 2])
    at_most, above = f"{name} ≤ {threshold:.6g} or missing", f"{name} > {threshold:.6g}"
    if threshold < MISSING / 4:  # between the mark of missing values and the smallest value
        at_most, above = f"{name} is missing", f"{name} is known"
    yield from _printed(trees, names, left, at_most, level + 1)
    yield from _printed(trees, names, right, above, level + 1)
