import shutil
from datetime import date

import numpy as np
import pytest

from finrec_spark.evaluation.held_out import ENSEMBLE
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.deciding_trees import (
    ALL_TREES,
    BOOSTED_TREES,
    VOTERS,
    collect_vote,
    has_vote,
    read_vote,
)
from finrec_spark.steps.evaluate_last_month import STEP
from finrec_spark.steps.scoring_inputs import read_ensemble, read_month_tables
from finrec_spark.tables import CALIBRATION, METRICS, TREES
from jobs import recommend, train_forest

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)


@pytest.fixture
def june(finished):
    return StepRun(finished, STEP, JUNE)


def test_forest_and_boosted_trees_vote_on_a_month_s_lists(june):
    names = read_month_tables(june, MAY).features.names
    assert [trees.additive for trees in read_vote(june, names, JUNE).voters] == [False, True]
    assert has_vote(june.context.lake, JUNE)


def test_the_vote_over_what_is_asked_for_alone_is_the_month_s(june):
    all_names = read_month_tables(june, MAY).features.names
    names, vote = collect_vote(june.context.lake, JUNE)
    features = np.random.default_rng(2).normal(size=(200, len(all_names)))
    asked = features[:, [all_names.index(name) for name in names]]
    assert vote.probabilities(asked) == pytest.approx(read_vote(june, all_names, JUNE).probabilities(features))
    assert collect_vote(june.context.lake, MAY) == ((), None)


def test_a_curve_without_trees_is_no_vote(finished, context, tmp_path):
    shutil.copytree(finished.lake.root, tmp_path / "lake")
    other = context(tmp_path / "lake", "files")
    other.lake.replace(TREES, other.lake.read(TREES, month=JUNE).limit(0), month=JUNE)
    assert has_vote(other.lake, JUNE)
    assert collect_vote(other.lake, JUNE) == ((), None)


def test_a_month_that_was_never_decided_has_no_vote(june):
    assert not has_vote(june.context.lake, MAY)
    assert read_vote(june, read_month_tables(june, MAY).features.names, MAY) is None


def test_each_of_the_trees_is_measured_beside_their_vote(finished):
    measured = {row["model"] for row in finished.lake.collect(METRICS, protocol="last_month")}
    assert measured >= {ENSEMBLE, *ALL_TREES}


@pytest.mark.slow
@pytest.mark.parametrize("learner", VOTERS)
def test_a_learner_that_is_asked_for_alone_decides_alone(finished, context, tmp_path, learner):
    shutil.copytree(finished.lake.root, tmp_path / "lake")
    ensemble = finished.config.ensemble.model_dump() | {"learner": learner}
    other = context(tmp_path / "lake", "files", ensemble=ensemble)
    run_step(train_forest.STEP, other, JUNE)
    run = StepRun(other, recommend.STEP, JUNE)
    (unasked,) = set(VOTERS) - {learner}
    assert not other.lake.count(TREES, month=JUNE, model=unasked)
    assert other.lake.count(CALIBRATION, month=JUNE, model=ENSEMBLE)
    (alone,) = read_ensemble(run, read_month_tables(run, JUNE)).forest.vote.voters
    assert alone.additive == (learner == BOOSTED_TREES)
