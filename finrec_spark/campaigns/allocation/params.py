"""What a campaign may use, what it must reach, and which levers the business pulls."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, model_validator

from finrec_spark.params import Params


class Lever(Params):
    """A weight on the expected value of some candidates: it changes what is chosen, never what is reported in yuan."""

    column: Literal["product_id", "channel", "branch", "segment"] = Field(description="Column that names them")
    name: str = Field(description="Value of that column")
    weight: float = Field(gt=0, le=1000, description="Factor on their value; 1 changes nothing")

    @property
    def label(self) -> str:
        """The lever in the report.

        >>> Lever(column="segment", name="young", weight=1.5).label
        'segment=young × 1.5'
        """
        return f"{self.column}={self.name} × {self.weight:g}"


class AllocationParams(Params):
    """Limits of one campaign; what is left out is not limited. One offer is one contact."""

    contacts: NonNegativeInt | None = Field(None, description="Offers at most")
    budget_yuan: NonNegativeFloat | None = Field(None, description="Yuan that the offers may cost together")
    by_channel: Mapping[str, NonNegativeInt] = Field({}, description="Offers at most, by channel")
    by_branch: Mapping[str, NonNegativeInt] = Field({}, description="Offers at most, by branch")
    product_minimum: Mapping[str, NonNegativeInt] = Field({}, description="Offers at least, by product")
    product_maximum: Mapping[str, NonNegativeInt] = Field({}, description="Offers at most, by product")
    offers_per_customer: int = Field(1, ge=1, le=100, description="Offers a customer at most, each of another product")
    levers: tuple[Lever, ...] = Field((), description="Weights on what is chosen")
    exact: bool = Field(False, description="Whether HiGHS solves the whole campaign; for small ones")
    exact_candidates: int = Field(50_000, ge=1, description="Candidates that exact mode accepts at most")
    sample_candidates: int = Field(500_000, ge=1000, description="Candidates on which prices are found first")
    price_passes: int = Field(10, ge=1, description="Passes over all candidates, at most, that correct these prices")
    core_candidates: int = Field(12_000, ge=0, description="Closest calls that HiGHS decides together")
    seed: int = Field(0, ge=0, description="Draws the sample and breaks ties")

    def times(self, factor: float) -> "AllocationParams":
        """All limits so many times as large, offers cut to whole ones.

        >>> found = AllocationParams(contacts=3, budget_yuan=2.0, by_channel={"sms": 5}).times(0.5)
        >>> found.contacts, found.budget_yuan, found.by_channel
        (1, 1.0, {'sms': 2})
        """
        counts = ("by_channel", "by_branch", "product_minimum", "product_maximum")
        larger = {name: {key: int(n * factor) for key, n in getattr(self, name).items()} for name in counts}
        contacts = None if self.contacts is None else int(self.contacts * factor)
        budget = None if self.budget_yuan is None else self.budget_yuan * factor
        return self.model_copy(update={**larger, "contacts": contacts, "budget_yuan": budget})

    @model_validator(mode="after")
    def _minima_can_be_met(self) -> "AllocationParams":
        most = self.product_maximum
        crossed = [name for name, least in self.product_minimum.items() if least > most.get(name, least)]
        if crossed:
            raise ValueError(f"product_minimum above product_maximum: {', '.join(sorted(crossed))}")
        least = sum(self.product_minimum.values())
        if self.contacts is not None and least > self.contacts:
            raise ValueError(f"the minima of the products add up to {least} offers, above contacts: {self.contacts}")
        return self
