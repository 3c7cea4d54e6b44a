# ruff: noqa: E402 (what needs torch is imported after a look whether it is there)
import threading
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("petastorm", reason="the training extra is not installed")

import torch

from finrec_spark.errors import FeedError
from finrec_spark.training import feed as feed_module
from finrec_spark.training.feed import Feed
from finrec_spark.training.params import FeedParams

PARAMS = FeedParams(batch_size=8, seed=3, mixed_files=3)


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("workers", [1, 2])
def test_each_row_comes_once_over_all_ranks(sixteen_files, world, workers):
    feed = Feed.open(sixteen_files)
    shards = [feed.shard(rank, world, 1, PARAMS.model_copy(update={"workers": workers})) for rank in range(world)]
    assert Counter(row for shard in shards for row in rows_of(shard)) == Counter(rows_of(feed.shard(0, 1, 9, PARAMS)))
    feed.manifest.require_delivered((shard.delivered for shard in shards), epoch=1)


def test_three_ranks_over_sixteen_files_take_equally_many_steps(sixteen_files):
    shards = [Feed.open(sixteen_files).shard(rank, 3, 1, PARAMS) for rank in range(3)]
    assert [len(list(shard)) for shard in shards] == [shards[0].steps] * 3


def test_the_scales_give_every_row_of_a_step_the_same_weight(sixteen_files):
    steps = zip(*[Feed.open(sixteen_files).shard(rank, 3, 1, PARAMS) for rank in range(3)], strict=True)
    means = [sum(float(batch.weight.sum()) * batch.scale for batch in batches) / 3 for batches in steps]
    np.testing.assert_allclose(means, 1.0, rtol=1e-6)


def test_a_rank_without_a_file_gets_batches_of_weight_zero(written):
    feed = Feed.open(written(10, rows_per_file=10))
    assert [float(batch.weight.sum()) for batch in feed.shard(1, 2, 1, PARAMS)] == [0.0, 0.0]


def test_the_same_epoch_comes_in_the_same_order(sixteen_files):
    feed = Feed.open(sixteen_files)
    assert rows_of(feed.shard(0, 2, 1, PARAMS)) == rows_of(feed.shard(0, 2, 1, PARAMS))


def test_another_epoch_comes_in_another_order(sixteen_files):
    feed = Feed.open(sixteen_files)
    assert rows_of(feed.shard(0, 2, 1, PARAMS)) != rows_of(feed.shard(0, 2, 2, PARAMS))


def test_a_feed_at_a_url_gives_the_rows_of_the_one_at_its_path(sixteen_files):
    near, far = (Feed.open(place).shard(1, 2, 1, PARAMS) for place in (sixteen_files, f"file://{sixteen_files}"))
    assert rows_of(far) == rows_of(near)


@pytest.mark.parametrize("taken", [3, 1000])
def test_no_thread_outlives_an_epoch_that_ended_or_was_left(sixteen_files, taken):
    before = set(threading.enumerate())
    batches = iter(Feed.open(sixteen_files).shard(0, 1, 1, PARAMS))
    for _ in islice(batches, taken):
        pass
    batches.close()
    assert set(threading.enumerate()) <= before


def test_a_batch_has_the_columns_of_its_rows(written, layout):
    batch = next(iter(Feed.open(written(1, rows_per_file=1)).shard(0, 1, 1, FeedParams(batch_size=1))))
    assert (batch.product.tolist(), batch.length.tolist(), batch.target.tolist()) == ([[1, 0, 0, 0]], [1], [[2, 0]])
    assert batch.profile.tolist() == [[0.0, 0.0]]


def test_what_a_batch_weighs_lies_where_the_batch_was_sent(sixteen_files):
    """Lengths stay on the CPU; a validation on a GPU once ended there. The meta device is one that any machine has."""
    batch = next(iter(Feed.open(sixteen_files).shard(0, 1, 1, FeedParams(batch_size=8))))
    assert batch.weight_of_events.tolist() == (batch.weight * (batch.length > 0)).tolist()
    sent = batch.to(torch.device("meta"))
    assert sent.length.device.type == "cpu"
    assert sent.weight_of_events.device.type == "meta"


def test_a_truncated_file_is_named_as_unreadable(written):
    directory = written(20, rows_per_file=10)
    path = Path(directory) / Feed.open(directory).manifest.files[0].path
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FeedError, match="a file cannot be read .* write the feed again"):
        list(Feed.open(directory).shard(0, 1, 1, PARAMS))


@pytest.mark.parametrize("come", [lambda groups: groups[1:], lambda groups: [*groups, groups[0]]])
def test_a_short_or_doubled_epoch_is_an_error(sixteen_files, monkeypatch, come):
    read = feed_module._row_groups
    monkeypatch.setattr(feed_module, "_row_groups", lambda *args: iter(come(list(read(*args)))))
    with pytest.raises(FeedError, match=r"rank 1 of 2 in epoch 1: \d+ rows delivered, \d+ written"):
        list(Feed.open(sixteen_files).shard(1, 2, 1, PARAMS))


def test_a_reader_ends_when_nobody_wants_its_batches(sixteen_files):
    batches = iter(Feed.open(sixteen_files).shard(0, 1, 1, PARAMS))
    next(batches)
    batches.close()  # no thread is left that would keep the interpreter from ending


def rows_of(shard):
    """Each row of weight 1 as text, in the order that they come."""
    return [
        f"{batch.product[row].tolist()} {batch.month[row].tolist()} {batch.profile[row].tolist()}"
        for batch in shard
        for row in range(len(batch.weight))
        if batch.weight[row]
    ]
