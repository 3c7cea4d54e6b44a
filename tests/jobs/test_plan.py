import threading
from datetime import date

import pytest

from finrec_spark.errors import DataQualityError
from finrec_spark.pipeline.scheduler import perform_all
from finrec_spark.pipeline.step import After, Step

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)


@pytest.fixture
def done(program, tmp_path):
    """Runs a plan; the order in which the steps ended."""

    def run(plan, at_once=2):
        ended = []
        perform_all(
            plan, program(tmp_path, steps_at_once=at_once), lambda n, outcome: ended.append((n, outcome.step.name))
        )
        return ended

    return run


def test_a_step_waits_for_what_it_reads(done):
    first = Step("first", lambda job: 1)
    second = Step("second", lambda job: 1, after=(After("first"),))
    assert done([(first, JUNE), (second, JUNE)]) == [(1, "first"), (2, "second")]


def test_steps_that_do_not_wait_for_each_other_run_side_by_side(done):
    both_there = threading.Barrier(2, timeout=60)
    meet = lambda job: both_there.wait()  # noqa: E731
    assert len(done([(Step("one", meet), JUNE), (Step("other", meet), JUNE)])) == 2


def test_months_of_one_step_follow_each_other(done):
    months = []
    step = Step("step", lambda job: len(months.append(job.month) or months))
    done([(step, MAY), (step, JUNE)])
    assert months == [MAY, JUNE]


def test_after_an_error_nothing_new_starts(done):
    started = []

    def refuse(job):
        raise DataQualityError("no")

    behind = Step("behind", lambda job: len(started.append(1) or started), after=(After("refusing"),))
    with pytest.raises(DataQualityError):
        done([(Step("refusing", refuse), JUNE), (behind, JUNE)], at_once=1)
    assert started == []
