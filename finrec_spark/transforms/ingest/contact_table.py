"""A table of contacts in text → vectors, labels and folds of a cross-validation.

- A column is a number where nearly all of its values read as one, else a category. What does not read, in a column
  of numbers, is missing.
- A category's value that fewer than ``rare_values`` contacts have counts as *other*.
- A missing value is a value of its own, NaN in the vector.
- A value that the training folds do not have says nothing: to trees it is as likely as a contact at large, to naive
  Bayes it does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import ConfigError
from finrec_spark.params import Params
from finrec_spark.sampling import seed_of
from finrec_spark.transforms.numerals import as_number
from finrec_spark.transforms.profiles.vector import ProfileFeature

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ContactTableParams(Params):
    """What of a file of contacts is learned from, and how its columns are read."""

    label: str | None = Field(None, description="Column that tells the outcome")
    positive: str = Field("yes", min_length=1, description="The outcome that is predicted; every other one is not it")
    drop: tuple[str, ...] = Field((), description="Columns that are not known before the contact, or not to be used")
    number_share: float = Field(0.99, gt=0.5, le=1, description="Share of a column's values that make it a number")
    rare_values: int = Field(20, ge=1, description="Contacts that a category's value needs to stand for itself")
    max_values: int = Field(100, ge=1, le=10_000, description="Values of one category, at most; the most frequent ones")


@dataclass(frozen=True)
class Contacts:
    """N contacts.

    Attributes:
        features: the columns, by place in the vectors.
        vectors: N × F; a category as its code (0: rare or other), NaN where a value is missing.
        label: 1 where the outcome is the predicted one, N.
        key: hash of the contact's own line, ascending, N.
    """

    features: tuple[ProfileFeature, ...]
    vectors: Floats
    label: Floats
    key: Ints

    def where(self, chosen: NDArray[np.bool_]) -> "Contacts":
        """Those contacts alone."""
        return Contacts(self.features, self.vectors[chosen], self.label[chosen], self.key[chosen])


def collect_contacts(rows: DataFrame, params: ContactTableParams, seed: int) -> Contacts:
    """The contacts of one file, in an order that only their content decides: it must fit into the driver's memory.

    Args:
        rows: all columns text, null where missing.
        params: the label and the columns to leave out.
        seed: of the keys.

    Raises:
        ConfigError: the label, or a column to drop, is not there; one outcome alone is; or no column is left.
    """
    label, names = label_and_features(rows.columns, params)
    known = rows.where(_named(label).isNotNull())
    features = collect_features(known, names, params)
    key = F.xxhash64(seed_of(seed), *map(_named, sorted(rows.columns)))
    outcome = (_named(label) == F.lit(params.positive)).cast("double")
    vector = F.array(*map(_as_double, features)).cast("array<double>")
    table = pd.DataFrame(known.select(key.alias("key"), outcome.alias("label"), vector.alias("vector")).toPandas())
    table = table.sort_values("key", ignore_index=True)  # lines of one key are equal
    labels = table["label"].to_numpy(np.float64)
    require_two_outcomes(labels, params)
    return Contacts(features, np.array(table["vector"].tolist(), np.float64), labels, table["key"].to_numpy(np.int64))


def label_and_features(columns: Sequence[str], params: ContactTableParams) -> tuple[str, list[str]]:
    """The label's column and those that are learned from, in the file's order.

    Raises:
        ConfigError: the label, or a column to drop, is not there, or no column is left.
    """
    label, drop = (params.label or "").strip().lower(), {name.strip().lower() for name in params.drop}
    absent = sorted(({label} | drop) - set(columns))
    if absent:
        raise ConfigError(
            f"contacts: there is no column {absent[0] or 'named as --label'}; found: {', '.join(columns)}"
        )
    names = [name for name in columns if name != label and name not in drop]
    if not names:
        raise ConfigError(f"contacts: no column is left beside {label}; drop fewer")
    return label, names


def require_two_outcomes(label: Floats, params: ContactTableParams) -> None:
    """Nothing, where some contacts have the predicted outcome and some have not.

    Raises:
        ConfigError: all or none have it.
    """
    if not 0 < label.sum() < len(label):
        share = "all" if len(label) and label.all() else "none"
        raise ConfigError(
            f"contacts: {share} of {len(label)} contacts have {params.positive} in column {params.label};"
            " both outcomes are needed, see --label and --positive"
        )


def collect_features(rows: DataFrame, names: Sequence[str], params: ContactTableParams) -> tuple[ProfileFeature, ...]:
    """The columns with their kinds and a category's values, the most frequent first, ties by value: a few a column."""
    known = [F.count(_named(name)).alias(f"known_{place}") for place, name in enumerate(names)]
    numbers = [F.count(as_number(_named(name))).alias(f"number_{place}") for place, name in enumerate(names)]
    counts = rows.agg(*known, *numbers).collect()[0]
    is_number = [
        counts[f"number_{place}"] >= max(1, params.number_share * counts[f"known_{place}"])
        for place in range(len(names))
    ]
    return tuple(
        ProfileFeature(name, "number")
        if number
        else ProfileFeature(name, "category", _collect_values(rows, name, params))
        for name, number in zip(names, is_number, strict=True)
    )


