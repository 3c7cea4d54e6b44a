import numpy as np
import pandas as pd
import pytest

from finrec_spark.errors import ModelNotFound
from finrec_spark.models.calibration import POINTS, Curve, calibrated, collect_curve, fit_calibration, thinned
from finrec_spark.tables import CALIBRATION

SCORED = "score double, label double, weight double"


@pytest.mark.parametrize("method", ["isotonic", "sigmoid"])
def test_a_score_that_promises_twice_too_much_is_halved(twice_too_much, method):
    curve = collect_curve(fit_calibration(twice_too_much, method))
    assert calibrated(curve, np.array([0.2, 0.5, 0.8])) == pytest.approx([0.1, 0.25, 0.4], abs=0.06)


def test_the_isotonic_curve_never_falls(twice_too_much):
    curve = collect_curve(fit_calibration(twice_too_much, "isotonic"))
    assert (np.diff(curve.score) >= 0).all()
    assert (np.diff(curve.probability) >= 0).all()


def test_a_row_of_weight_3_counts_as_three(spark):
    rows = [(0.5, 1.0, 3.0), (0.5, 0.0, 1.0)]
    curve = collect_curve(fit_calibration(spark.createDataFrame(rows, SCORED), "isotonic"))
    assert calibrated(curve, np.array([0.5])) == pytest.approx([0.75])


def test_partitioning_changes_nothing(twice_too_much):
    once = collect_curve(fit_calibration(twice_too_much, "isotonic"))
    again = collect_curve(fit_calibration(twice_too_much.repartition(7), "isotonic"))
    assert again.probability == pytest.approx(once.probability, abs=1e-12)


def test_a_long_curve_keeps_its_ends():
    line = np.linspace(0, 1, 5 * POINTS)
    short = thinned(Curve(line, line**2))
    assert len(short.score) <= POINTS
    assert (short.score[0], short.score[-1]) == (0.0, 1.0)


def test_the_points_are_those_of_the_declared_table(twice_too_much):
    points = fit_calibration(twice_too_much, "isotonic")
    assert points.columns == [name for name in CALIBRATION.column_names if name not in ("month", "model")]


def test_no_curve_is_refused(spark):
    with pytest.raises(ModelNotFound, match="no curve"):
        collect_curve(spark.createDataFrame([], CALIBRATION.ddl))


@pytest.fixture(scope="module")
def twice_too_much(spark):
    """3,000 rows whose outcome is half as likely as the score says."""
    rng = np.random.default_rng(11)
    score = rng.random(3000).round(3)
    label = (rng.random(3000) < score / 2).astype(float)
    return spark.createDataFrame(pd.DataFrame({"score": score, "label": label, "weight": 1.0}), SCORED)
