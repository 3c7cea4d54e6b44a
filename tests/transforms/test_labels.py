from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from finrec_spark.transforms.labels import LEAST_TAKEN, event_months, taken_products, teaching_months


def test_taken_is_what_was_opened_in_the_month_and_not_owned_at_its_start(spark):
    events = spark.createDataFrame(
        [
            ("ann", "card", "open", "2022-06-01"),
            ("ann", "card", "open", "2022-06-20"),  # once is enough
            ("ann", "loan", "open", "2022-06-30"),  # owned already
            ("ann", "fund", "view", "2022-06-10"),  # a look takes nothing
            ("bob", "card", "open", "2022-07-01"),  # later
            ("bob", "loan", "open", "2022-05-31"),  # earlier
        ],
        "customer_id string, product_id string, event_type string, event_time string",
    ).withColumn("event_time", F.to_timestamp("event_time"))
    matrix = spark.createDataFrame([("ann", "loan", True)], "customer_id string, product_id string, owned boolean")
    taken = taken_products(events, matrix, date(2022, 6, 1), ["open"])
    assert [tuple(row) for row in taken.collect()] == [("ann", "card")]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 30), st.sampled_from(["open", "view"])), min_size=1, max_size=120
    ),
    decided=st.integers(1, 7),
)
def test_months_that_teach_are_those_in_which_enough_was_acquired_for_the_first_time(spark, events, decided):
    rows = [(f"c{n}", "card", type_, f"2022-{month:02d}-05") for month, n, type_ in events]
    table = spark.createDataFrame(rows, "customer_id string, product_id string, event_type string, event_time string")
    months = event_months(table.withColumn("event_time", F.to_timestamp("event_time")), ["open"]).collect()
    acquisitions = {row["event_month"]: row["acquisitions"] for row in months}

    known = [event for event in events if event[0] < decided]
    openers = {n for _, n, type_ in known if type_ == "open"}
    first = {n: min(m for m, other, type_ in known if (other, type_) == (n, "open")) for n in openers}
    oldest = min((m for m, _, _ in known), default=None)
    wanted = [m for m in range(1, decided) if m != oldest and list(first.values()).count(m) >= LEAST_TAKEN]
    assert teaching_months(acquisitions, date(2022, decided, 1)) == tuple(date(2022, m, 1) for m in wanted[-2:])
    assert sum(row["events"] for row in months) == len(events)
