import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.ml.functions import array_to_vector
from pyspark.ml.regression import RandomForestRegressionModel

from finrec_spark.errors import ModelNotFound
from finrec_spark.models.trees.fitting import TreesParams, fit_trees
from finrec_spark.models.trees.kernel import (
    MISSING,
    arrange_trees,
    attributed,
    attribution_table,
    collect_trees,
    leaves,
    probabilities,
)
from finrec_spark.models.trees.printed import printed_tree
from finrec_spark.tables import TREES

NAMES = ("age", "balance", "calls")
ROWS = "key bigint, features array<double>, label double, weight double"
SMALL = TreesParams(trees=5, depth=4, minimum_rows=5, seed=3)
AGE_FIRST = [  # tree, node, left, right, feature, threshold, probability, weight
    (0, 0, 1, 4, "age", 30.0, 0.4, 10.0),
    (0, 1, 2, 3, "balance", 0.5 * MISSING, 0.2, 6.0),
    (0, 2, -1, -1, None, None, 0.0, 2.0),
    (0, 3, -1, -1, None, None, 0.3, 4.0),
    (0, 4, -1, -1, None, None, 0.7, 4.0),
]


def test_a_row_goes_left_up_to_the_threshold_and_right_above(age_first):
    assert leaves(age_first, np.array([[30.0, 1.0], [30.1, 1.0]])).tolist() == [[3], [4]]


def test_a_missing_value_is_below_every_threshold(age_first):
    assert leaves(age_first, np.array([[np.nan, np.nan], [np.nan, -1e9]])).tolist() == [[2], [3]]


def test_a_path_is_shared_out_among_the_features_that_were_asked(age_first):
    found = leaves(age_first, np.array([[20.0, 1.0]]))
    assert attributed(age_first, attribution_table(age_first, [0, 1], 2), found) == pytest.approx(
        np.array([[0.2 - 0.4, 0.3 - 0.2]])
    )


def test_the_tree_can_be_read(age_first):
    assert printed_tree(age_first, ["age", "balance"]).splitlines() == [
        "everyone: 40.0% of 10",
        "    age ≤ 30 or missing: 20.0% of 6",
        "        balance is missing: 0.0% of 2",
        "        balance is known: 30.0% of 4",
        "    age > 30: 70.0% of 4",
    ]


def test_trees_of_a_feature_that_is_gone_are_refused():
    with pytest.raises(ModelNotFound, match="balance"):
        arrange_trees(_table(AGE_FIRST), ["age"])


def test_no_trees_are_refused(spark):
    with pytest.raises(ModelNotFound, match="no nodes"):
        collect_trees(spark.createDataFrame([], TREES.ddl), NAMES)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_many_rows_at_once_fall_as_each_by_itself(seed):
    rng = np.random.default_rng(seed)
    table = _random_trees(rng, trees=4, features=3)
    features = np.where(rng.random((20, 3)) < 0.2, np.nan, rng.integers(-2, 3, (20, 3)).astype(float))
    trees = arrange_trees(table, NAMES)
    found = leaves(trees, features)
    assert trees.probability[found].tolist() == [[_walk(table, t, row) for t in range(4)] for row in features]


@given(st.one_of(st.floats(1e-30, 1e30), st.floats(-1e30, -1e-30)))  # LightGBM takes what is nearer to 0 for 0
@settings(max_examples=100, deadline=None)
def test_a_value_is_told_from_the_threshold_by_its_last_digit(threshold):
    rows = [
        (0, 0, 1, 2, "age", threshold, 0.5, 10.0),
        (0, 1, -1, -1, None, None, 0.2, 5.0),
        (0, 2, -1, -1, None, None, 0.8, 5.0),
    ]
    values = np.array([[threshold], [np.nextafter(threshold, np.inf)], [-np.inf], [np.inf]])
    assert leaves(arrange_trees(_table(rows), ["age"]), values).tolist() == [[1], [2], [1], [2]]


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=30, deadline=None)
def test_bias_and_attributions_add_up_to_the_probability(seed, additive):
    rng = np.random.default_rng(seed)
    trees = arrange_trees(_random_trees(rng, trees=4, features=3), NAMES, additive)
    features = rng.normal(size=(20, 3))
    parts = attributed(trees, attribution_table(trees, [0, 1, 1], 2), leaves(trees, features))
    assert trees.bias + parts.sum(axis=1) == pytest.approx(probabilities(trees, features), abs=1e-12)


