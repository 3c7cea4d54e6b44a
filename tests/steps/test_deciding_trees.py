import shutil
from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.evaluation.held_out import EvaluationPlan, LastMonthParams, held_out_lists
from finrec_spark.evaluation.metrics import per_customer_metrics
from finrec_spark.evaluation.preferred_trees import collect_mean_ndcg
from finrec_spark.models.calibration import AS_IT_IS
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import StepRun
from finrec_spark.ranking.ensemble import Ensemble, forest_of
from finrec_spark.steps import deciding_trees
from finrec_spark.steps.deciding_trees import (
    BOOSTED_TREES,
    DECIDING,
    RANDOM_FOREST,
    deciding_model,
    read_trees,
)
from finrec_spark.steps.evaluate_last_month import STEP
from finrec_spark.steps.scoring_inputs import pair_sample, read_ensemble, read_month_tables, rows_with_taken
from finrec_spark.tables import METRICS, TREES
from jobs import recommend, train_forest

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)


@pytest.fixture
def june(finished):
    return StepRun(finished, STEP, JUNE)


@pytest.fixture
def gained(june):
    """Forest and boosted trees of June → nDCG@10 of May, which neither has seen."""
    tables = read_month_tables(june, MAY)
    trees = {model: read_trees(june, tables.features.names, model, JUNE) for model in DECIDING}
    return collect_mean_ndcg(rows_with_taken(june, tables), pair_sample(june, tables), trees, 10)


def test_the_trees_that_ranked_the_newest_month_better_decide(june, gained):
    assert gained.keys() == set(DECIDING)
    assert deciding_model(june.context.lake, JUNE) == max(DECIDING, key=gained.get)


def test_their_gain_is_the_ndcg_of_their_lists(june, gained):
    tables = read_month_tables(june, MAY)
    rows = rows_with_taken(june, tables)
    forest, boosted = (read_trees(june, tables.features.names, model, JUNE) for model in DECIDING)
    ensemble = Ensemble(tables.scorers, forest_of(tables.features, forest, AS_IT_IS, 20))
    plan = EvaluationPlan(ensemble, tables.catalogue, LastMonthParams(), {BOOSTED_TREES: boosted})
    lists = held_out_lists(rows, plan).withColumnRenamed("product_index", "product_id")
    taken = rows.select("customer_id", F.explode("taken").alias("product_id"))
    measured = per_customer_metrics(lists, taken, 10, ("ensemble", BOOSTED_TREES)).groupBy("model").agg(F.avg("ndcg"))
    assert dict(measured.collect()) == pytest.approx(
        {"ensemble": gained[RANDOM_FOREST], BOOSTED_TREES: gained[BOOSTED_TREES]}
    )


def test_the_month_that_is_measured_did_not_choose(finished, june):
    assert deciding_model(june.context.lake, MAY) is None  # so the forest ranks, and the boosted trees stand beside it
    measured = {row["model"] for row in finished.lake.collect(METRICS, protocol="last_month")}
    assert measured >= {"ensemble", BOOSTED_TREES} and RANDOM_FOREST not in measured


@pytest.mark.parametrize(("ranks", "remarks"), [(BOOSTED_TREES, 1), (RANDOM_FOREST, 0), (None, 0)])
def test_it_is_told_where_other_trees_rank_than_stand_for_the_ensemble(finished, monkeypatch, ranks, remarks):
    monkeypatch.setattr(deciding_trees, "deciding_model", lambda lake, month: ranks if month == JUNE else None)
    told = list(deciding_trees.trees_remark(finished.lake, JUNE, finished.config.ensemble))
    assert len(told) == remarks
    assert all(name in line for line in told for name in (BOOSTED_TREES, RANDOM_FOREST))


@pytest.mark.slow
@pytest.mark.parametrize("learner", DECIDING)
def test_a_learner_that_is_asked_for_alone_decides_alone(finished, context, tmp_path, learner):
    shutil.copytree(finished.lake.root, tmp_path / "lake")
    ensemble = finished.config.ensemble.model_dump() | {"learner": learner}
    other = context(tmp_path / "lake", "files", ensemble=ensemble)
    run_step(train_forest.STEP, other, JUNE)
    run = StepRun(other, recommend.STEP, JUNE)
    assert deciding_model(run.context.lake, JUNE) == learner
    (unasked,) = set(DECIDING) - {learner}
    assert not other.lake.count(TREES, month=JUNE, model=unasked)
    assert read_ensemble(run, read_month_tables(run, JUNE)).forest.trees.additive == (learner == BOOSTED_TREES)
