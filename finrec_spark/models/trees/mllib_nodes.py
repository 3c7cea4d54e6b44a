"""The nodes of MLlib's tree models, read from what the models save: the one place that knows their format."""

from collections.abc import Sequence

from pyspark.ml.regression import DecisionTreeRegressionModel, RandomForestRegressionModel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F


def saved_nodes(
    spark: SparkSession,
    model: DecisionTreeRegressionModel | RandomForestRegressionModel,
    feature_names: Sequence[str],
    scratch: str,
) -> DataFrame:
    """One row: one node of one tree, as ``fitting.fit_trees`` describes it.

    Args:
        model: learned on the labels 0 and 1.
        feature_names: names of the features by place.
        scratch: folder or URI that the model is saved to; overwritten, and read whenever the result is.
    """
    model.write().overwrite().save(scratch)
    return _nodes(spark.read.parquet(f"{scratch.rstrip('/')}/data"), feature_names)


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
