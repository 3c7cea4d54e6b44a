"""How the backtest is run. Every value was chosen on dates whose test time ends before the first test date."""

from pydantic import Field

from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.params import Params


class SignalParams(Params):
    """The plain signals."""

    ease_ridge: float = Field(2000.0, gt=0, description="EASE: λ, added to the diagonal of X'X")
    next_ridge: float = Field(300.0, gt=0, description="Ridge of what is bought next: λ, on the diagonal")
    next_half_life_days: float = Field(365.0, gt=0, description="In how many days a purchase counts half as much there")
    fading_half_life_days: float = Field(120.0, gt=0, description="In how many days a buy counts half as much")


class LearningParams(Params):
    """What the trees of a date learn from."""

    horizons_days: tuple[int, ...] = Field(
        (30, 91, 165), min_length=1, description="Lengths of the time in which a purchase is a positive; trees for each"
    )
    spacing_days: int = Field(13, ge=1, description="Days between the earlier dates")
    dates: int = Field(40, ge=1, description="Newest earlier dates whose horizon had ended, at most")
    customers: int = Field(400, ge=1, description="Buyers of each of them, at most")
    negatives_share: float = Field(0.3, gt=0, le=1, description="Share of the candidates not taken that is kept")
    least_positives: int = Field(200, ge=1, description="Positives without which a horizon has no trees")
    settled_positives: int = Field(
        5000, ge=1, description="Positives at which trees and fusion count the same; with fewer the trees count less"
    )
    seed: int = Field(23, description="Seed of the candidates that are kept")
    fits_at_once: int = Field(2, ge=1, description="Horizons whose trees are learned side by side")

    @property
    def earlier_dates(self) -> int:
        """Dates before the first measured one that any of the trees can use, at most."""
        return self.dates + -(-max(self.horizons_days) // self.spacing_days)


class DatesBoostingParams(BoostingParams):
    """How boosted trees of many dates are learned: the dates overlap, so a purchase is a positive many times."""

    most_growth: float = Field(1.0, ge=1, description="How many times as many rounds and leaves there are, at most")


class BacktestParams(Params):
    """Many dates at once."""

    k: int = Field(10, ge=1, description="Length of the lists that are measured")
    candidates: int = Field(40, ge=1, description="Products a customer that the trees look at, the best by fusion")
    recent_candidates: int = Field(15, ge=0, description="And as many of the best by each kind of recent popularity")
    network_every: int = Field(6, ge=1, description="Every how many dates the recurrent network is trained, where used")
    checked_dates: int = Field(3, ge=0, description="Dates at which all signals are made anew without the future")
    signals: SignalParams = SignalParams()
    learning: LearningParams = LearningParams()
    boosting: DatesBoostingParams = DatesBoostingParams()