def _collect_values(rows: DataFrame, name: str, params: ContactTableParams) -> tuple[str, ...]:
    counts = rows.select(_named(name).alias("value")).where("value is not null").groupBy("value").count()
    frequent = counts.where(F.col("count") >= params.rare_values).orderBy(F.desc("count"), "value")
    return tuple(row["value"] for row in frequent.limit(params.max_values).collect())


def _as_double(feature: ProfileFeature) -> Column:
    text = _named(feature.name)
    if feature.kind == "number":
        value = as_number(text)
    else:
        values = F.array(*map(F.lit, feature.values)).cast("array<string>")
        value = F.call_function("array_position", values, text).cast("double")
    return F.coalesce(value, F.lit(float("nan")))


def _named(name: str) -> Column:
    return F.col(f"`{name.replace('`', '``')}`")


def dealt_folds(label: Floats, key: Ints, n: int) -> Ints:
    """The fold of each contact, N: of either outcome each fold gets as many contacts as the others, ± 1.

    Equal lines have one key and share a fold.

    >>> dealt_folds(np.array([0.0, 1, 0, 0, 0, 1]), np.array([5, 7, 9, 9, 12, 30]), n=2)
    array([0, 0, 1, 1, 0, 1])
    """
    fold = np.zeros(len(label), dtype=np.int64)
    for outcome in (0.0, 1.0):
        of_outcome = label == outcome
        fold[of_outcome] = np.unique(key[of_outcome], return_inverse=True)[1] % n
    return fold


@dataclass(frozen=True)
class CategoryRates:
    """The number that stands for each categorical value in trees: its smoothed share of the predicted outcome.

    Attributes:
        features: the columns.
        rates: of each category's codes from -1 (missing) on; None for a number.
    """

    features: tuple[ProfileFeature, ...]
    rates: tuple[Floats | None, ...]

    def numbers(self, vectors: Floats) -> Floats:
        """The vectors, N × F, with rates in place of codes; only numbers may still be NaN."""
        columns = [
            vectors[:, place] if rates is None else rates[_codes(vectors[:, place]) + 1]
            for place, rates in enumerate(self.rates)
        ]
        return np.stack(columns, axis=1)


def category_rates(contacts: Contacts, smoothing: float) -> CategoryRates:
    """Rates of the contacts: (Σ label + m · p) / (contacts + m), p the share of all and m = ``smoothing``."""
    mean = contacts.label.mean()

    def rates(place: int, feature: ProfileFeature) -> Floats | None:
        if feature.kind == "number":
            return None
        code, size = _codes(contacts.vectors[:, place]) + 1, len(feature.values) + 2
        positive = np.bincount(code, weights=contacts.label, minlength=size)
        return np.asarray((positive + smoothing * mean) / (np.bincount(code, minlength=size) + smoothing))

    return CategoryRates(contacts.features, tuple(rates(place, f) for place, f in enumerate(contacts.features)))


def _codes(column: Floats) -> Ints:
    return np.where(np.isnan(column), -1, column).astype(np.int64)
