"""Delivered text as numbers: what counts as one is said here alone.

Blanks around the text are for the caller to take off (``ingest.parsing.clean``).
"""

import re
from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
_PERCENTAGE = rf"^{_NUMBER}\s*%?$"
_GROUPS = {"decimal_comma": r"[.\u00a0\u202f ']", "decimal_point": r"[,\u00a0\u202f ']"}
NUMBER_FORMS = tuple(_GROUPS)
"""Words for how numbers are written: ``1.234,50`` and ``1,234.50``; blanks and apostrophes may part thousands too."""

_MARKS = {"decimal_comma": ",", "decimal_point": "[.]"}
_ENOUGH = 0.5  # of the values must be of a form that is suggested


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


def is_written(text: Column, form: str) -> Column:
    """Whether the text is a number as ``form``, one of ``NUMBER_FORMS``, writes it; so are most plain ones."""
    return text.rlike(_form_pattern(form))


def as_plain_number(text: Column, form: str) -> Column:
    """The clean text as a plain number where it is of the form; as it is where it is not.

    Args:
        text: without blanks around it.
        form: one of ``NUMBER_FORMS``.

    >>> rows = spark.createDataFrame([("1.234,50",), ("-7,5",), ("1,234.50",)], "fee string")
    >>> rows.select(as_plain_number(rows.fee, "decimal_comma").alias("fee")).show()
    +--------+
    |     fee|
    +--------+
    | 1234.50|
    |    -7.5|
    |1,234.50|
    +--------+
    <BLANKLINE>
    """
    plain = F.regexp_replace(F.regexp_replace(text, _GROUPS[form], ""), _MARKS[form], ".")
    return F.when(is_written(text, form), plain).otherwise(text)


def likely_number_forms(values: Sequence[str]) -> list[str]:
    """The forms in which most of the values can be read; more than one where they do not tell.

    >>> likely_number_forms(["1.234,50", "9,5"]), likely_number_forms(["1,234.50"]), likely_number_forms(["x"])
    (['decimal_comma'], ['decimal_point'], [])
    """
    read = {
        form: sum(re.fullmatch(_form_pattern(form), value) is not None for value in values) for form in NUMBER_FORMS
    }
    most = max(read.values())
    return [form for form in NUMBER_FORMS if most and read[form] == most >= _ENOUGH * len(values)]


def _form_pattern(form: str) -> str:
    """What a form reads: thousands parted by one sign, or not at all; and a part behind the mark."""
    return rf"^[+-]?(\d+|\d{{1,3}}({_GROUPS[form]})\d{{3}}(\2\d{{3}})*)({_MARKS[form]}\d*)?$"
