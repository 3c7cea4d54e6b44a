"""The benchmark's promise, on its own seed: intervals that cover the truth, and few false alarms."""

import numpy as np
import pytest

from benchmarks.measured_campaigns import scores, simulated_campaign, simulated_campaigns
from finrec_spark.campaigns.measurement.params import MeasureParams


def test_of_200_campaigns_the_interval_covers_the_truth_in_92_to_98_per_cent_and_nothing_is_seldom_something():
    effective, idle = simulated_campaigns(17, 200, 40_000)
    found = scores(effective, idle, MeasureParams())
    believed, plain = found["welch_cuped_shared"], found["welch"]
    assert 0.92 <= believed.covered <= 0.98
    assert believed.false_alarms <= 0.07
    assert abs(believed.too_high - believed.too_low) < plain.too_high - plain.too_low


@pytest.mark.parametrize("lift", [0.0, 0.5])
def test_the_simulated_truth_is_that_of_the_lift(lift):
    truths = [simulated_campaign(seed, 40_000, lift).truth for seed in range(20)]
    would = [simulated_campaign(seed, 40_000, 0.0).cells for seed in range(20)]
    yuan = [cells.yuan[cells.arm == "treatment"].sum() for cells in would]
    assert np.mean(truths) == pytest.approx(lift * np.mean(yuan), rel=0.15)
