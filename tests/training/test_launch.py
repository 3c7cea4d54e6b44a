# ruff: noqa: E402 (what needs torch is imported after a look whether it is there)
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("petastorm", reason="the training extra is not installed")
psutil = pytest.importorskip("psutil", reason="the dev extra is not installed")

from finrec_spark.errors import ConfigError, TrainingError
from finrec_spark.training.launch import require_slots, train
from finrec_spark.training.loop import train_rank
from finrec_spark.training.params import FeedParams, NetworkParams


@pytest.fixture
def plan(tiny_plan, tmp_path):
    return replace(tiny_plan, checkpoints=str(tmp_path / "checkpoints"))


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(spark, plan, tmp_path):
    """Where a step holds all rows: shares of different sizes, one step an epoch, nothing dropped."""
    whole = replace(plan, network=NetworkParams(width=8, hidden=8, token_hidden=4, item_dropout=0, dropout=0))
    whole = changed(replace(whole, feed=FeedParams(batch_size=100)), epochs=3)
    alone = train_rank(replace(whole, checkpoints=str(tmp_path / "alone")))
    together = train(spark, changed(whole, processes=2))
    assert [point.loss for point in together.curve] == pytest.approx([point.loss for point in alone.curve], rel=1e-3)
    for name, array in together.weights.items():
        np.testing.assert_allclose(array, alone.weights[name], atol=2e-3, err_msg=name)


@pytest.mark.slow
def test_a_rank_that_dies_ends_the_training_within_a_minute(spark, plan):
    endless = changed(plan, epochs=5_000, patience=5_000, processes=2)
    killed = threading.Thread(target=kill_a_rank, args=(plan.checkpoints,))
    killed.start()
    with pytest.raises(TrainingError, match="a process of the training died .*start again to go on"):
        train(spark, endless)
    killed.join()
    assert time.monotonic() - killed.at < 60


@pytest.mark.slow
def test_the_error_of_one_rank_is_the_trainings(spark, plan):
    with pytest.raises(TrainingError, match=r"^gru: the loss is not a number in epoch 1, step \d+"):
        train(spark, changed(plan, learning_rate=1e30, processes=2))


def test_more_processes_than_task_slots_are_refused(spark, plan):
    with pytest.raises(ConfigError, match="99 processes on executors need as many task slots"):
        require_slots(spark, changed(plan, processes=99, placement="executors").training)


def test_executors_that_come_and_go_are_refused(spark, plan):
    over = {"spark.sql.legacy.setCommandRejectsSparkCoreConfs": "false", "spark.dynamicAllocation.enabled": "true"}
    for name, value in over.items():
        spark.conf.set(name, value)
    try:
        require_slots(spark, changed(plan, placement="driver").training)
        with pytest.raises(ConfigError, match=r"set spark\.dynamicAllocation\.enabled to false"):
            require_slots(spark, changed(plan, placement="executors").training)
    finally:
        for name in reversed(over):
            spark.conf.unset(name)


def changed(plan, **over):
    return replace(plan, training=plan.training.model_copy(update=over))


def kill_a_rank(checkpoints):
    """End the second of the training's processes once an epoch is done."""
    while not Path(checkpoints, "training.pt").exists():
        time.sleep(0.05)
    below = [process for process in psutil.Process().children(recursive=True) if is_rank(process)]
    threading.current_thread().at = time.monotonic()
    below[-1].send_signal(signal.SIGKILL)


def is_rank(process):
    """Whether it is ``python -u …/train.py``, not the launcher above it, which has further arguments."""
    command = process.as_dict(["cmdline"], ad_value=[])["cmdline"]
    return len(command) == 3 and command[-1].endswith("train.py")
