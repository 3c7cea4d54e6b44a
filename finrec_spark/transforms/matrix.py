"""Interactions → the customer-product matrix."""

from collections.abc import Mapping
from datetime import date
from functools import reduce
from typing import Literal

from pydantic import Field, field_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.params import Params

_UNITS = 2**32  # weights are summed as whole numbers of this: the same to the bit in any order


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
    interactions: DataFrame, customers: DataFrame, products: DataFrame, month: date, params: MatrixParams
) -> DataFrame:
    """One row: how one customer stands to one product before ``month``.

    Each interaction counts its type's weight on the eve of ``month`` and half as much every
    half-life before it. The newest event that starts or ends ownership decides ``owned``; where
    both fall on one instant the product counts as owned.

    Args:
        interactions: silver interactions; what happened on or after ``month`` is not read.
        customers: ``customer_id``, ``customer_index``.
        products: ``product_id``, ``product_index``.
        month: first day of the month being decided.

    Returns:
        The columns of ``gold.customer_product_matrix`` without ``month``; ``rating`` is null where
        there is no explicit rating.
    """
    known = interactions.where(F.col("event_time") < F.lit(month))
    pairs = known.groupBy("customer_id", "product_id").agg(
        (F.sum(_weight_units(month, params)) / F.lit(_UNITS)).alias("strength"),
        F.max(_rating(params)).getField("value").cast("double").alias("rating"),
        F.max("event_time").alias("last_event"),
        F.coalesce(F.max(_ownership(params)).getField("opens"), F.lit(False)).alias("owned"),
    )
    placed = pairs.join(F.broadcast(products), "product_id").join(customers, "customer_id")
    keys = ("customer_id", "product_id", "customer_index", "product_index")
    return placed.select(*keys, "strength", "rating", "last_event", "owned")


def days_before(month: date) -> Column:
    """Whole days from an interaction to the eve of ``month``."""
    return F.datediff(F.lit(month), F.to_date("event_time")) - 1


def _weight_units(month: date, params: MatrixParams) -> Column:
    decay = F.pow(F.lit(0.5), days_before(month) / params.half_life_days)
    return F.round(_type_weight(params) * decay * _UNITS).cast("long")


def _rating(params: MatrixParams) -> Column:
    return F.when(F.col("event_type").isin(list(params.rating_types)), F.struct("event_time", "event_id", "value"))


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
