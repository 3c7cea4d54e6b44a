"""What customers took in a month: the outcome that recommendations are held against."""

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.splits import within_month


def taken_products(interactions: DataFrame, matrix: DataFrame, month: date, event_types: Collection[str]) -> DataFrame:
    """One row: a product that a customer took in ``month`` and did not own at its start.

    Args:
        interactions: silver interactions.
        matrix: the customer-product matrix of ``month``.
        month: first day of the month.
        event_types: types that start ownership.

    Returns:
        ``customer_id``, ``product_id``, distinct.
    """
    opened = within_month(interactions, month).where(F.col("event_type").isin(list(event_types)))
    owned = matrix.where("owned").select("customer_id", "product_id")
    pairs = opened.select("customer_id", "product_id").distinct()
    return pairs.join(owned, ["customer_id", "product_id"], "left_anti")


def with_taken(rows: DataFrame, taken: DataFrame) -> DataFrame:
    """The rows, with ``taken``: positions of the products that the customer took, ascending; empty for none.

    Args:
        rows: ``customer_id``, one row a customer.
        taken: ``customer_id``, ``product_index``.
    """
    lists = taken.groupBy("customer_id").agg(F.array_sort(F.collect_set("product_index")).alias("taken"))
    nothing = F.array().cast("array<int>")
    return rows.join(lists, "customer_id", "left").withColumn("taken", F.coalesce("taken", nothing))
