"""Figures and intervals from sums: against scipy and statsmodels on the rows themselves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from finrec_spark.campaigns.measurement.estimates import (
    CUPED,
    METHODS,
    SHARED,
    TAKERS,
    WELCH,
    YUAN,
    estimate,
    strata_of,
)


def rows_of(n=400, seed=1, strata=("a",), shares=(0.3,)):
    """Customers with money before (x) and in the window (y), arms drawn with each stratum's share."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, len(strata), n)
    x = np.round(rng.exponential(100, n), 2)
    taken = rng.random(n) < 0.3
    return pd.DataFrame(
        {
            "stratum": np.array(strata)[stratum],
            "exploration": False,
            "control_share": np.array(shares)[stratum],
            "arm": np.where(rng.random(n) < np.array(shares)[stratum], "control", "treatment"),
            "taken": taken,
            "y": np.where(taken, np.round(x + rng.exponential(500, n), 2), 0.0),
            "x": x,
        }
    )


def cells_of(rows):
    y, x = rows.y, rows.x
    sums = {"units": 1.0, "yuan": y, "yuan_squares": y * y, "baseline": x, "baseline_squares": x * x}
    keys = ["stratum", "exploration", "control_share", "arm", "taken"]
    sums["yuan_baseline"] = y * x
    return rows.assign(**sums).groupby(keys)[list(sums)].sum().reset_index()


def found_of(rows, method=WELCH, measure=YUAN, smallest=2, level=0.95):
    return estimate(strata_of(cells_of(rows), measure, "control", smallest), method, level)


def arms_of(rows, column="y"):
    return (rows.loc[rows.arm == arm, column].to_numpy(float) for arm in ("treatment", "control"))


@pytest.mark.parametrize(("measure", "column"), [(YUAN, "y"), (TAKERS, "taken")])
def test_one_stratum_by_welch_is_scipys_and_statsmodels_test(measure, column):
    rows = rows_of()
    treated, control = arms_of(rows, column)
    found = found_of(rows, measure=measure)
    wanted = stats.ttest_ind(treated, control, equal_var=False)
    ends = CompareMeans(DescrStatsW(treated), DescrStatsW(control)).tconfint_diff(0.05, usevar="unequal")
    assert found.p_value == pytest.approx(wanted.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(len(treated) * np.array(ends)))
    assert found.incremental == pytest.approx(len(treated) * (treated.mean() - control.mean()))
    assert (found.treated, found.control) == (len(treated), len(control))
    assert found.treated_takers == rows[(rows.arm == "treatment") & rows.taken].shape[0]


def test_cuped_is_welch_on_what_the_money_before_does_not_explain():
    rows = rows_of()
    within = rows.groupby("arm")[["x", "y"]].transform(lambda values: values - values.mean())
    theta = (within.x * within.y).sum() / (within.x**2).sum()
    adjusted = rows.assign(y=rows.y - theta * (rows.x - rows.x.mean()))
    treated, control = arms_of(adjusted)
    found = found_of(rows, CUPED)
    assert found.p_value == pytest.approx(stats.ttest_ind(treated, control, equal_var=False).pvalue)
    assert found.incremental == pytest.approx(len(treated) * (treated.mean() - control.mean()))
    assert found.treated_mean == pytest.approx(rows[rows.arm == "treatment"].y.mean())


def test_cuped_narrows_the_interval_where_the_money_before_tells_something():
    rows = rows_of()
    telling = rows.assign(y=rows.x * 5 + rows.y / 100)
    widths = [found.high - found.low for found in (found_of(telling, method) for method in (WELCH, CUPED))]
    assert widths[1] < widths[0] / 5


def test_the_shared_spread_mixes_both_arms_squares_by_the_arms_own_takers():
    rows = rows_of().assign(x=1.0)  # nothing to explain: e = y
    took = rows[rows.taken]
    mean = took.groupby("arm").y.mean()
    relative = (took.y / took.arm.map(mean)) ** 2
    taker_square = (took.y**2).mean(), relative.mean()
    variance = 0.0
    for arm in ("treatment", "control"):
        own = rows[rows.arm == arm]
        square = (taker_square[0] + taker_square[1] * mean[arm] ** 2) / 2
        spread = (own.taken.mean() * square - own.y.mean() ** 2) * len(own) / (len(own) - 1)
        treated = (rows.arm == "treatment").sum()
        variance += treated**2 * spread / len(own)
    found = found_of(rows, SHARED)
    reach = (found.high - found.low) / 2 / np.sqrt(variance)
    assert stats.norm.ppf(0.975) < reach < stats.norm.ppf(0.975) * 1.02
    assert found.incremental == pytest.approx(found_of(rows).incremental)


def test_strata_with_other_shares_of_controls_do_not_mix():
    """Rich customers are mostly controls: their mean is far above the treated's, and contact still did nothing."""
    rng = np.random.default_rng(3)
    rows = rows_of(20000, 3, ("poor", "rich"), (0.1, 0.9))
    rows = rows.assign(y=rng.normal(np.where(rows.stratum == "rich", 1000.0, 10.0)), taken=True)
    found = found_of(rows)
    assert found.low < 0 < found.high
    assert abs(found.treated_mean - found.control_mean) < 1


def test_the_total_is_the_sum_of_the_strata():
    rows = rows_of(2000, 4, ("a", "b"), (0.2, 0.5))
    apart = [found_of(own) for _, own in rows.groupby("stratum")]
    assert found_of(rows).incremental == pytest.approx(sum(found.incremental for found in apart))


def test_small_strata_of_one_share_are_joined_and_nobody_is_left_out():
    names = tuple("abcdefghij")
    rows = rows_of(60, 5, names, (0.5,) * 10)
    found = found_of(rows, smallest=30)
    together = found_of(rows.assign(stratum="all"))
    assert found == together
    assert found.left_out == 0


def test_treated_without_anybody_to_compare_with_are_counted_and_in_no_figure():
    rows = rows_of(400, 6, ("a", "b"), (0.3, 0.01))
    lonely = rows[(rows.stratum == "a") | (rows.arm == "treatment")]
    found = found_of(lonely)
    assert found.left_out == (lonely.stratum == "b").sum()
    assert found.incremental == pytest.approx(found_of(lonely[lonely.stratum == "a"]).incremental)


@pytest.mark.parametrize("method", METHODS)
def test_without_controls_there_is_no_figure(method):
    rows = rows_of(50).assign(arm="treatment")
    found = found_of(rows, method)
    assert (found.treated, found.left_out) == (0, 50)
    assert np.isnan([found.incremental, found.low, found.p_value]).all()


@pytest.mark.parametrize("method", METHODS)
def test_where_nobody_took_anything_there_is_a_zero_without_an_interval(method):
    found = found_of(rows_of().assign(y=0.0, taken=False), method)
    assert found.incremental == 0
    assert np.isnan([found.low, found.high, found.p_value]).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(METHODS), st.floats(0.01, 1000), st.integers(1, 3))
def test_another_unit_of_money_changes_no_p_value_and_the_order_of_rows_nothing(seed, method, unit, count):
    rows = rows_of(300, seed, tuple("abc"[:count]), (0.2, 0.4, 0.6)[:count])
    found = found_of(rows, method)
    other = found_of(rows.assign(y=rows.y * unit).sample(frac=1, random_state=seed), method)
    assert other.p_value == pytest.approx(found.p_value, rel=1e-6)
    assert other.incremental == pytest.approx(found.incremental * unit, rel=1e-6, abs=1e-6 * unit)
    assert other.low < other.incremental < other.high
