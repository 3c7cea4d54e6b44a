"""Sequences against a slow, plain version of the same rules, and the rules one by one."""

import random
from datetime import date, datetime, timedelta
from math import isnan

import pytest
from pyspark.sql import functions as F

from finrec_spark.tables import SEQUENCES
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.sequences.customer_sequences import (
    SequencesParams,
    customer_sequences,
    feed_rows,
    sequence_layout,
)

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)
CUTS = [date(2022, 4, 1), MAY, JUNE]
MORE_CUTS = [date(2022, 2, 1), date(2022, 3, 1), *CUTS]
PRODUCTS = ["card", "fund", "loan", "note"]
RULES = MatrixParams()
PARAMS = SequencesParams(events=3, targets=2, owned=2, ratings=True)
LAYOUT = sequence_layout(len(PRODUCTS), 2, RULES, PARAMS)
UNRATED = LAYOUT.model_copy(update={"ratings": False, "events": 4, "owned": 3})


EVENTS = {
    "first buyer": [("fund", "buy", "2022-05-20", None)],
    "two events": [("loan", "view", "2022-05-31", None), ("card", "open", "2022-05-30", 5.0)],
    "five events": [
        ("card", "view", day, None)
        for day in ("2022-01-01", "2022-01-02", "2022-01-02 10:00:00", "2022-01-09", "2022-01-10")
    ],
    "one event": [("card", "open", "2022-05-31", None)],
    "the future": [("card", "view", "2022-05-31 23:59:59", None), ("loan", "open", "2022-06-01", None)],
    "takes": [
        ("card", "open", "2022-03-10", None),
        ("card", "open", "2022-04-02", None),
        ("note", "open", "2022-04-20", None),
        ("loan", "buy", "2022-04-10", None),
        ("fund", "buy", "2022-05-01", None),
    ],
    "takes again": [
        ("card", "open", "2022-02-01", None),
        ("card", "close", "2022-03-01", None),
        ("card", "buy", "2022-04-05", None),
    ],
    "holds three": [
        ("card", "open", "2022-03-01", None),
        ("fund", "open", "2022-01-01", None),
        ("loan", "open", "2022-02-01", None),
    ],
    "rates": [
        ("card", "view", "2022-03-01", None),
        ("card", "open", "2022-04-01", None),
        ("loan", "rating", "2022-04-02", 2.0),
        ("loan", "rating", "2022-04-03", 4.0),
        ("loan", "rating", "2022-05-03", 1.0),
    ],
}
"""Product, type, time and value of each customer's events; a customer is called by what it shows."""


@pytest.fixture(scope="module")
def found(spark):
    """{(customer, cut's month): row}."""
    events = [(customer, *event) for customer, events in EVENTS.items() for event in events]
    profiles = [
        (JUNE, "takes", [1.5, -2.0]),
        (date(2022, 5, 1), "first buyer", [0.5, 0.5]),
        (JUNE, "no event", [2.5, 2.5]),
    ]
    return by_customer(table(spark, events, profiles))


def by_customer(sequences):
    return {(row.customer_id, row.cut.month): row for row in sequences.collect()}


def table(spark, events, profiles=(), layout=LAYOUT, partitions=1, cuts=CUTS, label_months=1):
    columns = "event_id string, customer_id string, product_id string, event_type string, event_time string"
    rows = [(f"e{number:03d}", *event) for number, event in enumerate(events)]
    interactions = spark.createDataFrame(rows, f"{columns}, value double")
    timed = interactions.withColumn("event_time", F.to_timestamp("event_time")).withColumn("rating", F.col("value"))
    interactions = timed.repartition(partitions)
    ids = sorted({event[0] for event in events} | {profile[1] for profile in profiles})
    customers = spark.createDataFrame([(c, i) for i, c in enumerate(ids)], "customer_id string, customer_index int")
    products = spark.createDataFrame([(p, i) for i, p in enumerate(PRODUCTS)], "product_id string, product_index int")
    known = spark.createDataFrame(list(profiles), "month date, customer_id string, profile array<float>")
    return customer_sequences(interactions, customers, products, known, cuts, RULES, layout, label_months)


