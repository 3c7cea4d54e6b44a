"""What must not change a month: the partitioning, a second run, and anything that happened later."""

import shutil
from datetime import date

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from finrec_spark.pipeline.step import perform
from finrec_spark.steps import evaluate_last_month as last_month
from finrec_spark.tables import RECOMMENDATIONS
from jobs import ingest
from jobs.month import planned

JUNE = date(2022, 6, 1)
LISTS = ("customer_id", "rank", "product_id", "score")
pytestmark = pytest.mark.slow


def test_37_shuffle_partitions_give_the_same_lists_as_2(spark, finished, decided_again):
    spark.conf.set("spark.sql.shuffle.partitions", "37")
    try:
        other = decided_again()
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", "2")
    assert _differing_places(finished, other).isEmpty()


def test_the_same_month_again_is_equal_to_the_bit(finished, decided_again):
    assert_df_equality(_lists(finished), _lists(decided_again()), ignore_row_order=True)


def test_what_happens_on_or_after_the_first_day_changes_nothing(spark, finished, decided_again, tmp_path):
    shutil.copytree(f"{finished.lake.root}/landing", tmp_path / "in")
    _plant_later_events(spark, tmp_path / "in")
    other = decided_again(delivery=tmp_path / "in")
    assert_df_equality(_lists(finished), _lists(other), ignore_row_order=True)


@pytest.fixture
def decided_again(finished, program, tmp_path):
    """June decided once more, by newer code, on a copy of the finished lake; perhaps after another delivery."""

    def run(delivery=None):
        shutil.copytree(finished.lake.root, tmp_path / "lake")
        other = program(tmp_path / "lake", "files", delivery)
        other.code_version = "newer"
        if delivery is not None:
            perform(ingest.STEP, other, JUNE)
        for step, month in planned(other, JUNE):
            if month == JUNE and step is not last_month.STEP:
                assert perform(step, other, month).rows is not None
        return other

    return run


def _plant_later_events(spark, directory):
    """Every customer opens every product on the first of June; a customer, a profile and a product appear then."""

    def landed(name):
        return spark.read.parquet(f"{directory}/{name}.parquet")

    def add(name, rows):
        columns = [F.col(c) if c in rows.columns else F.lit(None).cast("string").alias(c) for c in landed(name).columns]
        rows.select(*columns).write.mode("append").parquet(f"{directory}/{name}.parquet")

    june, event_id = F.lit("2022-06-01"), F.concat(F.lit("later-"), "customer_id", "product_id")
    pairs = landed("customers").select("customer_id").distinct().crossJoin(landed("products").select("product_id"))
    add("interactions", pairs.withColumns({"event_id": event_id, "event_type": F.lit("open"), "event_time": june}))
    customer, product = landed("customers").limit(1), landed("products").limit(1)
    add("customers", customer.withColumns({"customer_id": F.lit("newcomer"), "valid_from": june}))
    add("customers", customer.withColumns({"risk_level": F.lit("1"), "valid_from": june}))
    add("products", product.withColumns({"product_id": F.lit("A-NEW-ONE"), "valid_from": june}))


def _lists(program):
    return program.lake.read_month(RECOMMENDATIONS, date(2022, 6, 1)).select(*LISTS)


def _differing_places(one, other):
    """Places of a list that differ by more than 1e-4, or hold different products that are not tied within it."""
    places = _lists(one).alias("a").join(_lists(other).alias("b"), ["customer_id", "rank"], "full_outer")
    far = (F.abs(F.col("a.score") - F.col("b.score")) > 1e-4) | F.col("a.score").isNull() | F.col("b.score").isNull()
    return places.where(far)
