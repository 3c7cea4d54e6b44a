# ruff: noqa: E402 (what needs torch is imported after a look whether it is there)
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("petastorm", reason="the training extra is not installed")

from pyspark import cloudpickle
from pyspark.sql import functions as F

from finrec_spark.errors import TrainingError
from finrec_spark.training.feed_writing import write_for_feed
from finrec_spark.training.loop import train_rank
from finrec_spark.training.params import WritingParams

ROOT = Path(__file__).parents[2]


def test_training_learns_the_ring(plan):
    trained = train_rank(plan)
    validation = losses(trained, "validation")
    assert validation[-1] < validation[0] / 2


def test_the_same_seed_gives_the_same_weights_to_the_bit(plan, tmp_path):
    once, again = train_rank(plan), train_rank(replace(plan, checkpoints=str(tmp_path / "other")))
    assert_equal(once, again)


def test_another_seed_gives_other_weights(plan, tmp_path):
    other = changed(replace(plan, checkpoints=str(tmp_path / "other")), seed=18)
    assert not np.array_equal(*(train_rank(p).weights["products.id.weight"] for p in (plan, other)))


def test_a_training_that_is_done_is_not_done_again(plan, capsys):
    once = train_rank(plan)
    capsys.readouterr()
    assert_equal(train_rank(plan), once)
    assert "goes on after epoch 6" in capsys.readouterr().out


def test_training_goes_on_where_fewer_epochs_were_run(plan, tmp_path):
    undisturbed = train_rank(replace(plan, checkpoints=str(tmp_path / "other")))
    train_rank(changed(plan, epochs=2))
    assert_equal(train_rank(plan), undisturbed)


def test_the_checkpoint_of_another_training_is_not_gone_on_from(plan, capsys):
    train_rank(changed(plan, learning_rate=0.5))
    capsys.readouterr()
    train_rank(plan)
    assert "goes on" not in capsys.readouterr().out


def test_a_training_killed_at_any_moment_ends_with_the_weights_of_an_undisturbed_one(plan, tmp_path):
    long = changed(plan, epochs=40, patience=40)
    undisturbed = train_rank(replace(long, checkpoints=str(tmp_path / "other")))
    kill_after_some_epochs(long, tmp_path)
    assert_equal(train_rank(long), undisturbed)


def test_training_stops_when_the_validation_loss_no_longer_falls(plan):
    trained = train_rank(changed(plan, epochs=60, patience=1, learning_rate=0.2))
    assert len(losses(trained, "validation")) == trained.best_epoch + 1 < 60


def test_who_has_no_events_has_no_say_in_when_to_stop(plan, sequences, layout, tmp_path):
    rows, both = sequences(20, first=60), str(tmp_path / "both")
    write_for_feed(rows.union(without_events(rows)), both, layout, WritingParams(rows_per_file=20))
    alone = train_rank(changed(plan, finishing_epochs=0))
    with_others = replace(plan, validation=both, checkpoints=str(tmp_path / "other"))
    found = train_rank(changed(with_others, finishing_epochs=0))
    assert losses(found, "validation") == pytest.approx(losses(alone, "validation"), rel=1e-5)


def test_where_nobody_in_the_newest_month_had_events_all_epochs_are_run(plan, sequences, layout, tmp_path):
    directory = str(tmp_path / "first buyers")
    write_for_feed(without_events(sequences(20)), directory, layout, WritingParams(rows_per_file=20))
    trained = train_rank(replace(plan, validation=directory))
    assert (trained.best_epoch, losses(trained, "validation")) == (6, [])


def test_the_newest_month_is_learned_last(plan):
    trained = train_rank(changed(plan, epochs=2, finishing_epochs=20, finishing_rate=0.01))
    finish = losses(trained, "finish")
    assert len(finish) == 20
    assert finish[-1] < finish[0] * 0.8


def test_without_finishing_the_weights_of_the_best_epoch_are_kept(plan):
    trained = train_rank(changed(plan, finishing_epochs=0))
    assert losses(trained, "finish") == []


def test_the_mean_of_weights_is_kept_not_the_last_ones(plan, tmp_path):
    settings = {"finishing_epochs": 0, "epochs": 1}
    last = train_rank(changed(plan, averaging=0.0, **settings))
    mean = train_rank(changed(replace(plan, checkpoints=str(tmp_path / "other")), averaging=0.9, **settings))
    assert losses(last, "train") == losses(mean, "train")
    assert not np.array_equal(last.weights["products.id.weight"], mean.weights["products.id.weight"])


def test_without_validation_all_epochs_are_run(plan):
    trained = train_rank(replace(plan, validation=None))
    assert (trained.best_epoch, [point.split for point in trained.curve]) == (6, ["train"] * 6)


def test_a_loss_that_is_no_number_ends_the_training_by_name(plan):
    with pytest.raises(TrainingError, match=r"not a number in epoch 1, step \d+, rank 0; lower"):
        train_rank(changed(plan, learning_rate=1e30))


@pytest.fixture
def plan(tiny_plan, tmp_path):
    return replace(tiny_plan, checkpoints=str(tmp_path / "checkpoints"))


def without_events(rows):
    lists = ("product", "event_type", "amount", "gap", "month")
    return rows.withColumns({**{name: F.transform(name, lambda v: v * 0) for name in lists}, "length": F.lit(0)})


def changed(plan, **over):
    return replace(plan, training=plan.training.model_copy(update=over))


def losses(trained, split):
    return [point.loss for point in trained.curve if point.split == split]


def assert_equal(one, other):
    assert one.curve == other.curve
    for name, array in one.weights.items():
        np.testing.assert_array_equal(array, other.weights[name], err_msg=name)


def kill_after_some_epochs(plan, directory):
    """Run ``plan`` in a process of its own and end it with SIGKILL once it wrote a checkpoint, before it is done."""
    (directory / "plan").write_bytes(cloudpickle.dumps(plan))
    code = f"""
        import pickle
        from finrec_spark.training.loop import train_rank
        train_rank(pickle.load(open({str(directory / "plan")!r}, "rb")))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE)
    while not Path(plan.checkpoints, "training.pt").exists():
        time.sleep(0.01)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
