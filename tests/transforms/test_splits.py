from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.transforms.splits import before, folds, within_month

JUNE = date(2022, 6, 1)


def test_the_first_second_of_a_month_is_its_own(events_at):
    events = events_at(["2022-05-31 23:59:59", "2022-06-01 00:00:00"])
    assert times(before(events, JUNE)) == ["2022-05-31 23:59:59"]
    assert times(within_month(events, JUNE)) == ["2022-06-01 00:00:00"]


def test_the_first_second_of_the_next_month_is_not(events_at):
    events = events_at(["2022-06-30 23:59:59", "2022-07-01 00:00:00"])
    assert times(within_month(events, JUNE)) == ["2022-06-30 23:59:59"]


def test_december_ends_with_the_year(events_at):
    events = events_at(["2022-12-31 23:59:59", "2023-01-01 00:00:00"])
    assert times(within_month(events, date(2022, 12, 1))) == ["2022-12-31 23:59:59"]


def test_folds_do_not_depend_on_the_partitioning(spark):
    events = spark.range(200).select(F.col("id").cast("string").alias("event_id"))
    once = folds(events.repartition(1), 5, seed=3).collect()
    again = folds(events.repartition(7), 5, seed=3).collect()
    assert sorted(once) == sorted(again)


def test_folds_are_equally_large_within_noise(spark):
    events = spark.range(10_000).select(F.col("id").cast("string").alias("event_id"))
    sizes = {row.fold: row["count"] for row in folds(events, 5, seed=3).groupBy("fold").count().collect()}
    assert set(sizes) == {0, 1, 2, 3, 4}
    assert all(abs(size - 2_000) < 200 for size in sizes.values())  # 5 standard deviations of a binomial


def test_another_seed_makes_other_folds(spark):
    events = spark.range(100).select(F.col("id").cast("string").alias("event_id"))
    assert folds(events, 5, seed=1).collect() != folds(events, 5, seed=2).collect()


def test_a_given_fold_is_kept_whatever_its_number(spark):
    events = spark.createDataFrame([("a", 1), ("b", 5), ("c", 17)], "event_id string, fold int")
    assert [row.fold for row in folds(events, 2, seed=0).orderBy("event_id").collect()] == [1, 5, 17]


def times(events):
    return [row.event_time.strftime("%Y-%m-%d %H:%M:%S") for row in events.collect()]


@pytest.fixture
def events_at(spark):
    return lambda moments: spark.createDataFrame([(m,) for m in moments], "event_time string").select(
        F.to_timestamp("event_time").alias("event_time")
    )
