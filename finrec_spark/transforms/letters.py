"""Texts in letters that can be compared."""

import unicodedata

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


def is_han(word: str) -> bool:
    """Whether the word is written in Chinese characters, told by its first letter.

    >>> is_han("金"), is_han("gold"), is_han("")
    (True, False, False)
    """
    return unicodedata.name(word[:1] or " ", "").startswith("CJK UNIFIED IDEOGRAPH")
