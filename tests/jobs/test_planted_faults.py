"""A fault of each kind, planted in what a whole `recommend` scored: it is named, and readers keep what they had."""

import shutil
from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.pipeline.runner import run_step
from finrec_spark.tables import CHECKS, CUSTOMER_PRODUCT_MATRIX, EXCLUSIONS, PUBLICATIONS, RECOMMENDATIONS
from jobs import recommend

pytestmark = pytest.mark.slow
JUNE = date(2022, 6, 1)


def first_of(ann, column, value):
    """Ann's first recommendation with another value in the column."""
    is_first = F.col("customer_id").eqNullSafe(ann) & F.col("rank").eqNullSafe(1)
    return F.when(is_first, F.lit(value)).otherwise(F.col(column))


FAULTS = {
    "listed_or_explained": lambda scored, ann, held: scored.where(~F.col("customer_id").eqNullSafe(ann)),
    "unique_key": lambda scored, ann, held: scored.unionByName(scored.where(F.col("customer_id") == ann)),
    "ranks_contiguous": lambda scored, ann, held: scored.withColumn("rank", first_of(ann, "rank", 99)),
    "score_not_null": lambda scored, ann, held: scored.withColumn("score", first_of(ann, "score", None)),
    "score_not_negative": lambda scored, ann, held: scored.withColumn("score", first_of(ann, "score", -1.0)),
    "nothing_owned": lambda scored, ann, held: scored.withColumn("product_index", first_of(ann, "product_index", held)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_ends_with_4_and_readers_keep_the_month_they_had(lake, other, monkeypatch, name):
    before = {table: other.lake.digest(table, month=JUNE) for table in (RECOMMENDATIONS, EXCLUSIONS)}
    published = other.lake.read(PUBLICATIONS).count()
    owned = other.lake.read(CUSTOMER_PRODUCT_MATRIX, month=JUNE).where("owned")
    held = owned.groupBy("customer_id").agg(F.max("product_index").alias("product_index")).orderBy("customer_id").head()

    sound = recommend.score_customers
    planted = lambda rows, plan: FAULTS[name](sound(rows, plan), held.customer_id, held.product_index)  # noqa: E731
    monkeypatch.setattr(recommend, "score_customers", planted)
    with pytest.raises(DataQualityError, match=name) as error:
        run_step(recommend.STEP, other, JUNE)

    assert error.value.exit_code == 4
    assert held.customer_id not in str(error.value)
    assert {table: other.lake.digest(table, month=JUNE) for table in before} == before
    assert other.lake.read(PUBLICATIONS).count() == published
    assert not other.lake.read(CHECKS).where(F.col("check") == name).where("not passed").isEmpty()


@pytest.fixture(scope="module")
def lake(finished, tmp_path_factory):
    """One copy of the finished lake for all faults: none of them may change what it publishes."""
    root = tmp_path_factory.mktemp("faults") / "lake"
    shutil.copytree(finished.lake.root, root)
    return root


@pytest.fixture
def other(context, lake):
    """A job that would recommend anew, since its lists are shorter."""
    return context(lake, recommend={"n": 5})
