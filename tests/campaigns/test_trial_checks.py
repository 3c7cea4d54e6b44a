"""Sample ratio, balance and contamination: what chance does passes, what was done to the arms does not."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.measurement.trial_checks import trial_checks

PARAMS = MeasureParams()


def cells_of(treated, control, share=0.1, mean=(100.0, 100.0), contacted=0, stratum="a"):
    """Cells of one stratum whose arms had these sizes and means before the campaign, with a deviation of 50."""
    rows = [("treatment", treated, mean[0], treated), ("control", control, mean[1], contacted)]
    return pd.DataFrame(
        [
            {
                "stratum": stratum, "exploration": False, "control_share": share, "arm": arm, "taken": False,
                "units": float(n), "contacted": float(reached), "active": n / 2,
                "baseline": n * average, "baseline_squares": n * (average**2 + 50**2),
            }
            for arm, n, average, reached in rows
        ]
    )  # fmt: skip


def failed(cells):
    return [check.check for check in trial_checks("K1", cells, "control", PARAMS) if not check.passed]


def test_arms_as_they_were_drawn_pass():
    assert failed(cells_of(9000, 1000)) == []


@pytest.mark.parametrize(("treated", "control", "wanted"), [(9000, 880, ["sample_ratio"]), (9000, 980, [])])
def test_lost_controls_are_seen_once_chance_does_not_explain_them(treated, control, wanted):
    assert failed(cells_of(treated, control)) == wanted


def test_the_sample_ratio_is_scipys_chi_square_over_the_groups_of_one_share():
    cells = pd.concat([cells_of(9000, 950), cells_of(480, 520, 0.5, stratum="b"), cells_of(900, 90, stratum="c")])
    found = trial_checks("K1", cells, "control", PARAMS)[0]
    expected = [9 * 10940 / 10, 10940 / 10, 500, 500]
    assert found.value == pytest.approx(stats.chisquare([9900, 1040, 480, 520], expected, ddof=1).statistic)
    assert found.limit == pytest.approx(stats.chi2.isf(0.001, 2))


def test_arms_that_differed_before_are_seen():
    assert failed(cells_of(9000, 1000, mean=(100.0, 110.0))) == ["balance"]


def test_a_difference_of_two_small_arms_that_chance_explains_passes():
    assert failed(cells_of(90, 10, mean=(100.0, 110.0))) == []


def test_controls_that_were_contacted_are_counted():
    assert failed(cells_of(9000, 1000, contacted=10)) == []
    assert failed(cells_of(9000, 1000, contacted=11)) == ["contamination"]


def test_where_no_contact_was_delivered_nobody_knows_whether_controls_were_contacted():
    checks = trial_checks("K1", cells_of(9000, 1000).assign(contacted=0.0), "control", PARAMS)
    assert [check.check for check in checks if check.value is None] == ["contamination"]
    assert all(check.passed for check in checks)
    assert "not known" in checks[-1].sentence


def test_an_arm_that_is_missing_passes_nothing_silently():
    assert failed(cells_of(9000, 1000).iloc[:1]) == ["sample_ratio", "contamination"]


def test_strata_with_other_shares_are_balanced_each_for_itself():
    """The rich are mostly controls, so the arms' plain means differ, as they should."""
    poor = cells_of(9000, 1000)
    rich = cells_of(1000, 9000, share=0.9, mean=(500.0, 500.0), stratum="rich")
    assert failed(pd.concat([poor, rich])) == []


def test_checks_of_arms_by_chance_seldom_fail():
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(200):
        control = rng.binomial(2000, 0.1)
        before = 100 + 50 * rng.normal(size=2) / np.sqrt([2000 - control, control])
        alarms += bool(failed(cells_of(2000 - control, control, mean=tuple(before))))
    assert alarms <= 2