def test_a_forest_scores_as_mllib_does(spark, rows, scratch):
    trees = collect_trees(fit_trees(rows, NAMES, SMALL, single=False, scratch=scratch), NAMES)
    known = np.array(rows.orderBy("key").toPandas()["features"].tolist())
    filled = pd.DataFrame({"key": range(len(known)), "features": np.nan_to_num(known, nan=MISSING).tolist()})
    vectors = spark.createDataFrame(filled).select("key", array_to_vector("features").alias("features"))
    theirs = RandomForestRegressionModel.load(scratch).transform(vectors).orderBy("key").toPandas()["prediction"]
    assert probabilities(trees, known) == pytest.approx(theirs.to_numpy(), abs=1e-6)


def test_leaves_are_told_apart_by_shares_where_the_majority_is_the_same(spark, scratch):
    rare = [(i, [float(i % 2)], float(i % 2 == 1 and i % 10 == 1), 1.0) for i in range(100)]
    rows = spark.createDataFrame(rare, ROWS)
    trees = collect_trees(fit_trees(rows, ["odd"], SMALL, single=True, scratch=scratch), ["odd"])
    assert probabilities(trees, np.array([[0.0], [1.0]])).tolist() == [0.0, 0.2]


@pytest.mark.parametrize("single", [True, False])
def test_partitioning_changes_no_tree(spark, rows, scratch, single):
    once = _sorted(fit_trees(rows.repartition(2), NAMES, SMALL, single, scratch))
    spark.conf.set("spark.sql.shuffle.partitions", "37")
    try:
        again = _sorted(fit_trees(rows.repartition(7).orderBy("label"), NAMES, SMALL, single, scratch))
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", "2")
    pd.testing.assert_frame_equal(once, again, check_exact=True)


def test_the_nodes_are_those_of_the_declared_table(rows, scratch):
    nodes = fit_trees(rows, NAMES, SMALL, single=True, scratch=scratch)
    assert nodes.columns == [name for name in TREES.column_names if name not in ("month", "model")]


@pytest.fixture
def age_first():
    return arrange_trees(_table(AGE_FIRST), ["age", "balance"])


@pytest.fixture(scope="module")
def rows(spark):
    """300 rows whose label follows age and balance; weights that have no exact sum in another order."""
    rng = np.random.default_rng(7)
    features = np.where(rng.random((300, 3)) < 0.1, np.nan, rng.normal(size=(300, 3)))
    label = (np.nan_to_num(features[:, 0]) + np.nan_to_num(features[:, 1]) + rng.normal(size=300) > 1).astype(float)
    weight = np.where(label == 1, 1.0, 0.1)
    columns = {"key": np.arange(300), "features": features.tolist(), "label": label, "weight": weight}
    return spark.createDataFrame(pd.DataFrame(columns), ROWS)


@pytest.fixture
def scratch(tmp_path):
    return str(tmp_path / "forest")


def _table(rows):
    return pd.DataFrame(rows, columns=[name for name in TREES.column_names if name not in ("month", "model")])


def _sorted(nodes):
    return nodes.toPandas().sort_values(["tree", "node"], ignore_index=True)


def _random_trees(rng, trees, features):
    """Trees of up to four levels, their nodes numbered in pre-order."""
    rows = []

    def grow(tree, level):
        node = sum(row[0] == tree for row in rows)
        rows.append([tree, node, -1, -1, None, None, rng.random(), 1.0])
        row = rows[-1]
        if level < 4 and rng.random() < 0.8:
            row[4:6] = NAMES[rng.integers(features)], float(rng.integers(-2, 3))
            row[2] = grow(tree, level + 1)
            row[3] = grow(tree, level + 1)
        return node

    for tree in range(trees):
        grow(tree, 0)
    return _table(rows)


def _walk(table, tree, row):
    """The probability that one row ends with, node by node."""
    nodes = table[table["tree"] == tree].set_index("node")
    node = nodes.loc[0]
    while node["left"] >= 0:
        node = nodes.loc[node["right"] if row[NAMES.index(node["feature"])] > node["threshold"] else node["left"]]
    return node["probability"]
