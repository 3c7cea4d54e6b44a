"""What a campaign will be able to see: against statsmodels, and against the test that follows."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.measurement.power import launch_power

PARAMS = MeasureParams()


def sizes(*strata):
    return pd.DataFrame(strata, columns=["treatment", "control"])


def test_strata_of_equal_shares_count_as_one():
    one = launch_power("K1", "yuan", sizes((9000, 1000)), 20.0, 500.0, PARAMS)
    many = launch_power("K1", "yuan", sizes((6000, 4000 // 6), (3000, 2000 // 6)), 20.0, 500.0, PARAMS)
    assert many.detectable == pytest.approx(one.detectable, rel=0.01)
    assert (one.treated, one.control) == (9000, 1000)


def test_the_detectable_effect_is_seen_with_the_power_and_the_needed_size_shows_a_tenth():
    found = launch_power("K1", "yuan", sizes((9000, 1000)), 20.0, 500.0, PARAMS)
    power = TTestIndPower().power(found.detectable / 500, 9000, 0.05, 1 / 9)
    assert power == pytest.approx(0.8, abs=1e-4)
    needed = TTestIndPower().power(0.1 * 20 / 500, 0.9 * found.needed, 0.05, 1 / 9)
    assert needed == pytest.approx(0.8, abs=1e-4)


def test_an_effect_of_that_size_is_found_as_often_as_promised():
    rng = np.random.default_rng(1)
    found = launch_power("K1", "yuan", sizes((900, 100)), 20.0, 5.0, PARAMS)
    tests = [
        stats.ttest_ind(rng.normal(found.detectable, 5, 900), rng.normal(0, 5, 100), equal_var=False).pvalue < 0.05
        for _ in range(1000)
    ]
    assert 0.76 < np.mean(tests) < 0.84


@pytest.mark.parametrize(
    ("arms", "deviation"), [((100, 0), 5.0), ((100, 1), 5.0), ((100, 10), 0.0), ((100, 10), np.nan)]
)
def test_where_nothing_can_be_seen_the_figure_is_missing(arms, deviation):
    assert np.isnan(launch_power("K1", "yuan", sizes(arms), 1.0, deviation, PARAMS).detectable)
