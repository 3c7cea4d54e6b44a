from datetime import date

import pytest

from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps import earlier_trees as steps
from finrec_spark.steps.earlier_trees import earlier_trees
from finrec_spark.steps.evaluate_last_month import STEP
from finrec_spark.steps.scoring_inputs import read_month_tables

APRIL, MAY, JUNE = (date(2022, month, 1) for month in (4, 5, 6))


def test_trees_and_curve_are_of_months_before_the_held_out_one(job, monkeypatch):
    read = []
    monkeypatch.setattr(steps, "LEAST_TAKEN", 1)  # of such a small bank's half
    monkeypatch.setattr(
        steps, "read_month_tables", lambda job, month: read.append(month) or read_month_tables(job, month)
    )
    found = earlier_trees(job, read_month_tables(job, MAY))
    assert read == [APRIL]
    assert len(found.vote.voters) == 2  # a forest and boosted trees, as the month's own
    assert 0 < found.base_rate < 0.1


def test_a_month_in_which_hardly_anything_was_taken_makes_no_claim(job, monkeypatch):
    monkeypatch.setattr(steps, "LEAST_TAKEN", 1_000)
    assert earlier_trees(job, read_month_tables(job, MAY)) is None


def test_without_an_earlier_month_in_the_lake_there_is_no_claim(finished):
    held_out_april = StepRun(finished, STEP, MAY)
    assert earlier_trees(held_out_april, read_month_tables(held_out_april, APRIL)) is None  # March was never decided


@pytest.fixture
def job(finished):
    return StepRun(finished, STEP, JUNE)
