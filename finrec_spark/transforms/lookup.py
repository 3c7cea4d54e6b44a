"""Small mappings of the driver's as columns."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F


def looked_up(column: str, values: Mapping[str, float | int]) -> Column:
    """What the mapping has for the row's value of ``column``; null where it has nothing.

    Args:
        values: at least one, all of one type; few enough to stand in a query.

    >>> rows = spark.createDataFrame([("sms",), ("pigeon",)], "channel string")
    >>> rows.select(looked_up("channel", {"sms": 0.05, "app": 0.01}).alias("cost")).show()
    +----+
    |cost|
    +----+
    |0.05|
    |NULL|
    +----+
    <BLANKLINE>
    """
    return F.create_map(*[F.lit(part) for pair in values.items() for part in pair])[F.col(column)]
