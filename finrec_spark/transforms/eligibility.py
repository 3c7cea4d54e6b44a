"""Which products may be offered."""

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F


def on_sale(month: date) -> Column:
    """Whether a row of ``silver.products`` is on sale for ``month``.

    True where the product was sold before the month's first day and is still sold on it: a product that starts
    on the first day was not known before.

    >>> rows = [("card", "2022-05-31", None), ("loan", "2022-06-01", None), ("fund", "2020-01-01", "2022-05-31")]
    >>> products = spark.createDataFrame(rows, "product_id string, valid_from string, valid_to string")
    >>> products.where(on_sale(date(2022, 6, 1))).select("product_id").show()
    +----------+
    |product_id|
    +----------+
    |      card|
    +----------+
    <BLANKLINE>
    """
    known_before = F.col("valid_from") < F.lit(month)
    still_sold = F.col("valid_to").isNull() | (F.col("valid_to") >= F.lit(month))
    return known_before & still_sold