def test_events_stand_oldest_first_and_the_rest_is_padding(found):
    row = found["two events", 6]
    assert (row.product, row.event_type, row.amount) == ([1, 3, 0], [1, 7, 0], [5, 1, 0])
    assert (row.gap, row.event_month, row.length) == ([1, 3, 0], [5, 5, 0], 2)


def test_of_many_events_the_last_are_kept_and_the_gap_of_the_oldest_is_known(found):
    row = found["five events", 6]
    assert (row.length, row.gap) == (3, [2, 5, 3])


def test_one_event_is_a_sequence_of_its_own_to_be_scored(found):
    row = found["one event", 6]
    assert (row.length, row.gap, row.target, row.owned) == (1, [1, 0, 0], [0, 0], [1, 0])
    assert {cut: row.length for (customer, cut), row in found.items() if customer == "one event"} == {5: 0, 6: 1}


def test_who_has_no_event_yet_is_known_by_the_profile_alone(found):
    learned, scored = found["first buyer", 5], found["no event", 6]
    assert (learned.product, learned.length, learned.target, learned.profile) == ([0, 0, 0], 0, [2, 0], [0.5, 0.5])
    assert (scored.product, scored.length, scored.target, scored.profile) == ([0, 0, 0], 0, [0, 0], [2.5, 2.5])
    assert ("no event", 5) not in found


def test_what_happened_on_the_first_day_of_the_month_is_the_future(found):
    row = found["the future", 6]
    assert (row.length, row.target, row.owned) == (1, [0, 0], [0, 0])


def test_an_earlier_cut_learns_what_was_taken_in_its_month_and_not_held(found):
    row = found["takes", 4]
    assert (row.product, row.target, row.owned) == ([1, 0, 0], [3, 4], [1, 0])


def test_a_longer_window_learns_what_was_taken_before_the_newest_cut_that_is_learned_from(spark):
    events = [("takes", *event) for event in EVENTS["takes"]]
    rows = by_customer(table(spark, events, layout=UNRATED, cuts=MORE_CUTS, label_months=3))
    assert rows["takes", 2].target == [1, 3]  # March's card and the first of April's; the note is the third
    assert rows["takes", 3].target == [1, 3]
    assert rows["takes", 4].target == [3, 4]  # not the fund of May, which tells when to stop
    assert rows["takes", 5].target == [2, 0]


def test_a_product_that_was_given_back_may_be_taken_again(found):
    row = found["takes again", 4]
    assert (row.target, row.owned) == ([1, 0], [0, 0])


def test_of_many_products_held_the_newest_are_known(found):
    assert found["holds three", 6].owned == [1, 3]


def test_a_target_carries_its_newest_rating_of_the_month(found):
    row = found["rates", 4]
    assert row.target == [1, 3]
    assert isnan(row.rating[0])
    assert row.rating[1] == 4.0


def test_each_cut_has_the_profile_of_its_month_and_the_mean_where_there_is_none(found):
    assert found["takes", 6].profile == [1.5, -2.0]
    assert found["takes", 4].profile == [0.0, 0.0]


def test_rows_are_as_the_table_and_the_feed_have_them(spark):
    events = [("ann", "card", "view", "2022-05-01", None)]
    found = table(spark, events).withColumn("month", F.lit(JUNE))
    SEQUENCES.conform(found)
    columns = {column.name: column.type for column in LAYOUT.columns}
    assert dict(feed_rows(found, LAYOUT).dtypes) == columns
    assert "rating" not in feed_rows(found, UNRATED).columns


def test_the_feed_is_told_how_many_months_ago_a_sequence_ends(spark):
    events = [("ann", "card", "view", "2022-03-01", None), ("ann", "loan", "open", "2022-04-01", None)]
    found = table(spark, events).withColumn("month", F.lit(JUNE))
    ages = {(row.cut, row.age) for row in feed_rows(found, LAYOUT, "cut").collect()}
    assert ages == {(date(2022, 4, 1), 2), (JUNE, 0)}


