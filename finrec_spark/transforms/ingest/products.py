"""Since when a delivered product was on sale, where the delivery does not say."""

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.tables import PRODUCTS
from finrec_spark.transforms.ingest.customers import ALWAYS


def dated_products(known: DataFrame | None, landed: DataFrame, month: date) -> DataFrame:
    """One row: a delivered product, as ``silver.products``, with a ``valid_from``.

    A delivered one is believed. A product without one keeps what is known of it; a new one is on sale from 1900-01-01
    in the first delivery and from the eve of ``month`` in a later one, since it was not known in earlier months.

    Args:
        known: ``silver.products`` so far; None or empty at first.
        landed: the columns of ``silver.products``, ``valid_from`` perhaps null; one row a product.
        month: first day of the month that the delivery is for.

    >>> columns = "product_id string, valid_from date"
    >>> known = spark.createDataFrame([("card", date(2020, 1, 1))], columns)
    >>> landed = spark.createDataFrame([("card", None), ("loan", None)], columns)
    >>> dated_products(known, landed, date(2022, 6, 1)).orderBy("product_id").show()
    +----------+----------+
    |product_id|valid_from|
    +----------+----------+
    |      card|2020-01-01|
    |      loan|2022-05-31|
    +----------+----------+
    <BLANKLINE>
    """
    if known is None or known.isEmpty():
        return landed.withColumn("valid_from", F.coalesce("valid_from", F.lit(ALWAYS)))
    since = known.select("product_id", F.col("valid_from").alias("known_since"))
    eve = F.lit(month - timedelta(days=1))
    dated = landed.join(F.broadcast(since), "product_id", "left")
    valid_from = F.coalesce("valid_from", "known_since", eve)
    return dated.withColumn("valid_from", valid_from).select(*[n for n in PRODUCTS.column_names if n in landed.columns])
