"""The customers' profile as a vector: which feature stands where, and how a row of it is made."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ProfileFeature:
    """One place of the profile vector.

    Attributes:
        name: a column of ``gold.customer_profile``, or ``column:key`` of one of its maps.
        kind: a number stands as it is, a category as its code; NaN where the value is missing.
        values: a category's values by code - 1; code 0 is every other value. Empty for a number.
    """

    name: str
    kind: Literal["number", "category"]
    values: tuple[str, ...] = ()
