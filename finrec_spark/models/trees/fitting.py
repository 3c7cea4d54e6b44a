"""Trees and forests learned by MLlib, kept as rows.

MLlib's tree classifiers merge two leaves whose majority class is the same, and there is no option against
it: where the positive class is rare nearly all leaves say no, and what the tree knew of their shares is
lost. The trees are therefore learned by MLlib's regressors on the label 0 or 1. Nothing else changes:
the variance of such a label is p(1 − p), half of the Gini impurity, so every split is the same, and a
leaf's mean is its share of the positive class.
"""

from collections.abc import Sequence

from pydantic import Field
from pyspark.ml.functions import array_to_vector
from pyspark.ml.regression import DecisionTreeRegressor, RandomForestRegressor
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.trees.kernel import MISSING
from finrec_spark.models.trees.mllib_nodes import saved_nodes
from finrec_spark.params import Params

_EXACT = float(1 << 20)  # weights are multiples of 1/_EXACT: their sums are exact, whatever the order


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


def fit_trees(
    rows: DataFrame, feature_names: Sequence[str], params: TreesParams, single: bool, scratch: str
) -> DataFrame:
    """One row: one node of one tree.

    Runs at once. What a tree sees depends on the partitions that rows come in, so they are brought into one
    arrangement first; the same rows give the same trees in any partitioning.

    Args:
        rows: ``key`` (bigint, one a row), ``features`` (array of doubles, as long as ``feature_names``, NaN or
            null where missing), ``label`` (double: 0 or 1, or any number whose mean is kept within [0, 1] in a
            leaf), ``weight`` (double, above 0, rounded to 1/2²⁰).
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
        model = estimator(params, single).fit(learnt_from)
    finally:
        learnt_from.unpersist()
    return saved_nodes(rows.sparkSession, model, feature_names, scratch)


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
