"""What counts as an outcome, and when a campaign may be believed."""

from pydantic import Field

from finrec_spark.params import Params


class MeasureParams(Params):
    """How a campaign is measured."""

    window_days: int = Field(30, ge=1, description="Days from the campaign's first day in which an outcome counts")
    baseline_days: int = Field(180, ge=1, description="Days before it that explain differences between customers")
    event_types: tuple[str, ...] = Field(
        ("open", "buy", "purchase"), min_length=1, description="Types of interactions that bring money"
    )
    currency: str = Field("CNY", description="Only money of this currency, or of none given, is added up")
    winsor_quantile: float = Field(
        0.99, gt=0.5, lt=1, description="Quantile of the amounts above zero that larger ones are cut to"
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Probability that an interval is to cover the truth")
    power: float = Field(0.8, gt=0.5, lt=1, description="Probability of seeing the minimum detectable effect")
    smallest_stratum: int = Field(
        30, ge=2, description="Strata with fewer customers in an arm are joined with others of the same control share"
    )
    minimum_takers: int = Field(
        10, ge=1, description="Nothing is concluded where the smaller arm is to be expected to have fewer takers"
    )
    sample_ratio_p: float = Field(0.001, gt=0, lt=0.5, description="Arms less likely than this were tampered with")
    balance_limit: float = Field(0.1, gt=0, description="Standardised difference before the campaign that passes")
    contamination_limit: float = Field(0.01, ge=0, le=1, description="Share of contacted controls that passes")
