import lightgbm
import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from finrec_spark.campaigns.spending import Spending
from finrec_spark.models.trees import boosting
from finrec_spark.models.trees.boosting import boosted_trees, fit_boosted, grown
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.models.trees.importance import feature_importance
from finrec_spark.models.trees.kernel import MISSING, arrange_trees, collect_trees, probabilities
from finrec_spark.tables import TREES

NAMES = ("als:score", "numbers:age", "c", "d")
SMALL = BoostingParams(rounds=12, minimum_rows=10)


@pytest.fixture(scope="module")
def sample():
    """Features, labels and weights of 600 rows; the first feature is missing in some."""
    draws = np.random.default_rng(3)
    features = draws.normal(size=(600, 4))
    label = (features[:, 0] + features[:, 1] * features[:, 2] + draws.normal(size=600) > 0).astype(float)
    features[::9, 0] = np.nan
    return features, label, draws.uniform(0.5, 1.0, 600)


@pytest.fixture(scope="module")
def filled(sample):
    features, label, weight = sample
    return np.nan_to_num(features, nan=MISSING), label, weight


@pytest.fixture(scope="module")
def rows(spark, sample):
    columns = [range(600), *(values.tolist() for values in sample)]
    return spark.createDataFrame(
        list(zip(*columns, strict=True)), "key bigint, features array<double>, label double, weight double"
    )


def test_the_kernel_scores_boosted_trees_as_lightgbm_does(sample, filled):
    features, label, weight = filled
    booster = lightgbm.train(boosting._settings(SMALL), lightgbm.Dataset(features, label, weight=weight), SMALL.rounds)
    trees = boosted_trees(features, label, weight, NAMES, SMALL)
    assert probabilities(trees, sample[0]) == pytest.approx(booster.predict(features), abs=1e-12)
    assert len(trees.root) == 12
    assert not trees.is_leaf[trees.child[2 * trees.root]].all()  # some ask a second question


def test_more_positives_teach_more_trees_of_more_leaves(filled):
    able = SMALL.model_copy(update={"settled_positives": int(filled[1].sum() / 4)})
    trees = boosted_trees(*filled, NAMES, able)
    assert len(trees.root) == 2 * SMALL.rounds
    assert grown(able, filled[1]).leaves == 2 * SMALL.leaves
    assert grown(able, np.repeat(filled[1], 100)).rounds == 4 * SMALL.rounds  # and no more


def test_the_same_rows_give_the_same_trees(filled):
    one, two = (boosted_trees(*filled, NAMES, SMALL) for _ in range(2))
    assert np.array_equal(one.threshold, two.threshold) and np.array_equal(one.probability, two.probability)


def test_boosted_trees_learn_what_depends_on_two_features_at_once(filled):
    features, label, weight = filled
    faster = SMALL.model_copy(update={"learning_rate": 0.3, "rounds": 40})
    trees = boosted_trees(features, label, weight, NAMES, faster)
    scores = probabilities(trees, features)
    assert scores[label == 1].mean() > scores[label == 0].mean() + 0.2


def test_the_nodes_are_those_of_the_declared_table(rows, tmp_path):
    nodes = fit_boosted(rows, NAMES, SMALL, str(tmp_path / "nodes"))
    assert nodes.columns == [name for name in TREES.column_names if name not in ("month", "model")]
    assert nodes.where("probability <= 0 or probability >= 1").isEmpty()


def test_rows_in_any_partitioning_give_the_trees_of_the_matrix(rows, filled, tmp_path):
    expected = boosted_trees(*filled, NAMES, SMALL)
    for number, spread in enumerate((rows.coalesce(1), rows.repartition(5, "label"))):
        found = collect_trees(fit_boosted(spread, NAMES, SMALL, str(tmp_path / str(number))), NAMES, additive=True)
        for name in ("root", "feature", "threshold", "child", "probability", "weight"):
            assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def test_features_that_tell_nothing_make_trees_of_one_leaf(rows, tmp_path):
    plain = rows.withColumn("features", F.array(*[F.lit(1.0)] * len(NAMES)))
    nodes = fit_boosted(plain, NAMES, SMALL, str(tmp_path / "nodes"))
    assert nodes.where("feature is not null or left != -1").isEmpty() and not nodes.isEmpty()


def test_of_too_many_rows_the_same_share_is_learned_from_in_any_partitioning(spark, rows, tmp_path):
    more = rows.crossJoin(spark.range(5).withColumnRenamed("id", "copy")).withColumn("key", F.expr("key * 5 + copy"))
    few = SMALL.model_copy(update={"most_rows": 1_000, "rounds": 1, "rows_share": 1.0})
    nodes = [
        fit_boosted(spread.drop("copy"), NAMES, few, str(tmp_path / str(number))).toPandas()
        for number, spread in enumerate((more.coalesce(1), more.repartition(7, "label")))
    ]
    pd.testing.assert_frame_equal(*nodes, check_exact=True)
    all_rows = few.model_copy(update={"most_rows": 3_000})
    everything = fit_boosted(more.drop("copy"), NAMES, all_rows, str(tmp_path / "all")).toPandas()
    learned = [float(found.query("left == -1")["weight"].sum()) for found in (nodes[0], everything)]
    assert learned[0] / learned[1] == pytest.approx(1 / 3, rel=0.15)


def test_a_mean_is_predicted_as_lightgbm_does(sample, filled):
    features, label, weight = filled
    amount = np.exp(label + features[:, 1].clip(-1, 1))
    settings = boosting._settings(SMALL, "gamma")
    booster = lightgbm.train(settings, lightgbm.Dataset(features, amount, weight=weight), SMALL.rounds)
    nodes = boosting._learned(features, amount, weight, NAMES, SMALL, "gamma")
    found = Spending(arrange_trees(nodes, NAMES, additive=True)).factor(sample[0])
    assert found == pytest.approx(booster.predict(features), rel=1e-9)


def test_importance_is_that_of_lightgbm_s_gains(filled):
    features, label, weight = filled
    plain = SMALL.model_copy(update={"ridge": 0.0, "rows_share": 1.0, "features_share": 1.0})
    booster = lightgbm.train(boosting._settings(plain), lightgbm.Dataset(features, label, weight=weight), plain.rounds)
    gains = booster.feature_importance("gain")
    found = feature_importance(boosted_trees(features, label, weight, NAMES, plain), NAMES)
    assert pd.Series(found)[list(NAMES)].to_numpy() == pytest.approx(gains / gains.sum(), abs=0.02)
