import pytest
from pyspark.sql import functions as F

from finrec_spark.tables import SCORING_ROWS
from finrec_spark.transforms.scoring_rows import scoring_rows

LISTS = ("product_index", "strength", "rating", "owned", "days")


def test_a_customer_without_a_history_has_empty_lists(rows):
    ann, bob = rows.orderBy("customer_id").collect()
    assert (ann.risk_level, ann.profile, ann.product_index, ann.owned) == (0, [1.0], [0], [True])
    assert (bob.risk_level, bob.profile, bob.product_index, bob.owned) == (3, [2.0], [], [])


def test_the_rows_are_those_of_the_table(rows):
    SCORING_ROWS.conform(rows.withColumn("month", F.lit("2022-06-01").cast("date")))


@pytest.fixture
def rows(spark):
    columns = "customer_id string, segment string, risk_level int, profile array<double>"
    customers = spark.createDataFrame([("ann", "all", None, [1.0]), ("bob", "young", 3, [2.0])], columns)
    lists = ", ".join(f"{column.name} {column.type}" for column in SCORING_ROWS.columns if column.name in LISTS)
    history = ("ann", 7, [0], [1.0], [None], [True], [3])
    return scoring_rows(customers, spark.createDataFrame([history], f"customer_id string, customer_index int, {lists}"))
