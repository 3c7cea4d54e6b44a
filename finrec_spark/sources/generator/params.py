"""What the synthetic bank is made with."""

from datetime import date

from pydantic import Field, field_validator

from finrec_spark.params import Params


class GeneratorParams(Params):
    """Size, time and seed of a synthetic bank; equal parameters give an equal bank.

    A bank with more ``customers`` and the same other parameters contains the smaller one.
    """

    customers: int = Field(5_000, ge=1, le=9_999_999_999, description="Number of customers")
    products: int = Field(120, ge=60, le=200, description="Number of products")
    months: int = Field(36, ge=3, le=120, description="Months of history")
    last_month: date = Field(date(2022, 5, 1), description="First day of the newest month of history")
    seed: int = Field(20220601, ge=0, lt=2**63, description="Seed of every draw")
    campaign_every_months: int = Field(3, ge=1, description="Months between two campaigns; the newest is one month old")
    campaign_share: float = Field(0.5, gt=0, le=1, description="Share of the reachable customers in a campaign")
    control_share: float = Field(
        0.2, ge=0, le=0.5, description="Share of a campaign kept back in its own control group"
    )
    holdout_share: float = Field(0.1, ge=0, le=0.4, description="Share of customers kept back from every campaign")
    missing_share: float = Field(0.04, ge=0, le=1, description="Share of profile values that nobody knows")
    truth_months: int = Field(
        2, ge=1, le=4, description="Newest months with true propensities, the month to decide included"
    )

    known_months: int | None = Field(
        None, ge=3, le=120, description="Months of the history that are delivered, the first ones; null: all of them"
    )
    own_campaigns: int | None = Field(
        None,
        ge=0,
        description="Months, the first ones, whose campaigns the generator makes up; in later ones customers answer to "
        "mart.campaign_targets; null: all months",
    )

    @field_validator("last_month")
    @classmethod
    def _first_day(cls, value: date) -> date:
        if value.day != 1:
            raise ValueError("must be the first day of a month")
        return value

    @property
    def known(self) -> int:
        """Months of history that are delivered; the position of the month to decide."""
        return self.months if self.known_months is None else min(self.known_months, self.months)

    @property
    def first_month(self) -> date:
        """First day of the history."""
        return self.month(0)

    def month(self, position: int) -> date:
        """First day of the month at ``position``; 0 is the history's first, ``months`` the month to decide.

        >>> [GeneratorParams(months=6).month(position).isoformat() for position in (0, 5, 6)]
        ['2021-12-01', '2022-05-01', '2022-06-01']
        """
        count = self.last_month.year * 12 + self.last_month.month - self.months + position
        return date(count // 12, count % 12 + 1, 1)
