"""Delivered text as numbers: what counts as one is said here alone.

Blanks around the text are for the caller to take off (``ingest.parsing.clean``).
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
_PERCENTAGE = rf"^{_NUMBER}\s*%?$"


def is_number(text: Column) -> Column:
    """Whether the text is a decimal number, perhaps with an exponent; NaN and Infinity are none."""
    return text.rlike(f"^{_NUMBER}$")


def as_number(text: Column) -> Column:
    """double: the number; null where the text is none, or one that no double holds.

    >>> rows = spark.createDataFrame([("1.5e3",), ("-.5",), ("1,5",), ("NaN",), ("1e999",)], "text string")
    >>> rows.select("text", as_number(F.col("text")).alias("number")).show()
    +-----+------+
    | text|number|
    +-----+------+
    |1.5e3|1500.0|
    |  -.5|  -0.5|
    |  1,5|  NULL|
    |  NaN|  NULL|
    |1e999|  NULL|
    +-----+------+
    <BLANKLINE>
    """
    number = F.when(is_number(text), text.cast("double"))
    return F.when(F.abs(number) < float("inf"), number)


def as_percentage(text: Column) -> Column:
    """double: the number, with or without % behind it; 3.5 for ``3.5 %`` and for ``3.5``."""
    return as_number(F.when(text.rlike(_PERCENTAGE), F.regexp_replace(text, r"\s*%$", "")))
