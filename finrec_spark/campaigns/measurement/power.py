"""Arms' sizes and past outcomes → what a campaign will be able to see, to be read before it is launched."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from statsmodels.stats.power import tt_ind_solve_power

from finrec_spark.campaigns.measurement.estimates import TAKERS, YUAN, effective_sizes
from finrec_spark.campaigns.measurement.outcomes import purchases
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.transforms.splits import between
from finrec_spark.vocabulary import CONTROL, TREATMENT

_PAIR = 2  # a variance needs two


@dataclass(frozen=True)
class Power:
    """What one campaign can see of one measure.

    Attributes:
        past_mean: of one customer over as many days before the campaign, of the products that are offered.
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
            f"{arms}: the smallest effect that would be seen is {_plain(self.detectable)} {self.measure} a customer, "
            f"{total:,.0f} in all (the past had {_plain(self.past_mean)} a customer; to see a tenth of that takes "
            f"{self.needed:,.0f} customers)"
        )


def _plain(figure: float) -> str:
    """Four digits of a figure below 1,000, all before the point of a larger one, and never an exponent.

    >>> _plain(11520.4), _plain(0.009779), _plain(9999.6), _plain(1371.3)
    ('11,520', '0.009779', '10,000', '1,371')
    """
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.4g}"


def product_outcomes(interactions: DataFrame, customers: int, start: date, params: MeasureParams) -> DataFrame:
    """One row: what one customer of the bank brought with one product in a window, on average.

    Targets themselves say nothing of it: whoever took the product before is not offered it.

    Args:
        interactions: silver interactions; read from ``start`` on, for the window's days.
        customers: how many customers the bank had.

    Returns:
        ``product_id``; ``taken`` (share of the customers), ``yuan`` and ``yuan_squares`` (means over all of them).
    """
    window = between(purchases(interactions, params), start, start + timedelta(days=params.window_days))
    brought = window.groupBy("product_id", "customer_id").agg(F.sum("amount").cast("double").alias("yuan"))
    means = (F.count("*"), F.sum("yuan"), F.sum(F.col("yuan") ** 2))
    names = ("taken", "yuan", "yuan_squares")
    columns = [(total / customers).alias(name) for name, total in zip(names, means, strict=True)]
    return brought.groupBy("product_id").agg(*columns)


def collect_launch_power(targets: DataFrame, outcomes: DataFrame, params: MeasureParams) -> list[Power]:
    """What each campaign can see of yuan and of takers: two figures a campaign, in the order of their IDs.

    Args:
        targets: as ``arms.with_arms`` returns them, with ``product_id``.
        outcomes: result of ``product_outcomes``.
    """
    arms = [F.count_if(F.col("arm") == arm).alias(arm) for arm in (TREATMENT, CONTROL)]
    means = [F.avg(F.coalesce(name, F.lit(0.0))).alias(name) for name in ("taken", "yuan", "yuan_squares")]
    known = targets.join(F.broadcast(outcomes), "product_id", "left")
    strata = known.groupBy("campaign_id", "stratum", "exploration", "control_share")
    sizes: pd.DataFrame = strata.agg(F.count("*").alias("targets"), *arms, *means).toPandas()
    campaigns = sizes.groupby("campaign_id", sort=True)
    return [power for campaign, own in campaigns for power in _both(str(campaign), own, params)]


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


def _both(campaign_id: str, strata: pd.DataFrame, params: MeasureParams) -> Iterator[Power]:
    """The power of one campaign: of yuan, then of takers."""
    names = ("taken", "yuan", "yuan_squares")
    taken, yuan, squares = (float(np.average(strata[name], weights=strata["targets"])) for name in names)
    yield launch_power(campaign_id, YUAN, strata, yuan, _deviation(yuan, squares), params)
    yield launch_power(campaign_id, TAKERS, strata, taken, _deviation(taken, taken), params)


def _deviation(mean: float, squares: float) -> float:
    """Standard deviation from the mean and the mean square."""
    return float(np.sqrt(max(squares - mean**2, 0.0)))
