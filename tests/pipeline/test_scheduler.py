import threading
from dataclasses import replace
from datetime import date

import pytest

from finrec_spark.errors import DataQualityError
from finrec_spark.pipeline.scheduler import plan_for, run_plan
from finrec_spark.pipeline.step import Read, Step, Writes
from finrec_spark.tables import PRODUCT_INDEX_TABLE

from .conftest import LETTERS, WORDS

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)


@pytest.fixture
def started(context, tmp_path):
    return lambda at_once=2: context(tmp_path, steps_at_once=at_once)


@pytest.fixture
def ended(started):
    """Runs targets; the names of the steps in the order in which they ended."""

    def run(targets, catalogue, at_once=2):
        job, names = started(at_once), []
        plan = plan_for(targets, catalogue, job)
        run_plan(plan, job, lambda n, outcome: names.append((n, outcome.step.labelled(outcome.month))))
        return names

    return run


def test_the_plan_follows_from_what_is_read(ended, letters, words):
    assert ended([(words, JUNE)], [words, letters]) == [(1, "letters 2022-06"), (2, "words 2022-06")]


def test_a_step_of_another_month_is_planned_where_its_result_is_read(ended, letters, words):
    both = replace(words, reads=lambda context, month: (Read(LETTERS, MAY), Read(LETTERS)))
    names = ended([(both, JUNE)], [letters, both])
    assert names == [(1, "letters 2022-05"), (2, "letters 2022-06"), (3, "words 2022-06")]


def test_what_is_optional_is_waited_for_but_not_planned_for(started, letters, words):
    optional = replace(words, reads=lambda context, month: (Read(LETTERS, optional=True),))
    alone = plan_for([(optional, JUNE)], [letters, optional], started())
    beside = plan_for([(optional, JUNE), (letters, JUNE)], [letters, optional], started())
    assert [step.name for step, _ in alone.steps] == ["words"]
    assert [step.name for step, _ in beside.steps] == ["letters", "words"]
    assert beside.waits_for[("words", JUNE)] == {("letters", JUNE)}


def test_a_model_s_rows_are_planned_with_the_step_that_writes_them(started, words):
    steps = [Step(name, lambda run: 0, writes=(Writes(LETTERS, name),)) for name in ("als", "gru")]
    reader = replace(words, reads=lambda context, month: (Read(LETTERS, model="gru"),))
    plan = plan_for([(reader, JUNE)], [*steps, reader], started())
    assert [step.name for step, _ in plan.steps] == ["gru", "words"]


def test_a_protocol_s_metrics_are_planned_with_the_step_that_writes_them(started, words):
    steps = [Step(name, lambda run: 0, writes=(Writes(LETTERS, protocol=name),)) for name in ("training", "last_month")]
    reader = replace(words, reads=lambda context, month: (Read(LETTERS, protocol="last_month"),))
    plan = plan_for([(reader, JUNE)], [*steps, reader], started())
    assert [step.name for step, _ in plan.steps] == ["last_month", "words"]


def test_steps_that_do_not_wait_for_each_other_run_side_by_side(ended):
    both_there = threading.Barrier(2, timeout=60)
    steps = [Step(name, lambda run: both_there.wait()) for name in ("one", "other")]
    assert len(ended([(step, JUNE) for step in steps], steps)) == 2


def test_months_of_one_step_follow_each_other(ended):
    months = []
    step = Step("step", lambda run: len(months.append(run.month) or months))
    ended([(step, JUNE), (step, MAY)], [step])
    assert months == [MAY, JUNE]


def test_who_reads_positions_waits_for_every_month_that_gives_some(started):
    matrix = Step("matrix", lambda run: 0, writes=(Writes(PRODUCT_INDEX_TABLE), Writes(LETTERS)))
    forest = Step("forest", lambda run: 0, reads=lambda context, month: (Read(PRODUCT_INDEX_TABLE, MAY),))
    plan = plan_for([(matrix, JUNE), (forest, JUNE)], [matrix, forest], started())
    assert plan.waits_for[("forest", JUNE)] == {("matrix", MAY), ("matrix", JUNE)}


def test_after_an_error_nothing_new_starts(ended, letters):
    started = []

    def refuse(run):
        raise DataQualityError("no")

    refusing = replace(letters, run=refuse)
    behind = Step(
        "behind", lambda run: len(started.append(1) or started), reads=lambda context, month: (Read(LETTERS),)
    )
    with pytest.raises(DataQualityError):
        ended([(behind, JUNE)], [refusing, behind], at_once=1)
    assert started == []


def test_a_circle_of_reads_is_refused(started, letters, words):
    turned = replace(letters, reads=lambda context, month: (Read(WORDS),))
    with pytest.raises(ValueError, match="cycle"):
        plan_for([(words, JUNE)], [turned, words], started())
