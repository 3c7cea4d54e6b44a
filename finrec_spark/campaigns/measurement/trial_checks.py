"""Whether chance was left alone: the checks of each campaign that come before any of its figures is believed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from finrec_spark.campaigns.measurement.estimates import (
    ACTIVE,
    BASELINE,
    WELCH,
    YY,
    N,
    Strata,
    Y,
    effective_sizes,
    estimate,
    strata_of,
)
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.vocabulary import TREATMENT


@dataclass(frozen=True)
class TrialCheck:
    """One check of one campaign; ``limit`` is the highest value that passes, and a value of None is not known."""

    campaign_id: str
    check: str
    value: float | None
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the value is within the limit, or not known; what cannot be computed does not pass."""
        return self.value is None or self.value <= self.limit

    @property
    def sentence(self) -> str:
        """What was found, in words.

        >>> TrialCheck("K1", "contamination", 0.25, 0.01).sentence
        'contamination is 0.25, at most 0.01'
        """
        if self.value is None:
            return f"{self.check} is not known, as no contact of the window was delivered"
        return f"{self.check} is {self.value:.3g}, at most {self.limit:.3g}"


def trial_checks(campaign_id: str, cells: pd.DataFrame, control: str, params: MeasureParams) -> list[TrialCheck]:
    """Whether the arms of one campaign are as chance made them, a check each.

    ================ ==========================================================================================
    sample_ratio     χ² of the arms' sizes against the shares that they were drawn with
    balance          difference of the money before the campaign, in standard deviations of one customer's
    activity_balance the same of whether there was any
    contamination    share of the controls whom a message about the product reached all the same; not known where
                     none of the window is delivered
    ================ ==========================================================================================

    A difference passes up to ``balance_limit``, and where the arms are small up to what chance alone exceeds as
    seldom as ``sample_ratio_p``.

    Args:
        cells: the campaign's, as ``statistics.collect_statistics`` returns them.
        control: ``control``, or ``holdout`` for the programme.
    """
    pairs: dict[str, tuple[float | None, float]] = {
        "sample_ratio": _sample_ratio(cells, control, params),
        "balance": _balance(cells, BASELINE, control, params),
        "activity_balance": _balance(cells, ACTIVE, control, params),
        "contamination": _contamination(cells, control, params),
    }
    return [TrialCheck(campaign_id, name, value, limit) for name, (value, limit) in pairs.items()]


def _sample_ratio(cells: pd.DataFrame, control: str, params: MeasureParams) -> tuple[float, float]:
    compared = cells[cells["arm"].isin([TREATMENT, control])]
    is_control = compared["arm"] == control
    units = compared["units"].groupby([compared["control_share"], is_control]).sum().unstack(fill_value=0.0)
    observed = units.reindex(columns=[False, True], fill_value=0.0).to_numpy(np.float64)
    shares = units.index.to_numpy(np.float64)
    expected = observed.sum(axis=1, keepdims=True) * np.stack([1 - shares, shares], axis=1)
    groups = len(shares)  # each group's size is given, so each has one degree of freedom
    statistic = stats.chisquare(observed.ravel(), expected.ravel(), ddof=groups - 1).statistic if groups else np.nan
    return float(statistic), float(stats.chi2.isf(params.sample_ratio_p, max(groups, 1)))


def _balance(cells: pd.DataFrame, measure: str, control: str, params: MeasureParams) -> tuple[float, float]:
    strata = strata_of(cells, measure, control, params.smallest_stratum)
    found, spread = estimate(strata, WELCH, params.level), _standard_deviation(strata)
    if not found.treated or spread == 0:
        return 0.0, params.balance_limit  # nobody to compare, or all alike: no difference to be seen
    by_chance = stats.norm.isf(params.sample_ratio_p / 2) * np.sqrt((1 / effective_sizes(strata.units)).sum())
    return abs(found.incremental) / found.treated / spread, max(params.balance_limit, float(by_chance))


def _standard_deviation(strata: Strata) -> float:
    """Of one customer's y, within arms and strata; 0 without customers."""
    arms = strata.sums.sum(axis=2)
    squares = arms[..., YY] - arms[..., Y] ** 2 / np.maximum(arms[..., N], 1)
    return float(np.sqrt(max(squares.sum(), 0.0) / max(arms[..., N].sum(), 1)))


def _contamination(cells: pd.DataFrame, control: str, params: MeasureParams) -> tuple[float | None, float]:
    if not cells["contacted"].any():
        return None, params.contamination_limit  # nobody was written to, as far as it was delivered
    kept_back = cells.loc[cells["arm"] == control, ["units", "contacted"]].sum()
    share = kept_back["contacted"] / kept_back["units"] if kept_back["units"] else np.nan
    return float(share), params.contamination_limit