def test_a_heavy_customer_is_cut_before_lists_are_made(spark, capsys):
    table(spark, [("ann", "card", "view", "2022-05-01", None)]).explain()
    assert "WindowGroupLimit" in capsys.readouterr().out


@pytest.mark.parametrize(("seed", "partitions", "label_months"), [(1, 1, 1), (1, 5, 2), (2, 2, 3)])
def test_they_equal_the_plain_version_however_events_are_partitioned(spark, seed, partitions, label_months):
    events = made_up_events(80, seed)
    found = by_customer(table(spark, events, (), UNRATED, partitions, MORE_CUTS, label_months))
    assert {key: lists(row) for key, row in found.items()} == plain_sequences(events, UNRATED, label_months)


def made_up_events(n, seed):
    """Few customers and instants, so that many events fall together."""
    rng = random.Random(seed)
    kinds = ["open", "buy", "close", "view", "sell", "hummed"]
    start = datetime(2022, 2, 20)
    return [
        (
            rng.choice(["ann", "bob", "cid"]),
            rng.choice(PRODUCTS),
            rng.choice(kinds),
            str(start + timedelta(hours=12 * rng.randrange(220))),
            rng.choice([None, 0.3, 1.0, 7.5, 1000.0]),
        )
        for _ in range(n)
    ]


def lists(row):
    names = ("product", "event_type", "amount", "gap", "event_month", "length", "target", "owned")
    return tuple(row[name] for name in names)


def plain_sequences(events, layout, label_months):
    """The rules in plain loops."""
    numbered = [(f"e{n:03d}", c, p, k, datetime.fromisoformat(t), v) for n, (c, p, k, t, v) in enumerate(events)]
    found = {}
    for customer in {event[1] for event in numbered}:
        own = sorted((e for e in numbered if e[1] == customer), key=lambda e: (e[4], e[0]))
        for cut in MORE_CUTS:
            row = plain_sequence(own, cut, layout, label_months)
            if row:
                found[customer, cut.month] = row
    return found


def plain_sequence(own, cut, layout, label_months):
    last = MAY if cut < MAY else JUNE
    begin, end = (datetime(cut.year, month, 1) for month in (cut.month, min(cut.month + label_months, last.month)))
    history = [e for e in own if e[4] < begin]
    held = {}
    for _, _, product, kind, time, _ in sorted(history, key=lambda e: (e[4], e[3] in ("open", "buy"))):
        if kind in ("open", "buy", "close"):
            held[product] = time if kind != "close" else None
    owned = sorted((-time.timestamp(), PRODUCTS.index(p)) for p, time in held.items() if time)
    taken = [] if cut == JUNE else [e for e in own if begin <= e[4] < end and e[3] in ("open", "buy")]
    new = sorted(
        {PRODUCTS.index(p): (t, PRODUCTS.index(p)) for _, _, p, _, t, _ in reversed(taken) if not held.get(p)}.values()
    )
    if cut != JUNE and not new:
        return None
    kept = history[-layout.events :]
    before = [None, *history][-len(kept) - 1 : -1]
    columns = (
        [PRODUCTS.index(e[2]) + 1 for e in kept],
        [(list(RULES.events).index(e[3]) if e[3] in RULES.events else len(RULES.events)) + 1 for e in kept],
        [1 if e[5] is None else 2 + int(e[5]).bit_length() for e in kept],
        [
            1 if b is None else 1 + ((e[4].date() - b[4].date()).days + 1).bit_length()
            for e, b in zip(kept, before, strict=True)
        ],
        [e[4].month for e in kept],
    )
    sizes = (layout.events, layout.targets, layout.owned)
    padded = [(column + [0] * sizes[0])[: sizes[0]] for column in columns]
    target = ([p + 1 for _, p in new] + [0] * sizes[1])[: sizes[1]]
    return (*padded, len(kept), target, ([p + 1 for _, p in owned] + [0] * sizes[2])[: sizes[2]])
