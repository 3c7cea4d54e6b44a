"""The kind of each delivered profile column, inferred from its values; whatever was decided is said."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.sources.time_formats import format_hint, likely_formats
from finrec_spark.transforms.forms import form_of
from finrec_spark.transforms.numerals import NUMBER_FORMS
from finrec_spark.transforms.profiles.customer_profiles import ProfileParams
from finrec_spark.transforms.profiles.delivered import Kind, column_statistics
from finrec_spark.transforms.profiles.missing import SURE, UNSURE, Values, far_placeholders, unsure_placeholders
from finrec_spark.transforms.splits import before

log = logging.getLogger(__name__)

_COUNTED = ("filled", "numbers", "dates", "different", *NUMBER_FORMS)
_FIELDS = (*_COUNTED, "least", "most", "first", "last")


@dataclass(frozen=True)
class DeliveredColumns:
    """The delivered profile columns.

    Attributes:
        kinds: each column's kind.
        missing: words, in lower case, that stand for nothing in a column and could be read as a value of its kind.
    """

    kinds: Mapping[str, Kind]
    missing: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Column:
    """One column's values: the ordinary ones, and those of each word that may stand for nothing."""

    name: str
    ordinary: Values
    words: Mapping[str, Values]


def collect_columns(customers: DataFrame, month: date, rules: ProfileParams) -> DeliveredColumns:
    """The kind of each profile column delivered before ``month``: as configured, else inferred; one pass.

    A date where ``numeric_share`` of the values that are there can be read as one, else a number where so many can be
    read as numbers and there are more than ``two_values`` different ones, else a category, which is ignored if it has
    more than ``most_values``. Words for nothing, such as NA, are no values of numbers and dates; nor are placeholders
    such as -999999 that repeat far from all other numbers. What was taken for nothing, and what a column became against
    most of its values, is logged, with the key that decides otherwise.

    Args:
        customers: ``silver.customers``; all versions that began before ``month`` count.
        month: first day of the month being decided.
        rules: the shares, and what is configured.
    """
    found: dict[str, dict[str | None, Values]] = defaultdict(dict)
    for row in column_statistics(before(customers, month, "valid_from")).collect():
        found[row["name"]][row["word"]] = Values(*(row[field] for field in _FIELDS))
    columns = [_Column(name, of.pop(None, Values()), of) for name, of in sorted(found.items())]  # type: ignore[arg-type]
    kinds = {column.name: rules.kinds.get(column.name, _kind(column, rules)) for column in columns}
    missing = {column.name: _missing(column, kinds[column.name], rules) for column in columns}
    for column in columns:
        for line in _words(column, kinds[column.name], missing[column.name], rules):
            log.info("profile column %s: %s", column.name, line)
    return DeliveredColumns(kinds, {name: words for name, words in missing.items() if words})


def _kind(column: _Column, rules: ProfileParams) -> Kind:
    known = _known(column, rules)
    enough = rules.numeric_share * known.filled
    if known.filled and known.dates >= enough:
        return "date"
    if known.filled and known.numbers >= enough and known.different > rules.two_values:
        return "number"
    different = column.ordinary.different + len(column.words)
    return "category" if different <= rules.most_values else "ignore"


def _known(column: _Column, rules: ProfileParams) -> Values:
    """The values but for those that would be missing in a column of numbers or dates."""
    nothing = set(_for_nothing(column, rules))
    kept = [values for word, values in column.words.items() if word not in nothing]
    every = (column.ordinary, *kept)
    return Values(*(sum(getattr(values, field) for values in every) for field in _COUNTED))


def _for_nothing(column: _Column, rules: ProfileParams) -> tuple[str, ...]:
    """Words of the column that stand for nothing if it holds numbers or dates."""
    if column.name in rules.missing:
        return tuple(word.lower() for word in rules.missing[column.name])
    plain = tuple(word for word in column.words if word in (*SURE, *UNSURE))
    return (*plain, *far_placeholders(column.ordinary, column.words))


def _missing(column: _Column, kind: Kind, rules: ProfileParams) -> tuple[str, ...]:
    """Words that are left out of the column's values: of a category only those that nobody means."""
    if column.name in rules.missing or kind in ("number", "date"):
        return tuple(sorted(_for_nothing(column, rules)))
    return tuple(sorted(word for word in column.words if word in SURE))


def _words(column: _Column, kind: Kind, missing: tuple[str, ...], rules: ProfileParams) -> Iterator[str]:
    """What has to be said of the column."""
    taken = [f"{word} ({column.words[word].filled:,})" for word in missing if word in column.words]
    if taken:
        yield f"{', '.join(taken)} taken as missing"
    known = _known(column, rules)
    if kind == "ignore" and column.name not in rules.kinds:
        yield f"ignored, about {known.different:,} different values; profile.kinds: {{{column.name}: category}} uses it"
    numbers = max(known.numbers, known.dates)
    unread = known.filled - (known.dates if kind == "date" else known.numbers)
    if kind in ("number", "date") and unread:
        yield f"{unread:,} of {known.filled:,} values are no {kind} and count as missing"
    if kind == "category" and column.name not in rules.kinds and 2 * numbers > known.filled > numbers:
        yield (
            f"a category, though {numbers:,} of {known.filled:,} values are numbers or dates;"
            f" profile.kinds: {{{column.name}: number}} makes it one"
        )
    if kind in ("category", "ignore") and column.name not in rules.kinds:
        yield from _other_forms(column, known)
    if column.name not in rules.missing:
        yield from _unsure(column, kind)


def _other_forms(column: _Column, known: Values) -> Iterator[str]:
    """What has to be said where the values are numbers or dates, but written otherwise."""
    read, form = max((getattr(known, form), form) for form in NUMBER_FORMS)
    if read and 2 * (read + known.numbers) > known.filled:
        like = f"{read:,} of {known.filled:,} values look like numbers"
        yield f"no number, though {like}; {format_hint(column.name, [form])}"
    ends = [value for value in (column.ordinary.first, column.ordinary.last) if value is not None]
    formats = likely_formats(ends)
    if formats and not known.numbers:
        yield f"no date, though its values look like {form_of(ends[0])}; {format_hint(column.name, formats)}"


def _unsure(column: _Column, kind: Kind) -> Iterator[str]:
    """The words that may stand for nothing and are taken as values, with the key that settles it."""
    words = unsure_placeholders(column.ordinary, column.words) if kind == "number" else ()
    if kind == "category":
        words = tuple(word for word in sorted(column.words) if word in UNSURE)
    for word in words:
        rows = column.words[word].filled
        yield f"{word} ({rows:,}) is taken as a value; profile.missing: {{{column.name}: ['{word}']}} makes it missing"
