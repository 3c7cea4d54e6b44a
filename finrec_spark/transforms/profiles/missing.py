"""Words and numbers that stand for nothing: which ones a delivered column holds, and whether they can be told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from finrec_spark.transforms.ingest.parsing import clean

SURE = ("null", "(null)", "\\n", "n/a", "#n/a", "#null!", "#value!", "#div/0!", "nan", "<na>", "nat")
"""What tools write where nothing is known."""
_NO_DAYS = ("9999-12-31", "2999-12-31", "1900-01-01", "1899-12-30", "1753-01-01", "0001-01-01", "0000-00-00")
UNSURE = ("na", "-", "--", "none", "nil", "?", ".", "unknown", "missing", *_NO_DAYS)
"""What may be a category's value, such as Namibia; among numbers or dates it is none."""
_MIDNIGHT = r"[ t]00:00(:00(\.0+)?)?( ?z| ?utc|[+-]00:?00)?$"
_PLACEHOLDER = r"^-?(9{2,12}|([1-8])\2{3,11}|10{3,12}|2147483648|123456789)$|^(2147483647|-[1-9])$"
_LEAST = 2  # customers who have a placeholder


@dataclass(frozen=True)
class Values:
    """What is known of the values of one column that are alike.

    Attributes:
        filled: how many; ``numbers`` and ``dates``: how many of them can be read as such.
        different: different values, to about 5 %.
        decimal_comma, decimal_point: how many are no plain number, but one in this form.
        least, most: of the numbers; None where there is none.
        first, last: of the values as text; None where there is none.
    """

    filled: int = 0
    numbers: int = 0
    dates: int = 0
    different: int = 0
    decimal_comma: int = 0
    decimal_point: int = 0
    least: float | None = None
    most: float | None = None
    first: str | None = None
    last: str | None = None


def canonical(text: Column) -> Column:
    """The text as words for nothing are compared: clean, in lower case, a whole number without a point, a day alone."""
    return F.regexp_replace(F.lower(clean(text)), rf"^(\d{{4}}-\d{{2}}-\d{{2}}){_MIDNIGHT}|\.0+$", "$1")


def word_for_nothing(text: Column) -> Column:
    """The canonical text where it may stand for nothing, else null."""
    word = canonical(text)
    return F.when(word.isin(*SURE, *UNSURE) | word.rlike(_PLACEHOLDER), word)


def is_placeholder(word: str) -> bool:
    """Whether the canonical word is a number that people write for nothing, such as -999999.

    >>> is_placeholder("-999999"), is_placeholder("1234")
    (True, False)
    """
    return re.search(_PLACEHOLDER, word) is not None


def far_placeholders(ordinary: Values, words: Mapping[str, Values]) -> tuple[str, ...]:
    """Those of the placeholders that repeat, and lie farther from the ordinary numbers than these from each other.

    >>> ages = Values(filled=90, numbers=90, least=18.0, most=93.0)
    >>> far_placeholders(ages, {"999": Values(filled=7), "99": Values(filled=3), "-999999": Values(filled=1)})
    ('999',)
    """
    return tuple(
        word
        for word, values in sorted(words.items())
        if is_placeholder(word) and values.filled >= _LEAST and _is_far(float(word), ordinary)
    )


def unsure_placeholders(ordinary: Values, words: Mapping[str, Values]) -> tuple[str, ...]:
    """The negative ones that repeat near numbers of which none is negative: these may stand for nothing."""
    if ordinary.least is None or ordinary.least < 0:
        return ()
    near = [word for word, values in sorted(words.items()) if word.startswith("-") and values.filled >= _LEAST]
    return tuple(word for word in near if is_placeholder(word) and not _is_far(float(word), ordinary))


def _is_far(number: float, ordinary: Values) -> bool:
    if ordinary.least is None or ordinary.most is None:
        return False
    distance = max(ordinary.least - number, number - ordinary.most)
    return distance > max(ordinary.most - ordinary.least, 1.0)
