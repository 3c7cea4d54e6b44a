"""A table of contacts in text, of whatever bank → what a response model learns from.

- A column is a number where nearly all of its values read as one, else a category. What does not read, in a column
  of numbers, is missing.
- A category's value that fewer than ``rare_values`` contacts have counts as *other*, code 0.
- A missing value is NaN in the vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.errors import ConfigError
from finrec_spark.params import Params
from finrec_spark.sampling import seed_of
from finrec_spark.transforms.ingest.headers import told_columns
from finrec_spark.transforms.ingest.parsing import parsed_time
from finrec_spark.transforms.numerals import as_number
from finrec_spark.transforms.profiles.missing import SURE, UNSURE, canonical
from finrec_spark.transforms.profiles.vector import ProfileFeature


class FeatureColumnParams(Params):
    """How the columns of a file are read as features."""

    drop: tuple[str, ...] = Field((), description="Columns that are not known before the contact, or not to be used")
    number_share: float = Field(0.99, gt=0.5, le=1, description="Share of a column's values that make it a number")
    rare_values: int = Field(20, ge=1, description="Contacts that a category's value needs to stand for itself")
    max_values: int = Field(100, ge=1, le=10_000, description="Values of one category, at most; the most frequent ones")


class ContactTableParams(FeatureColumnParams):
    """What of a file of contacts is learned from, and how its columns are read."""

    label: str | None = Field(None, description="Column that tells the outcome")
    positive: str = Field("yes", min_length=1, description="The outcome that is predicted; every other one is not it")
    time: str | None = Field(None, description="Column with the contact's time: folds in time rather than by chance")


@dataclass(frozen=True)
class ContactTable:
    """The contacts of one file.

    Attributes:
        profile: the columns by place in the vectors, named as the customers' profile names delivered columns.
        contacts: the columns of ``transforms.acceptances.answered_contacts`` without ``known_before``, and ``line``, a
            hash of the contact's own line; one offer, whose category and channel nobody knows.
    """

    profile: tuple[ProfileFeature, ...]
    contacts: DataFrame


def collect_contact_table(rows: DataFrame, params: ContactTableParams, seed: int) -> ContactTable:
    """The contacts of one file; what is collected are the values of its categories.

    A contact without outcome, or without a readable time where a column of it is named, is left out.

    Args:
        rows: all columns text, null where missing.
        params: the label, the time and the columns to leave out.
        seed: of the lines' hashes.

    Raises:
        ConfigError: the label, the time or a column to drop is not there, or no column is left.
    """
    label, names = label_and_features(rows.columns, params)
    known = rows.where(named_column(label).isNotNull())
    features = collect_features(known, names, params)
    time = parsed_time(_quoted(normal_name(params.time))).value if params.time else F.lit(None).cast("timestamp")
    line = F.xxhash64(seed_of(seed), *map(named_column, sorted(rows.columns)))
    nothing = F.lit(None).cast("string")
    contacts = known.select(
        line.alias("line"),
        time.alias("contact_time"),
        feature_vector(names, features).alias("profile"),
        F.lit("contact").alias("offer"),
        nothing.alias("category"),
        nothing.alias("channel"),
        (named_column(label) == F.lit(params.positive)).cast("double").alias("label"),
    )
    return ContactTable(features, keyed(contacts.where("contact_time is not null") if params.time else contacts))


def label_and_features(columns: Sequence[str], params: ContactTableParams) -> tuple[str, list[str]]:
    """The label's column and those that are learned from, in the file's order.

    Raises:
        ConfigError: the label, the time or a column to drop is not there, or no column is left.
    """
    label = normal_name(params.label)
    left_out = {normal_name(name) for name in (*params.drop, params.time) if name}
    absent = sorted(({label} | left_out) - set(columns))
    if absent:
        told = told_columns(columns, {label} | left_out)
        raise ConfigError(f"contacts: there is no column {absent[0] or 'named as --label'}; {told}")
    names = [name for name in columns if name != label and name not in left_out]
    if not names:
        raise ConfigError(f"contacts: no column is left beside {label}; drop fewer")
    return label, names


def collect_features(rows: DataFrame, names: Sequence[str], params: FeatureColumnParams) -> tuple[ProfileFeature, ...]:
    """The columns with their kinds and a category's values, the most frequent first, ties by value: a few a column."""
    known = [F.count_if(~_is_nothing(name)).alias(f"known_{place}") for place, name in enumerate(names)]
    numbers = [F.count(as_number(named_column(name))).alias(f"number_{place}") for place, name in enumerate(names)]
    counts = rows.agg(*known, *numbers).collect()[0]
    is_number = [
        counts[f"number_{place}"] >= max(1, params.number_share * counts[f"known_{place}"])
        for place in range(len(names))
    ]
    return tuple(
        ProfileFeature(f"numbers:{name}", "number")
        if number
        else ProfileFeature(f"categories:{name}", "category", _collect_values(rows, name, params))
        for name, number in zip(names, is_number, strict=True)
    )


def feature_vector(names: Sequence[str], features: Sequence[ProfileFeature]) -> Column:
    """array<double> of a row's columns, as ``collect_features`` found them: a number, or a category's code."""
    return F.array(*map(_as_double, names, features)).cast("array<double>")


def _is_nothing(name: str) -> Column:
    """Whether the value is missing, or a word for nothing, which no number is held against."""
    return F.coalesce(canonical(named_column(name)).isin(*SURE, *UNSURE), F.lit(True))


def keyed(contacts: DataFrame) -> DataFrame:
    """With a ``key`` of its own for each of the contacts, equal lines among them."""
    place = F.row_number().over(Window.partitionBy("line").orderBy("line"))
    return contacts.withColumn("key", F.xxhash64("line", place))


def _collect_values(rows: DataFrame, name: str, params: FeatureColumnParams) -> tuple[str, ...]:
    counts = rows.select(named_column(name).alias("value")).where("value is not null").groupBy("value").count()
    frequent = counts.where(F.col("count") >= params.rare_values).orderBy(F.desc("count"), "value")
    return tuple(row["value"] for row in frequent.limit(params.max_values).collect())


def _as_double(name: str, feature: ProfileFeature) -> Column:
    text = named_column(name)
    if feature.kind == "number":
        value = as_number(text)
    else:
        values = F.array(*map(F.lit, feature.values)).cast("array<string>")
        value = F.call_function("array_position", values, text).cast("double")
    return F.coalesce(value, F.lit(float("nan")))


def normal_name(name: str | None) -> str:
    """A column's name as the file's columns are named."""
    return (name or "").strip().lower()


def named_column(name: str) -> Column:
    return F.col(_quoted(name))


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
