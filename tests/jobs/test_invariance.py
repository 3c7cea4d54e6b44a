"""What must not change a month: the partitioning, a second run, and anything that happened later."""

import shutil
from datetime import date

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from finrec_spark.pipeline.runner import run_step
from finrec_spark.tables import RECOMMENDATIONS
from jobs import ingest
from jobs.month import plan_of

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
def decided_again(finished, context, tmp_path):
    """June decided once more, as if it had never been, on a copy of the finished lake; perhaps after a delivery."""

    def run(delivery=None):
        shutil.copytree(finished.lake.root, tmp_path / "lake")
        other = context(tmp_path / "lake", "files", delivery)
        if delivery is not None:
            run_step(ingest.STEP, other, JUNE)
        other.ledger.attempts = [
            a for a in other.ledger.attempts if a.month != JUNE or a.step in ("generate", "ingest")
        ]
        for step, month in plan_of(other, JUNE).steps:
            if month == JUNE and step.name != "evaluate":
                assert run_step(step, other, month).rows is not None
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


def _lists(context):
    return context.lake.read(RECOMMENDATIONS, month=JUNE).select(*LISTS)


def _differing_places(one, other):
    """Places whose scores differ by more than 1e-4, or whose products do and are not tied within it.

    A product that is missing in the other list is tied with that list's last place.
    """
    mine, theirs = _lists(one).alias("a"), _lists(other)
    last = theirs.groupBy("customer_id").agg(F.min("score").alias("last"))
    by_product = theirs.select("customer_id", "product_id", F.col("score").alias("there"))
    by_rank = theirs.select("customer_id", "rank", F.col("score").alias("placed"), F.col("product_id").alias("other"))
    places = mine.join(by_rank, ["customer_id", "rank"], "full_outer").join(last, "customer_id", "left")
    places = places.join(by_product, ["customer_id", "product_id"], "left")
    far = ~F.coalesce(F.abs(F.col("score") - F.col("placed")) <= 1e-4, F.lit(False))
    untied = F.abs(F.col("score") - F.coalesce("there", "last")) > 1e-4
    return places.where(far | ((F.col("product_id") != F.col("other")) & untied))
