"""The matrix carried from month to month against the one made from everything, and against plain Python."""

import calendar
import shutil
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from finrec_spark.months import months_before
from finrec_spark.transforms.matrix import EVENTS, MatrixParams, customer_product_matrix, folded_strengths

JUNE = date(2022, 6, 1)
PARAMS = MatrixParams(half_life_days=37.3)
COLUMNS = (
    "customer_id string, product_id string, event_type string, event_time timestamp, rating double, event_id string"
)
PAIRS = "customer_id string, product_id string, strength double, rating double, last_event timestamp, owned boolean"

happenings = st.tuples(
    st.sampled_from(["ann", "bob", "cem"]),
    st.sampled_from(["card", "loan"]),
    st.sampled_from(["open", "close", "rating", "view", "hummed"]),
    st.builds(lambda day: datetime(2022, 1, 1) + timedelta(day), st.integers(0, 150)),
    st.one_of(st.none(), st.integers(1, 5).map(float)),
)


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(happenings, min_size=30, max_size=40))
def test_month_after_month_is_the_same_to_the_bit_as_everything_at_once(matrix, events):
    rows = [(*event, f"e{number}") for number, event in enumerate(events)]
    carried = matrix(rows, date(2022, 3, 1), None)
    for month in (months_before(JUNE, back) for back in (2, 1, 0)):
        carried = matrix(rows[::-1], month, carried, partitions=3)
    assert carried == matrix(rows, JUNE, None)
    assert carried == by_hand(rows)


def by_hand(rows):
    """The matrix as its definition says it, strengths but for the rounding of each event to 2^-32."""
    pairs = {}
    for customer, product, type_, time, value, _ in sorted(rows, key=lambda row: (row[3], row[5])):
        strength, rating, _, owned, decided = pairs.get((customer, product), (0.0, None, None, False, None))
        weight = EVENTS[type_].weight if type_ in EVENTS else 0.1
        strength += weight * 0.5 ** ((date(2022, 5, 31) - time.date()).days / 37.3)
        if type_ == "rating" and value is not None:
            rating = value
        if type_ in ("open", "rating", "close"):
            owned = type_ != "close" or (owned and decided == time)
            decided = time
        pairs[customer, product] = (strength, rating, time, owned, decided)
    return {pair: (pytest.approx(row[0], abs=2e-9), *row[1:4]) for pair, row in pairs.items()}


@given(st.lists(st.dictionaries(st.integers(0, 30), st.integers(0, 2**40), min_size=1), min_size=1, max_size=5))
def test_a_pair_is_carried_alike_whatever_pairs_stand_beside_it(pairs):
    january = 2022 * 12
    months = np.array([january + month for pair in pairs for month in reversed(pair)])
    units = np.array([pair[month] for pair in pairs for month in reversed(pair)])
    together = folded_strengths(months, units, np.array([len(pair) for pair in pairs]), january + 31, PARAMS.decays)
    assert together.tolist() == [step_by_step(pair, january) for pair in pairs]


def step_by_step(pair, january):
    strength = 0.0
    for month in range(31):
        days = calendar.monthrange((january + month) // 12, month % 12 + 1)[1]
        strength = strength * PARAMS.decays[days] + pair.get(month, 0) / 2**32
    return strength


def test_after_the_month_before_only_its_partition_is_read(spark, matrix, tmp_path):
    rows = [("ann", "card", "open", datetime(2022, month, 3), None, f"e{month}") for month in range(1, 8)]
    before = matrix(rows, date(2022, 5, 1), None)
    events = spark.createDataFrame(rows, COLUMNS).withColumn("event_month", F.trunc("event_time", "month"))
    events.write.format("delta").partitionBy("event_month").save(str(tmp_path))
    for month in (1, 2, 3, 4, 6, 7):
        shutil.rmtree(tmp_path / f"event_month=2022-0{month}-01")
    stored = spark.read.format("delta").load(str(tmp_path))
    assert matrix(stored, JUNE, before) == matrix(rows, JUNE, None)


@pytest.fixture
def matrix(spark):
    """Strength, rating, newest event and ownership by customer and product."""
    customers = spark.createDataFrame([("ann", 0), ("bob", 1), ("cem", 2)], "customer_id string, customer_index int")
    products = spark.createDataFrame([("card", 0), ("loan", 1)], "product_id string, product_index int")

    def build(rows, month, previous, partitions=1):
        events = spark.createDataFrame(rows, COLUMNS).repartition(partitions) if isinstance(rows, list) else rows
        earlier = previous and spark.createDataFrame([(*pair, *row) for pair, row in previous.items()], PAIRS)
        found = customer_product_matrix(events, customers, products, month, PARAMS, earlier or None)
        return {(row[0], row[1]): tuple(row[4:]) for row in found.collect()}

    return build
