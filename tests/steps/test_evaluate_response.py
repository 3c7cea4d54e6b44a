"""A small bank's own contacts: the model is trained, and measured as it would have been deployed."""

import gzip
import logging
from datetime import date

import pytest

from finrec_spark.months import months_before
from finrec_spark.pipeline.runner import run_step
from finrec_spark.steps.delivered_contacts import NO_MONTH
from finrec_spark.steps.evaluate_response import FILE_STEP, STEP
from finrec_spark.tables import CALIBRATION, METRICS, NAIVE_BAYES, TREES
from jobs import build_matrix, build_profile, generate, ingest, train_response

pytestmark = pytest.mark.slow
JUNE = date(2022, 6, 1)
QUICK = {"trees": 5, "depth": 4, "minimum_rows": 5, "features_per_split": "all"}
DAYS = [months_before(JUNE, n) for n in range(12)]
SMALL = {
    "generator": {"customers": 400, "products": 60, "months": 8, "campaign_every_months": 2, "campaign_share": 1.0},
    "acceptance": {"forest": QUICK, "least": 5},
    "response": {"folds": 3, "reference_trees": 5, "label": None},
}


def test_train_response_writes_a_model_that_probabilities_come_from(trained):
    for table in (TREES, CALIBRATION, NAIVE_BAYES):
        assert not trained.lake.read(table, month=JUNE).where("model = 'response'").isEmpty()


def test_every_model_is_measured_on_the_banks_own_contacts(measured):
    rows = measured.lake.read(METRICS).where("protocol = 'response'")
    assert {(row.model, row.metric) for row in rows.collect()} == {
        (model, metric)
        for model in ("random_forest", "decision_tree", "naive_bayes", "random_forest_sklearn", "base_rate")
        for metric in ("auc", "calibration_error", "brier", "lift")
    }


def test_contacts_without_an_early_profile_are_named_with_the_job_to_run(measured, said):
    assert "have no profile from before them and are not predicted; run build_matrix and build_profile" in said


def test_a_file_with_times_is_measured_in_time(context, tmp_path):
    lines = [f"{day:%Y-%m-%d},{n % 7},{'yes' if n % 7 > 3 else 'no'}" for day in DAYS for n in range(40)]
    path = tmp_path / "contacts.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["sent,n,y", *lines]).encode()))
    response = {**SMALL["response"], "label": "y", "time": "sent"}
    started = context(tmp_path / "lake", input_dir=path, **{**SMALL, "response": response})
    run_step(FILE_STEP, started, NO_MONTH)
    found = {row.model: row.value for row in started.lake.read(METRICS).where("metric = 'auc'").collect()}
    assert found["base_rate"] == 0.5
    assert found["random_forest"] > 0.9


@pytest.fixture(scope="module")
def trained(context, tmp_path_factory):
    """A lake with profiles of April and June, campaigns in December, February and April, and a model."""
    started = context(tmp_path_factory.mktemp("lake"), **SMALL)
    run_step(generate.STEP, started, JUNE)
    run_step(ingest.STEP, started, JUNE)
    for month in (date(2022, 4, 1), JUNE):
        run_step(build_matrix.STEP, started, month)
        run_step(build_profile.STEP, started, month)
    run_step(train_response.STEP, started, JUNE)
    return started


@pytest.fixture(scope="module")
def log_lines():
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = logging.getLogger("finrec_spark")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture(scope="module")
def measured(trained, log_lines):
    run_step(STEP, trained, JUNE)
    return trained


@pytest.fixture
def said(log_lines):
    return "\n".join(log_lines)
