"""A table of randomised contacts in text, of whatever shop or bank → trials that uplift is learned from.

Columns are read as features as ``contact_table`` reads them. A value of the treatment's column is an offer, but for the
control's. The probability of each is its share of the table: randomisation is taken to have been by fixed shares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import ConfigError, DataQualityError
from finrec_spark.sampling import seed_of
from finrec_spark.transforms.ingest.contact_table import (
    FeatureColumnParams,
    collect_features,
    feature_vector,
    keyed,
    named_column,
    normal_name,
)
from finrec_spark.transforms.ingest.headers import told_columns
from finrec_spark.transforms.numerals import as_number
from finrec_spark.transforms.profiles.vector import ProfileFeature

_MOST_OFFERS = 100
_SURPRISING = 4.0  # standard errors: chance alone exceeds them once in 16,000 columns


class TrialTableParams(FeatureColumnParams):
    """What of a file of randomised contacts is what."""

    treatment: str | None = Field(None, description="Column that tells which offer chance made")
    control: str = Field("control", min_length=1, description="Its value where none was made")
    outcome: str | None = Field(None, description="Column with the outcome, a number; taken where it is above zero")
    amount: str | None = Field(None, description="Column with what the policy is measured by; by default the outcome")


@dataclass(frozen=True)
class TrialTable:
    """The trials of one file.

    Attributes:
        profile: the columns by place in the vectors, named as the customers' profile names delivered columns.
        trials: the columns of ``models.uplift.trials``: each customer with every offer of the file; the treatment's
            value is the category, the channel is empty.
    """

    profile: tuple[ProfileFeature, ...]
    trials: DataFrame


def collect_trial_table(rows: DataFrame, params: TrialTableParams, seed: int) -> TrialTable:
    """The trials of one file; what is collected are the shares of its offers and the values of its categories.

    A row without treatment, or without a readable outcome, is left out.

    Args:
        rows: all columns text, null where missing.
        params: what is what.
        seed: of the rows' hashes.

    Raises:
        ConfigError: a named column or the control's value is not there, or no column or offer is left.
        DataQualityError: a feature differs between those contacted and not.
    """
    named, names = named_and_features(rows.columns, params)
    outcome, treatment = as_number(named_column(named["outcome"])), named_column(named["treatment"])
    known = rows.where(treatment.isNotNull() & outcome.isNotNull())
    features = collect_features(known, names, params)
    customers = keyed(
        known.select(
            F.xxhash64(seed_of(seed), *map(named_column, sorted(rows.columns))).alias("line"),
            treatment.alias("treatment"),
            feature_vector(names, features).alias("profile"),
            (outcome > 0).cast("double").alias("taken"),
            F.coalesce(as_number(named_column(named["amount"])), F.lit(0.0)).alias("amount"),
        )
    )
    shares = collect_shares(customers, params.control)
    require_balance(collect_differences(customers, len(names), params.control), names)
    return TrialTable(features, _with_every_offer(customers, shares, params.control))


def named_and_features(columns: Sequence[str], params: TrialTableParams) -> tuple[dict[str, str], list[str]]:
    """The columns of treatment, outcome and amount by these words, and those that are learned from.

    Raises:
        ConfigError: one is not there, or no column is left.
    """
    named = {
        "treatment": normal_name(params.treatment),
        "outcome": normal_name(params.outcome),
        "amount": normal_name(params.amount or params.outcome),
    }
    dropped = set(map(normal_name, params.drop))
    absent = sorted((set(named.values()) | dropped) - set(columns))
    if absent:
        word = absent[0] or "named as --treatment or --outcome"
        told = told_columns(columns, dropped.union(named.values()))
        raise ConfigError(f"trials: there is no column {word}; {told}")
    names = [name for name in columns if name not in dropped and name not in named.values()]
    if not names:
        raise ConfigError(f"trials: no column is left beside {', '.join(named.values())}; drop fewer")
    return named, names


def collect_shares(customers: DataFrame, control: str) -> dict[str, float]:
    """The share of each value of ``treatment``: as many as there are, at most 100.

    Raises:
        ConfigError: none of them is the control's, or nothing else, or too many.
    """
    counts = customers.groupBy("treatment").count().orderBy("treatment").limit(_MOST_OFFERS + 1).collect()
    shares = {row["treatment"]: row["count"] for row in counts}
    if control not in shares or not 2 <= len(shares) <= _MOST_OFFERS:
        raise ConfigError(
            f"trials: none of the treatment's {len(shares)} values is {control!r}, or they are not between 2 and"
            f" {_MOST_OFFERS}: name the column of the offers with --treatment, its value without any with --control"
        )
    total = sum(shares.values())
    return {value: count / total for value, count in shares.items()}


def collect_differences(customers: DataFrame, width: int, control: str) -> list[float | None]:
    """Mean of each feature with contact minus without; None where it is no more than chance makes it. One row.

    Args:
        customers: ``treatment``, ``profile``.
        width: of the profile.
        control: the treatment's value without contact.
    """
    arms = (F.col("treatment") != control, F.col("treatment") == control)
    values = [F.when(~F.isnan(F.col("profile")[place]), F.col("profile")[place]) for place in range(width)]
    differences = [_surprising(*(F.when(arm, value) for arm in arms)) for value in values]
    return list(customers.agg(*differences).collect()[0])


def require_balance(differences: Sequence[float | None], names: Sequence[str]) -> None:
    """Nothing, where every feature has the same mean with contact and without, but for chance.

    What was known before chance drew cannot differ; a column that does was made after it, such as another outcome.

    Raises:
        DataQualityError: naming the column.
    """
    for name, difference in zip(names, differences, strict=True):
        if difference is not None:
            raise DataQualityError(
                f"trials: column {name} differs by {difference:.3g} between those contacted and the controls, which"
                " nothing known before a randomised contact does: leave it out (--drop) if it came after the contact;"
                " if it came before, contact was not randomised, and no uplift can be learned from it"
            )


def _surprising(contacted: Column, kept_back: Column) -> Column:
    """The difference of the means where it is beyond chance, else null."""
    difference = F.avg(contacted) - F.avg(kept_back)
    squares = [F.var_samp(values) / F.count(values) for values in (contacted, kept_back)]
    return F.when(F.abs(difference) > _SURPRISING * F.sqrt(squares[0] + squares[1]), difference)


def _with_every_offer(customers: DataFrame, shares: Mapping[str, float], control: str) -> DataFrame:
    offers = [
        F.struct(F.lit(value).alias("category"), F.lit(share).alias("contact_probability"))
        for value, share in shares.items()
        if value != control
    ]
    treatment = F.col("treatment")
    contacted = F.when(treatment == F.col("offer.category"), True).when(treatment == control, False)
    return customers.withColumn("offer", F.explode(F.array(*offers))).select(
        F.xxhash64("key", "offer.category").alias("key"),
        F.col("key").alias("customer_key"),  # not of the line, in which the outcome stands: folds would know it
        F.col("key").alias("decision"),
        "profile",
        "offer.category",
        F.lit("").alias("channel"),
        contacted.alias("contacted"),
        "offer.contact_probability",
        F.lit(shares[control]).alias("control_probability"),
        "taken",
        "amount",
    )
