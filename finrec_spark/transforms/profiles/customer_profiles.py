"""Customer profiles: each customer as the bank knew it before the month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.params import Params
from finrec_spark.tables import CUSTOMER_PROFILE
from finrec_spark.transforms.ingest.customers import ALWAYS, customers_as_of
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.profiles.delivered import (
    Kind,
    changed_days,
    days_back,
    delivered_categories,
    delivered_numbers,
)
from finrec_spark.transforms.profiles.events import contact_sums, holdings, interaction_sums
from finrec_spark.transforms.splits import before

_RISK_LEVELS = range(1, 6)
_NO_WORDS: Mapping[str, tuple[str, ...]] = {}


class ProfileParams(Params):
    """How customers become profiles, and profiles vectors."""

    kinds: Mapping[str, Kind] = Field(
        {},
        description="Kind of a delivered profile column: number, category, date, ignore, or the list of its words in "
        "ascending order; the others' kinds are inferred",
    )
    missing: Mapping[str, tuple[str, ...]] = Field(
        {},
        description="Words of a delivered column that stand for nothing, such as age: ['-1']; no others do in it, "
        "and an empty list means that none does",
    )
    numeric_share: float = Field(0.98, gt=0.5, le=1, description="Share of values that must be numbers (or dates)")
    two_values: int = Field(2, ge=0, description="A column of at most so many different values is a category")
    most_values: int = Field(
        1000, ge=1, description="A category of more different values, such as a name, is ignored (counted to about 5 %)"
    )
    rare_values: int = Field(20, ge=1, description="Customers that a category's value needs to get a code")
    max_values: int = Field(50, ge=1, le=1000, description="Values with a code in one category, at most")
    max_categories: int = Field(40, ge=1, le=200, description="Product categories that are counted each, at most")
    outflow_events: tuple[str, ...] = Field(
        ("sell",), description="Types that take money out beside those that end ownership"
    )


@dataclass(frozen=True)
class ProfileSources:
    """What profiles are made from, as the tables have it: only what was known before the month is read of it.

    Attributes:
        customers: ``silver.customers``.
        products: ``silver.products``.
        interactions: ``silver.interactions``.
        matrix: the month's ``gold.customer_product_matrix``.
        contacts: ``silver.contacts``; None where none were ever delivered.
        responses: ``silver.campaign_responses``, likewise.
    """

    customers: DataFrame
    products: DataFrame
    interactions: DataFrame
    matrix: DataFrame
    contacts: DataFrame | None = None
    responses: DataFrame | None = None


def customer_profiles(
    sources: ProfileSources,
    month: date,
    kinds: Mapping[str, Kind],
    categories: Sequence[str],
    rules: MatrixParams,
    params: ProfileParams,
    missing: Mapping[str, tuple[str, ...]] = _NO_WORDS,
) -> DataFrame:
    """One row: one customer known before ``month``, by a profile or an interaction.

    All days count back from the eve of ``month``, which is day 0; the last 30 days are days 0 to 29. A day that is
    not known is null: that of a profile which holds since ever, or that of the newest interaction of a customer
    without one. Counts and sums of what never happened are 0.

    - Taken are the interactions that start ownership, each of them; money is put in by these and taken out by those
      that end ownership or are ``outflow_events``; ratings' values are no money, other types' only ``largest_amount``.
    - The risk level was set when the newest run of versions with this level began.
    - A delivered column became another when a version has another value than the one before, neither of them missing:
      a move, a marriage, a new position.
    - Maps have no entry for a product category with 0, nor for a missing value.

    Args:
        kinds: each delivered column's kind (``kinds.collect_columns``).
        categories: product categories that are counted each (``collect_categories``).
        rules: what the types of interactions mean.
        missing: words of a delivered column that stand for nothing (``kinds.collect_columns``).

    Returns:
        The columns of ``gold.customer_profile`` without ``month``; equal to the bit however the rows are partitioned.
    """
    products = sources.products.select("product_id", "category")
    days = _profile_days(sources.customers, month, kinds, missing)
    known = days.join(customers_as_of(sources.customers, month), "customer_id", "left")
    events = interaction_sums(sources.interactions, products, categories, month, rules, params.outflow_events)
    held = holdings(sources.matrix, products, categories)  # of customers with interactions alone
    rows = known.join(events.join(held, "customer_id", "left"), "customer_id", "full_outer")
    if sources.contacts is not None:
        rows = rows.join(contact_sums(sources.contacts, sources.responses, month), "customer_id", "left")
    made = _made_columns(rows, kinds, missing, month)
    return rows.select(*[made[name].alias(name) for name in CUSTOMER_PROFILE.column_names if name != "month"])


def collect_categories(products: DataFrame, params: ProfileParams) -> tuple[str, ...]:
    """Product categories by name: those with most products where there are more than ``max_categories``.

    Args:
        products: ``silver.products``.
    """
    sizes = products.groupBy("category").agg(F.count("*").alias("size"))
    largest = sizes.orderBy(F.desc("size"), "category").limit(params.max_categories)
    return tuple(sorted(row["category"] for row in largest.collect()))


def _profile_days(
    customers: DataFrame, month: date, kinds: Mapping[str, Kind], missing: Mapping[str, tuple[str, ...]]
) -> DataFrame:
    """One row: a customer's first day, for each risk level the last day on which it was another one, ``changed_days``.

    Versions follow each other without a gap, so the newest run of a level begins on the day after that.
    """
    versions = Window.partitionBy("customer_id").orderBy("valid_from")
    known = before(customers, month, "valid_from").withColumn("earlier", F.lag("profile").over(versions))
    dated = F.when(F.col("valid_from") > F.lit(ALWAYS), F.col("valid_from"))
    others = [
        F.max(F.when(~F.col("risk_level").eqNullSafe(F.lit(level)), F.col("valid_to"))).alias(f"not_{level}")
        for level in _RISK_LEVELS
    ]
    return known.groupBy("customer_id").agg(
        F.min(dated).alias("first_dated"),
        F.min("valid_from").alias("first_day"),
        *others,
        changed_days(kinds, month, missing).alias("changed_days"),
    )


def _made_columns(
    rows: DataFrame, kinds: Mapping[str, Kind], missing: Mapping[str, tuple[str, ...]], month: date
) -> dict[str, Column]:
    """Each column of the profile from the joined parts."""
    made = {
        "segment": F.coalesce("segment", F.lit("all")),
        "risk_age_days": _risk_age_days(month),
        "tenure_days": F.greatest(days_back(month, F.col("first_dated")), F.col("oldest_days")),
        "numbers": delivered_numbers(kinds, month, missing),
        "categories": delivered_categories(kinds, missing),
    }
    return {
        column.name: made[column.name]
        if column.name in made
        else _or_nothing(rows, column.name, column.type, column.nullable)
        for column in CUSTOMER_PROFILE.columns
        if column.name != "month"
    }


def _or_nothing(rows: DataFrame, name: str, type_: str, nullable: bool) -> Column:
    """The column, or null, 0 or an empty map where the customer has no row in its part."""
    value = F.col(name) if name in rows.columns else F.lit(None).cast(type_)
    if nullable or name == "customer_id":
        return value
    nothing = F.create_map() if type_.startswith("map") else F.lit(0)
    return F.coalesce(value, nothing.cast(type_))


def _risk_age_days(month: date) -> Column:
    """Days since the newest run of the risk level began; null where that is not known."""
    level = F.col("risk_level")
    others = F.coalesce(*[F.when(level == known, F.col(f"not_{known}")) for known in _RISK_LEVELS])
    began = F.coalesce(F.date_add(others, 1), F.col("first_dated"))
    undated = others.isNull() & (F.col("first_day") == F.lit(ALWAYS))
    return F.when(level.isNotNull() & ~undated, days_back(month, began))
