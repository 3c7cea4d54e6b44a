"""The protocol on a small delivery of its own, and its plain signals against the reference on the real one."""

import csv
from datetime import date
from pathlib import Path

import pytest

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.backtest.dates import as_day
from finrec_spark.evaluation.backtest.scoring import MODELS
from finrec_spark.pipeline.runner import run_step
from finrec_spark.steps import evaluate_far_trans as far_trans
from finrec_spark.steps.backtest_inputs import SharedInputs, read_purchases
from finrec_spark.tables import METRICS
from tests.steps.far_trans_delivery import ORIGINS, SMALL

REAL = Path(__file__).parents[3] / "shared" / "data" / "far_trans"


def figures(context):
    """Everything measured, by date, model, metric and segment."""
    return {
        (row["origin"], row["model"], row["metric"], row["segment"]): row["value"]
        for row in context.lake.collect(METRICS, protocol=far_trans.PROTOCOL)
    }


@pytest.fixture(scope="module")
def measured(context, delivery, tmp_path_factory):
    """The last date measured by one job, the others by the next: (context, rows for the screen)."""
    run = context(tmp_path_factory.mktemp("lake"), input_dir=delivery, **SMALL)
    far_trans.run_backtest(run, ORIGINS[2:])
    return run, far_trans.run_backtest(run, ORIGINS)


def test_every_model_is_measured_at_every_date_for_old_new_and_all_customers(measured):
    found = figures(measured[0])
    wanted = {(o, m, "ndcg", s) for o in ORIGINS for m in MODELS for s in ("all", "in_train")}
    assert wanted | {(ORIGINS[0], m, "ndcg", "new") for m in MODELS} <= found.keys()
    assert all(0 <= value <= 1 for value in found.values())


def test_dates_that_were_measured_are_not_measured_again(measured, caplog):
    caplog.set_level("INFO", logger="finrec_spark")
    far_trans.run_backtest(measured[0], ORIGINS)
    lines = [record.getMessage() for record in caplog.records if "dates are left" in record.getMessage()]
    assert [line.split(": ")[1] for line in lines] == [f"up to date; {left} of 3 dates are left" for left in (2, 1, 0)]


def test_a_fresh_lake_has_the_same_figures_whatever_the_order_of_the_dates(measured, context, delivery, tmp_path):
    before = figures(measured[0])
    other = context(tmp_path, input_dir=delivery, **SMALL)
    far_trans.run_backtest(other, ORIGINS)
    assert figures(other) == before


def test_figures_over_the_dates_are_the_means_of_the_dates(measured):
    run, told = measured
    by_date = [figures(run)[origin, "walk", "ndcg", "in_train"] for origin in ORIGINS]
    over = next(row for row in told if (row.model, row.metric, row.segment) == ("walk", "ndcg", "in_train"))
    assert over.value == pytest.approx(sum(by_date) / 3)


def test_another_configuration_is_told_the_figures_that_stand(measured, context, delivery):
    run, told = measured
    other = context(run.lake.root, input_dir=delivery, **SMALL, recommend={"n": 5})
    assert other.run_id(ORIGINS[-1]) != run.run_id(ORIGINS[-1])
    assert far_trans.run_backtest(other, ORIGINS) == told


def test_n_dates_are_spread_over_all_of_them(measured):
    assert far_trans.chosen_origins(measured[0], 1) == ORIGINS[2:]
    assert far_trans.chosen_origins(measured[0], None) == ORIGINS


def test_without_the_backtest_files_the_line_names_them(context, tmp_path):
    (tmp_path / "delivery").mkdir()
    with pytest.raises(InputMissing, match="backtest_splits"):
        far_trans.chosen_origins(context(tmp_path / "lake", input_dir=tmp_path / "delivery"), None)


REFERENCE = {
    "popularity": "popularity",
    "popularity_60_days": "popularity_60_days",
    "cosine": "cosine",
    "ease_500": "ease",
    "random_walk": "walk",
}


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not there: the FAR-Trans data lie beside the project")
def test_plain_signals_equal_the_reference(context, tmp_path):
    """On the first, a middle and the last date, for customers with an earlier purchase and for all of them."""
    over = {"signals": {"ease_ridge": 500.0}, "checked_dates": 0}
    run = context(tmp_path, input_dir=REAL, backtest=over)
    shared = SharedInputs(run, read_purchases)
    for split in (0, 34, 68):
        origin = far_trans.collect_origins(run)[split]
        run_step(far_trans.date_step(shared), run, origin)
        for segment, expected in reference(split).items():
            found = {signal: figures(run)[origin, model, "ndcg", segment] for signal, model in REFERENCE.items()}
            assert found == pytest.approx(expected, abs=0.002)
    shared.release()


def reference(split):
    """Segment → signal → nDCG@10 of one date."""
    with (REAL / "reference_signals.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == str(split)]
    columns = {"in_train": "ndcg10_in_train", "all": "ndcg10_all"}
    return {segment: {row["signal"]: float(row[column]) for row in rows} for segment, column in columns.items()}


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not there: the FAR-Trans data lie beside the project")
def test_what_is_known_at_each_date_are_the_training_pairs_of_the_protocol(context, tmp_path):
    run = context(tmp_path, input_dir=REAL)
    inputs = read_purchases(run)
    with (REAL / "backtest_splits.csv").open() as file:
        wanted = {
            as_day(date.fromisoformat(row["time_point"])): int(row["train_pairs"]) for row in csv.DictReader(file)
        }
    assert {day: int(inputs.state.sums.buys("first_buys", day)[2].sum()) for day in wanted} == wanted
    inputs.release()
