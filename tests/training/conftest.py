"""A small world: six products on a ring; who used one takes the next."""

import numpy as np
import pytest

from finrec_spark.training.feed_writing import write_for_feed
from finrec_spark.training.params import FeedParams, NetworkParams, TrainingParams, WritingParams
from finrec_spark.training.product_arrays import ProductContent
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.training.trained import TrainingPlan

LAYOUT = SequenceLayout(
    events=4, targets=2, owned=3, profile=2, products=6, event_types=2, amounts=3, gaps=3, ratings=False
)


@pytest.fixture(scope="session")
def layout():
    return LAYOUT


@pytest.fixture(scope="session")
def content():
    """Six products with texts of up to three of five tokens, four tags, no figures; all have a history."""
    rng = np.random.default_rng(5)
    tokens = np.array([[1, 2, 0], [2, 3, 0], [3, 4, 0], [4, 5, 0], [5, 1, 2], [1, 0, 0]])
    vectors = np.vstack([np.zeros((1, 8)), rng.normal(size=(5, 8))]).astype(np.float32)
    tags = np.eye(6, 4, dtype=np.float32)
    return ProductContent(tokens, vectors, tags, np.zeros((1, 6, 0), np.float32), np.full(6, True))


@pytest.fixture(scope="session")
def sequences(spark):
    """Builds sequences of made-up customers."""

    def build(n, first=0):
        rows = [sequence(customer) for customer in range(first, first + n)]
        return spark.createDataFrame(rows, ", ".join(f"{c.name} {c.type}" for c in LAYOUT.columns))

    return build


def sequence(customer):
    """One to four events that walk the ring; the target is the step after, the first event's product is owned."""
    length = 1 + customer % 4
    walk = [(customer + step) % 6 + 1 for step in range(length)]
    events = [walk, [1] * length, [1 + customer % 3] * length, [2] * length, [1 + customer % 12] * length]
    lists = [part + [0] * (4 - length) for part in events]
    profile = [float(customer % 5), float(customer % 7) / 7]
    return (customer, *lists, length, 0, [walk[-1] % 6 + 1, 0], [0, 0, 0], profile)


@pytest.fixture(scope="session")
def written(sequences, tmp_path_factory):
    """Writes a feed of n customers and returns its directory."""

    def write(n, rows_per_file, ranks=1, first=0):
        directory = str(tmp_path_factory.mktemp("feed"))
        write_for_feed(sequences(n, first), directory, LAYOUT, WritingParams(rows_per_file=rows_per_file, ranks=ranks))
        return directory

    return write


@pytest.fixture(scope="session")
def sixteen_files(written):
    """300 customers in 16 files."""
    return written(300, rows_per_file=19)


@pytest.fixture(scope="session")
def tiny_plan(written, content):
    """A training of seconds: 60 customers, validated on 20 others; its checkpoint directory is the test's to give."""
    return TrainingPlan(
        train=written(60, rows_per_file=20),
        validation=written(20, rows_per_file=20, first=60),
        checkpoints="",
        content=content,
        network=NetworkParams(width=8, hidden=8, token_hidden=4),
        feed=FeedParams(batch_size=16),
        training=TrainingParams(epochs=6, patience=6, learning_rate=0.03, averaging=0.5, timeout_s=30),
    )
