"""Arms' sizes and past outcomes → what a campaign will be able to see, to be read before it is launched."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from statsmodels.stats.power import tt_ind_solve_power

from finrec_spark.campaigns.measurement.estimates import TAKERS, YUAN, effective_sizes
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.vocabulary import CONTROL, TREATMENT

_PAIR = 2  # a variance needs two


@dataclass(frozen=True)
class Power:
    """What one campaign can see of one measure.

    Attributes:
        past_mean: of one customer over as many days before the campaign.
        detectable: smallest true effect on one treated customer that is seen with the power of the parameters;
            nan where an arm is too small or nothing ever varied.
        needed: customers in both arms, in the same proportion, that would show an effect of a tenth of the past mean.
    """

    campaign_id: str
    measure: str
    treated: int
    control: int
    past_mean: float
    detectable: float
    needed: float

    @property
    def sentence(self) -> str:
        """The same in words, for the launch."""
        arms = f"campaign {self.campaign_id}: {self.treated:,} treated, {self.control:,} controls"
        if np.isnan(self.detectable):
            return f"{arms}: no effect on {self.measure} could be seen: an arm is too small, or nothing ever varied"
        total = self.detectable * self.treated
        return (
            f"{arms}: the smallest effect that would be seen is {self.detectable:,.4g} {self.measure} a customer, "
            f"{total:,.0f} in all (the past had {self.past_mean:,.4g} a customer; to see a tenth of that takes "
            f"{self.needed:,.0f} customers)"
        )


def collect_launch_power(targets: DataFrame, past: DataFrame, params: MeasureParams) -> list[Power]:
    """What each campaign can see of yuan and of takers: two figures a campaign, in the order of their IDs.

    Args:
        targets: as ``arms.with_arms`` returns them.
        past: the same targets' outcomes in a window before the month (``outcomes.campaign_outcomes`` with an earlier
            ``start``).
    """
    arms = [F.count_if(F.col("arm") == arm).alias(arm) for arm in (TREATMENT, CONTROL)]
    sizes: pd.DataFrame = (
        targets.groupBy("campaign_id", "stratum", "exploration", "control_share").agg(*arms).toPandas()
    )
    spread: pd.DataFrame = past.groupBy("campaign_id").agg(*_moments_of("yuan"), *_moments_of("taken")).toPandas()
    of_campaign = spread.set_index("campaign_id").to_dict("index")
    return [
        launch_power(
            str(campaign),
            measure,
            own,
            of_campaign[campaign][f"{column}_mean"],
            of_campaign[campaign][f"{column}_deviation"],
            params,
        )
        for campaign, own in sizes.groupby("campaign_id", sort=True)
        for measure, column in ((YUAN, "yuan"), (TAKERS, "taken"))
    ]


def launch_power(
    campaign_id: str, measure: str, sizes: pd.DataFrame, mean: float, deviation: float, params: MeasureParams
) -> Power:
    """What one campaign can see of one measure.

    Strata weigh by their treated, as in ``estimates``, and are supposed to have the same deviation.

    Args:
        sizes: ``treatment`` and ``control``: how many there are in each stratum.
        mean: of one customer in the past.
        deviation: standard deviation of it.
    """
    arms = sizes[[TREATMENT, CONTROL]].to_numpy(np.float64)
    treated, control = (int(count) for count in arms.sum(axis=0))
    nobs1, other = effective_sizes(arms)
    if min(nobs1, other) < _PAIR or not deviation > 0:
        return Power(campaign_id, measure, treated, control, mean, np.nan, np.nan)
    design = {"alpha": 1 - params.level, "power": params.power, "ratio": other / nobs1}
    detectable = tt_ind_solve_power(nobs1=nobs1, **design) * deviation
    tenth = 0.1 * mean / deviation
    needed = tt_ind_solve_power(effect_size=tenth, **design) / nobs1 * (treated + control) if mean > 0 else np.nan
    return Power(campaign_id, measure, treated, control, mean, float(detectable), float(needed))


def _moments_of(column: str) -> list[Column]:
    value = F.col(column).cast("double")
    return [F.avg(value).alias(f"{column}_mean"), F.stddev_samp(value).alias(f"{column}_deviation")]
