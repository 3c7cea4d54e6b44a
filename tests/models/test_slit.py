"""SLIT: what was met next, summed fast, against a slow way that is obviously right; and what it scores."""

from datetime import datetime

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from finrec_spark.models.neighbours.slit import SPEC, SlitParams, weight_rows
from finrec_spark.models.neighbours.transitions import TransitionSums, collect_transition_sums, customer_events

MAY = 12 * 2022 + 4
IDS = ("A", "B", "C", "D")
POSITIONS = list(enumerate(IDS))
EVENTS = "customer_id string, product_id string, event_type string, event_time timestamp"
HALF_LIFE = 2.0


@pytest.fixture
def sums(spark):
    def build(events, partitions=1):
        positions = spark.createDataFrame(
            [(name, place) for place, name in POSITIONS], "product_id string, product_index int"
        )
        interactions = spark.createDataFrame(events, EVENTS).repartition(partitions)
        rows = customer_events(interactions, positions, ["open"], ["close"])
        return collect_transition_sums(rows, len(IDS), MAY, HALF_LIFE)

    return build


def event(customer, product, kind, month, day=1):
    return (customer, product, kind, datetime(2022, month, day))


def made_up(seed, n=400):
    draw = np.random.default_rng(seed)
    kinds = draw.choice(["open", "close", "view", "pay"], n, p=[0.3, 0.1, 0.4, 0.2])
    return [
        event(
            f"c{draw.integers(30)}",
            IDS[draw.integers(4)],
            str(kind),
            int(draw.integers(1, 6)),
            int(draw.integers(1, 28)),
        )
        for kind in kinds
    ]


def slow(events):
    """Customer by customer, month by month and event by event."""
    n = len(IDS)
    histories, following, support = np.zeros((2 * n, 2 * n)), np.zeros((2 * n, n)), np.zeros((n, n))
    for customer in {each[0] for each in events}:
        mine = [each for each in events if each[0] == customer]
        ordered = sorted(mine, key=lambda each: (each[3], {"close": 0, "open": 2}.get(each[2], 1)))
        met, held = set(), set()
        for month in range(1, 6):
            now = [each for each in ordered if each[3].month == month]
            new = {each[1] for each in now if each[2] != "close"} - held
            if met and new:
                x = [len(met) ** -0.5 * (name in met) for name in IDS] + [float(name in held) for name in IDS]
                y = [float(name in new) for name in IDS]
                weight = 0.5 ** ((5 - month) / HALF_LIFE)
                histories += weight * np.outer(x, x)
                following += weight * np.outer(x, y)
                support += np.outer([name in met for name in IDS], y)
            for _, product, kind, _ in now:
                met.add(product)
                held |= {product} if kind == "open" else set()
                held -= {product} if kind == "close" else set()
    return histories, following, support


def test_the_sums_are_those_of_the_slow_way(sums):
    events = made_up(seed=3)
    found = sums(events)
    histories, following, support = slow(events)
    assert support.sum() > 100
    assert found.support.tolist() == support.tolist()
    # shares and fading are rounded, so that sums are exact
    assert np.triu(found.histories) == pytest.approx(np.triu(histories), rel=3e-3)
    assert found.following == pytest.approx(following, rel=3e-3)


def test_the_sums_are_the_same_to_the_bit_however_the_rows_lie(sums):
    events = made_up(seed=4)
    once, again = sums(events), sums(events[::-1], partitions=5)
    assert once.histories.tolist() == again.histories.tolist()
    assert once.following.tolist() == again.following.tolist()


def test_what_is_held_is_never_next_and_what_was_closed_can_be(sums):
    used = [event("c", "A", "open", 1), event("c", "A", "pay", 2)]
    assert not sums(used).following.any()
    closed = [event("c", "A", "open", 1), event("c", "A", "close", 2), event("c", "A", "view", 3)]
    assert sums(closed).support.tolist()[0] == [1, 0, 0, 0]


def test_what_happens_within_one_month_is_no_transition(sums):
    assert not sums([event("c", "A", "open", 4, 1), event("c", "B", "open", 4, 9)]).support.any()


def test_a_transition_counts_half_after_the_half_life(sums):
    old = sums([event("c", "A", "view", 1), event("c", "B", "view", 3)])
    new = sums([event("c", "A", "view", 1), event("c", "B", "view", 5)])
    assert old.following[0, 1] == pytest.approx(new.following[0, 1] / 2)


def test_weights_are_the_ridge_regression_of_what_was_next_on_histories():
    draw = np.random.default_rng(5)
    x, y = draw.random((50, 8)), draw.random((50, 4))
    sums = TransitionSums(x.T @ x, x.T @ y, np.ones((4, 4)))
    rows = weight_rows(sums, IDS, SlitParams(ridge=2.0))
    exact = np.linalg.inv(x.T @ x + 2.0 * np.eye(8)) @ x.T @ y
    found = rows.set_index(["neighbour_id", "product_id"])
    for history, of in POSITIONS:
        for product, name in POSITIONS:
            row = found.loc[of, name]
            assert (row.met, row.held) == pytest.approx(
                (exact[history, product], exact[history + 4, product]), abs=1e-8
            )


def test_of_each_product_the_weights_that_say_most_are_kept():
    sums = TransitionSums(np.eye(8), np.vstack([np.diag([5.0, 4.0, 3.0, 2.0]) + 1, np.zeros((4, 4))]), np.ones((4, 4)))
    rows = weight_rows(sums, IDS, SlitParams(neighbours=1))
    assert list(zip(rows.product_id, rows.neighbour_id, strict=True)) == [(name, name) for name in IDS]


def test_what_often_came_next_is_ranked_first_and_told_as_the_reason(bank, spark):
    rows = [("B", "A", 0.8, 0.0, 7), ("C", "A", 0.2, 0.0, 3), ("C", "B", 0.0, 0.9, 5)]
    scorer = SPEC.scorer(spark.createDataFrame(rows, SPEC.table.ddl_without("month")), bank.scorer_inputs, SlitParams())
    batch = bank.batch()
    scores = scorer.score(batch)
    first = [entry for entry in bank.entries if entry[0] == 0]  # holds A and B, looked at C
    assert [(p, held) for _, p, held in first] == [(0, True), (1, True), (2, False)]
    assert scores[0, :4] == pytest.approx([0, 0.8 / 3**0.5, 0.2 / 3**0.5 + 0.9, 0], rel=1e-3)
    told = scorer.explain(batch, np.array([[1, 2]] * bank.customers))
    assert told.product[0].tolist() == [0, 1]
    assert told.count[0].tolist() == [7, 5]
    assert told.share[0] == pytest.approx([1, 0.9 / (0.2 / 3**0.5 + 0.9)], rel=1e-3)


def test_symmetric_halves_are_both_given(sums):
    found = sums(made_up(seed=6)).histories
    assert found.tolist() == found.T.tolist()
    assert csr_matrix(found).nnz > 10
