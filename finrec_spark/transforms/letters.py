"""Texts in letters that can be compared."""

from pyspark.sql import Column
from pyspark.sql import functions as F

_ACCENTED, _PLAIN = "άέήίόύώϊϋΐΰς", "αεηιουωιυιυσ"


def folded(text: Column) -> Column:
    """The text in lower case, Greek without accents and with one sigma, as its capitals are written.

    >>> rows = spark.createDataFrame([("Εθνική Τράπεζα",), ("ΕΘΝΙΚΗ ΤΡΑΠΕΖΑ",)], "text string")
    >>> rows.select(folded(F.col("text")).alias("folded")).distinct().show()
    +--------------+
    |        folded|
    +--------------+
    |εθνικη τραπεζα|
    +--------------+
    <BLANKLINE>
    """
    return F.translate(F.lower(text), _ACCENTED, _PLAIN)
