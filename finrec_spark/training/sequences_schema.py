"""What a training sequence consists of: one declaration for who builds, writes, reads and learns it."""

from collections.abc import Iterator, Mapping

from pydantic import Field

from finrec_spark.columns import CUSTOMER_INDEX, Column
from finrec_spark.params import Params

SINGLE = ("length", "age")  # columns of one whole number; all others are lists


class SequenceLayout(Params):
    """Lengths of a sequence's lists and numbers of the values that may stand in them.

    Values are 1 … n and 0 is padding, so product p of ``gold.product_index`` is p + 1. Events stand oldest
    first, from the start of their lists; what follows the first ``length`` is padding.
    """

    events: int = Field(ge=1, description="Events of a sequence, L")
    targets: int = Field(ge=1, description="Next products of a sequence at most")
    owned: int = Field(ge=1, description="Owned products of a sequence at most")
    profile: int = Field(ge=1, description="Numbers of a customer's profile")
    products: int = Field(ge=1, description="Products, P")
    event_types: int = Field(ge=1, description="Kinds of events")
    amounts: int = Field(ge=1, description="Buckets of amounts")
    gaps: int = Field(ge=1, description="Buckets of days since the event before")
    ages: int = Field(1, ge=1, description="Months that sequences end before, the decided one and earlier ones")
    ratings: bool = Field(False, description="Whether each target carries an explicit rating")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of the DataFrame of sequences, in their order."""
        listed = (
            Column("product", "array<int>", f"Products of the last {self.events} events, position + 1; 0: padding"),
            Column("event_type", "array<int>", "Kind of each event, from 1"),
            Column("amount", "array<int>", "Bucket of each event's amount, from 1"),
            Column("gap", "array<int>", "Bucket of the days since the event before, on a logarithmic scale, from 1"),
            Column("month", "array<int>", "Month of the year of each event, 1 to 12"),
            Column("length", "int", "Events in the lists; what follows is padding"),
            Column("age", "int", "Months from the one that the sequence ends before to the decided one"),
            Column("target", "array<int>", "Next products, position + 1; 0: padding"),
            Column("owned", "array<int>", "Products held before, position + 1; 0: padding"),
            Column("profile", "array<float>", "The customer's profile, standardised, without missing values"),
        )
        rating = Column("rating", "array<float>", "Explicit rating of each target; NaN where there is none")
        return (CUSTOMER_INDEX, *listed, rating) if self.ratings else (CUSTOMER_INDEX, *listed)

    @property
    def whole_numbers(self) -> Mapping[str, int]:
        """Columns of whole numbers and how many of them a row has."""
        per_event = dict.fromkeys(("product", "event_type", "amount", "gap", "month"), self.events)
        return {**per_event, **dict.fromkeys(SINGLE, 1), "target": self.targets, "owned": self.owned}

    @property
    def decimals(self) -> Mapping[str, int]:
        """Columns of floats and how many of them a row has."""
        return {"profile": self.profile} | ({"rating": self.targets} if self.ratings else {})

    @property
    def largest(self) -> Mapping[str, int]:
        """Largest value of each column of whole numbers; the smallest is 0."""
        kinds = {"event_type": self.event_types, "amount": self.amounts, "gap": self.gaps, "month": 12}
        of_products = dict.fromkeys(("product", "target", "owned"), self.products)
        return {**of_products, **kinds, "length": self.events, "age": self.ages - 1}


def slices(sizes: Mapping[str, int]) -> Iterator[tuple[str, slice]]:
    """Where each column's numbers stand when all of a row's are put into one list.

    >>> dict(slices({"product": 3, "length": 1}))
    {'product': slice(0, 3, None), 'length': slice(3, 4, None)}
    """
    start = 0
    for name, size in sizes.items():
        yield name, slice(start, start + size)
        start += size
