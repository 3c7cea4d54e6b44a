"""Interactions → the customer-product matrix."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import reduce
from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.months import month_number, months_before
from finrec_spark.params import Params
from finrec_spark.transforms.splits import before, event_month, numbered_month, within_month

_UNITS = 2**32  # weights are summed as whole numbers of this: the same to the bit in any order
_PAIRS_DDL = (
    "customer_id string, product_id string, strength double, rating double, last_event timestamp, owned boolean"
)


class EventRule(Params):
    """What one type of interaction says about a customer and a product."""

    weight: float = Field(1.0, ge=0, description="Strength of one interaction on the day that it happens")
    ownership: Literal["opens", "closes", "none"] = Field("none", description="Whether it starts or ends ownership")
    rating: bool = Field(False, description="Whether its value is an explicit rating")


EVENTS: Mapping[str, EventRule] = {
    "open": EventRule(weight=1.0, ownership="opens"),
    "buy": EventRule(weight=1.0, ownership="opens"),
    "purchase": EventRule(weight=1.0, ownership="opens"),
    "rating": EventRule(weight=1.0, ownership="opens", rating=True),
    "close": EventRule(weight=0.0, ownership="closes"),
    "sell": EventRule(weight=0.0),  # may be a part only, so it ends no ownership
    "view": EventRule(weight=0.2),
    "inquiry": EventRule(weight=0.3),
}
"""Rules of the event types that need no configuration."""


class MatrixParams(Params):
    """How interactions become strength, rating and ownership."""

    half_life_days: float = Field(180, gt=0, description="Days in which an interaction loses half of its weight")
    events: Mapping[str, EventRule] = Field(EVENTS, description="Rules by event type, laid over the built-in ones")
    other_events: EventRule = Field(EventRule(weight=0.1), description="Rule of every other event type")

    @field_validator("events")
    @classmethod
    def _over_built_in(cls, events: Mapping[str, EventRule]) -> Mapping[str, EventRule]:
        return {**EVENTS, **events}

    @property
    def decays(self) -> dict[int, float]:
        """What is left of a strength after a month of so many days."""
        return {days: 0.5 ** (days / self.half_life_days) for days in range(28, 32)}

    @property
    def opening_types(self) -> tuple[str, ...]:
        """Types of interactions that start ownership."""
        return tuple(name for name, rule in self.events.items() if rule.ownership == "opens")

    @property
    def closing_types(self) -> tuple[str, ...]:
        """Types of interactions that end ownership."""
        return tuple(name for name, rule in self.events.items() if rule.ownership == "closes")

    @property
    def rating_types(self) -> tuple[str, ...]:
        """Types of interactions whose value is an explicit rating."""
        return tuple(name for name, rule in self.events.items() if rule.rating)


def customer_product_matrix(
    interactions: DataFrame,
    customers: DataFrame,
    products: DataFrame,
    month: date,
    params: MatrixParams,
    previous: DataFrame | None = None,
) -> DataFrame:
    """One row: how one customer stands to one product before ``month``.

    Each interaction counts its type's weight on the last day of its month and half as much every half-life after it,
    up to the eve of ``month``. The newest event that starts or ends ownership decides ``owned``; where both fall on
    one instant the product counts as owned.

    The result is the same to the bit with ``previous`` and without it: strengths are carried from month to month by
    one recursion, strength(M) = strength(M-1) · 0.5^(days of M-1 / half-life) + what happened in M-1, and what happened
    in a month is a sum of whole numbers.

    Args:
        interactions: silver interactions; what happened on or after ``month`` is not read, and with ``previous`` only
            the month before is.
        customers: ``customer_id``, ``customer_index``; pairs of other customers are left out.
        products: ``product_id``, ``product_index``; likewise.
        month: first day of the month being decided.
        previous: ``gold.customer_product_matrix`` of the month before, made with the same ``params``.

    Returns:
        The columns of ``gold.customer_product_matrix`` without ``month``; ``rating`` is null where
        there is no explicit rating.
    """
    if previous is None:
        pairs = matrix_from_all(monthly_sums(before(interactions, month), params), month, params)
    else:
        happened = within_month(interactions, months_before(month, 1))
        pairs = matrix_after(previous, monthly_sums(happened, params), month, params)
    placed = pairs.join(F.broadcast(products), "product_id").join(customers, "customer_id")
    keys = ("customer_id", "product_id", "customer_index", "product_index")
    return placed.select(*keys, "strength", "rating", "last_event", "owned")


def monthly_sums(interactions: DataFrame, params: MatrixParams) -> DataFrame:
    """One row: what one customer did with one product in one calendar month.

    Returns:
        ``event_month`` (date), ``customer_id``, ``product_id``; ``units`` (bigint), the weights as of the month's last
        day in whole 2^-32, so that any order of the events gives the same sum; ``rating`` (double), the newest explicit
        one; ``last_event``; ``opens``, whether the newest event that decides ownership starts it. ``rating`` and
        ``opens`` are null where no event says.
    """
    months = interactions.withColumn("event_month", event_month(interactions))
    return months.groupBy("event_month", "customer_id", "product_id").agg(
        F.sum(_weight_units(params)).alias("units"),
        F.max(_rating(params)).getField("rating").alias("rating"),
        F.max("event_time").alias("last_event"),
        F.max(_ownership(params)).getField("opens").alias("opens"),
    )


def matrix_from_all(sums: DataFrame, month: date, params: MatrixParams) -> DataFrame:
    """One row: a pair of a customer and a product before ``month``, from what happened in all months before it.

    Args:
        sums: ``monthly_sums`` of every month before ``month``.

    Returns:
        ``customer_id``, ``product_id``, ``strength``, ``rating``, ``last_event``, ``owned``.
    """
    number = numbered_month("event_month").alias("number")
    pairs = sums.groupBy("customer_id", "product_id").agg(
        F.collect_list(F.struct(number, "units")).alias("sums"),
        _newest("rating").alias("rating"),
        F.max("last_event").alias("last_event"),
        F.coalesce(_newest("opens"), F.lit(False)).alias("owned"),
    )
    lists = [F.col("sums")[name].alias(name) for name in ("number", "units")]
    narrow = pairs.select("customer_id", "product_id", "rating", "last_event", "owned", *lists)
    return narrow.mapInArrow(_fold(month_number(month), params.decays), _PAIRS_DDL)


def matrix_after(previous: DataFrame, sums: DataFrame, month: date, params: MatrixParams) -> DataFrame:
    """One row: a pair before ``month``, from the matrix of the month before and from what happened in that month.

    Args:
        previous: ``gold.customer_product_matrix`` of the month before.
        sums: ``monthly_sums`` of the month before.

    Returns:
        As ``matrix_from_all``, equal to the bit.
    """
    decay = params.decays[_days_in(month_number(month) - 1)]
    old, new = previous.alias("old"), sums.alias("new")
    strength = F.coalesce("old.strength", F.lit(0.0)) * decay + F.coalesce("new.units", F.lit(0)) / _UNITS
    return old.join(new, ["customer_id", "product_id"], "full_outer").select(
        "customer_id",
        "product_id",
        strength.alias("strength"),
        F.coalesce("new.rating", "old.rating").alias("rating"),
        F.coalesce("new.last_event", "old.last_event").alias("last_event"),
        F.coalesce("new.opens", "old.owned", F.lit(False)).alias("owned"),
    )


def folded_strengths(months: Ints, units: Ints, sizes: Ints, month: int, decays: Mapping[int, float]) -> Floats:
    """The strength of each pair as of ``month``, stepped through every month before it, with or without events.

    Args:
        months: numbers of the months (``months.month_number``) in which something happened, pair by pair.
        units: what happened in them, in whole 2^-32.
        sizes: in how many months something happened to each pair, in each of them once.
        month: the number of the month being decided.
        decays: what is left of a strength after a month of so many days.

    >>> january = 12 * 2022
    >>> months, units = np.array([january, january + 1, january]), np.array([2**32, 2**31, 2**32])
    >>> folded_strengths(months, units, np.array([2, 1]), january + 2, {31: 0.5, 28: 0.25})
    array([0.75, 0.25])
    """
    order = np.argsort(months, kind="stable")
    pair = np.repeat(np.arange(len(sizes)), sizes)[order]
    gained = units[order].astype(np.float64) / _UNITS
    steps = np.arange(months.min(), month)
    starts = np.searchsorted(months[order], steps)
    strength = np.zeros(len(sizes))
    for step, start, end in zip(steps, starts, [*starts[1:], len(order)], strict=True):
        strength *= decays[_days_in(step)]
        strength[pair[start:end]] += gained[start:end]
    return strength


def _fold(month: int, decays: Mapping[int, float]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def fold(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                yield _with_strength(batch, month, decays)

    return fold


def _with_strength(pairs: pa.RecordBatch, month: int, decays: Mapping[int, float]) -> pa.RecordBatch:
    months, units = (pairs.column(name).flatten().to_numpy().astype(np.int64) for name in ("number", "units"))
    sizes = np.diff(pairs.column("number").offsets.to_numpy())
    strength = pa.array(folded_strengths(months, units, sizes, month, decays))
    names = ("customer_id", "product_id", "strength", "rating", "last_event", "owned")
    columns = [strength if name == "strength" else pairs.column(name) for name in names]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _days_in(number: int) -> int:
    return monthrange(number // 12, number % 12 + 1)[1]


def _newest(column: str) -> Column:
    """The column in the newest month that has it; null where none has."""
    return F.max(F.when(F.col(column).isNotNull(), F.struct("event_month", column))).getField(column)


def _weight_units(params: MatrixParams) -> Column:
    days = F.datediff(F.last_day("event_time"), F.to_date("event_time"))
    decay = F.pow(F.lit(0.5), days / params.half_life_days)
    return F.round(_type_weight(params) * decay * _UNITS).cast("long")


def _rating(params: MatrixParams) -> Column:
    """The event as a rating with what orders it; null where it is none or has no value."""
    is_rating = F.col("event_type").isin(list(params.rating_types)) & F.col("rating").isNotNull()
    return F.when(is_rating, F.struct("event_time", "event_id", "rating"))


def _ownership(params: MatrixParams) -> Column:
    opens = F.col("event_type").isin(list(params.opening_types))
    closes = F.col("event_type").isin(list(params.closing_types))
    return F.when(opens | closes, F.struct("event_time", opens.alias("opens")))


def _type_weight(params: MatrixParams) -> Column:
    rules = params.events.items()
    other = F.lit(params.other_events.weight)
    return reduce(
        lambda rest, rule: F.when(F.col("event_type") == rule[0], rule[1].weight).otherwise(rest), rules, other
    )
