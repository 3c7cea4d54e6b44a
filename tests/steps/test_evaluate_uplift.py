"""Uplift on a file of randomised contacts and on a small bank's own campaigns, from the lake to the lake."""

import argparse
import gzip
from types import SimpleNamespace

import numpy as np
import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.evaluation.figures import metric_rows
from finrec_spark.evaluation.report.screen import uplift_table
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.runner import run_step
from finrec_spark.steps.delivered_contacts import NO_MONTH
from finrec_spark.steps.evaluate_response import response_options
from finrec_spark.steps.evaluate_uplift import (
    FILE_STEP,
    STEP,
    month_of_trials,
    step_of,
    uplift_options,
    uplift_values,
)
from finrec_spark.tables import METRICS

QUICK = {"trees": 5, "depth": 4, "minimum_rows": 50, "features_per_split": "all"}
FILE = {
    "uplift": {"least": 100, "least_taken": 20, "outcomes": QUICK, "effect": QUICK},
    "trials": {"treatment": "offer", "outcome": "spend", "drop": ["visit"], "folds": 2},
}
LEARNERS = ("two_models", "transformed_outcome", "dr")


@pytest.mark.slow
def test_every_forest_finds_whom_contact_moves(figures):
    """One customer of three is moved, by .4 · 10 yuan: the best 30 % bring 1.2 a customer, as many by chance .4.

    Ranked by the true effect, these very trials have a Qini of .158.
    """
    assert all(figures[model, "qini"].value > 0.1 for model in LEARNERS)
    assert all(figures[model, "gain_over_random"].low > 0 for model in LEARNERS)
    assert all(figures[model, "gain_over_random"].value == pytest.approx(0.8, abs=0.35) for model in LEARNERS)


@pytest.mark.slow
def test_pooling_is_chance_and_ranking_by_response_is_worse_than_uplift(figures):
    assert figures["pooled", "gain_over_random"].value == pytest.approx(0.0, abs=1e-12)
    assert figures["response", "qini"].value < figures["dr", "qini"].value


@pytest.mark.slow
def test_the_relative_learner_is_measured_too_and_loses_where_contact_moves_others_than_those_who_buy_anyway(figures):
    assert figures["relative", "qini"].value < figures["dr", "qini"].value


@pytest.mark.slow
def test_the_references_are_there_and_the_intervals_hold_their_values(figures):
    values = {model: figures[model, "policy_value"] for model in ("nobody", "random", "everyone", "dr")}
    assert values["nobody"].value < values["random"].value < values["everyone"].value
    assert all(row.low < row.value < row.high for row in values.values())


@pytest.mark.slow
def test_the_table_begins_with_the_best_policy_and_ends_with_the_references(figures):
    table = uplift_table(list(figures.values()))
    assert [column.header for column in table.columns][:3] == ["model", "over random", "Qini"]
    models = [str(cell) for cell in table.columns[0].cells]
    assert models[0] in LEARNERS and set(models[-3:]) == {"random", "everyone", "nobody"}


def test_the_options_are_laid_over_the_configuration(options):
    given = options(
        "--treatment", "segment", "--control", "No E-Mail", "--outcome", "visit", "--drop", "spend, conversion"
    )
    assert uplift_values(given) == {
        "trials": {"treatment": "segment", "control": "No E-Mail", "outcome": "visit", "drop": ["spend", "conversion"]}
    }
    assert uplift_values(options()) == {}


def test_a_file_needs_treatment_and_outcome_and_they_need_a_file(options, started):
    with pytest.raises(ConfigError, match="needs --treatment COLUMN"):
        month_of_trials(started({"treatment": "segment"}, "file.csv"), options())
    with pytest.raises(ConfigError, match="name it with --input"):
        month_of_trials(started({"treatment": "segment"}, None), options())


def test_without_a_file_the_banks_own_campaigns_are_measured(started):
    assert step_of(started({}, None)) is STEP
    assert step_of(started({}, "file.csv")) is FILE_STEP


@pytest.fixture(scope="module")
def figures(context, tmp_path_factory):
    """6,000 customers; either of two offers moves the youngest third by .4; the oldest buy anyway. All spend 10."""
    rng = np.random.default_rng(6)
    age, offer = rng.integers(18, 78, 6000), rng.choice(["control", "men", "women"], 6000)
    likely = np.where(age < 38, 0.1 + 0.4 * (offer != "control"), np.where(age < 58, 0.1, 0.7))
    takes = rng.random(6000) < likely
    lines = [f"{a},{o},{int(t)},{10 * t}" for a, o, t in zip(age, offer, takes, strict=True)]
    path = tmp_path_factory.mktemp("trial") / "trial.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["age,offer,visit,spend", *lines]).encode()))
    started = context(tmp_path_factory.mktemp("lake"), input_dir=path, **FILE)
    run_step(FILE_STEP, started, NO_MONTH)
    rows = metric_rows(row.asDict() for row in started.lake.read(METRICS).where("protocol = 'uplift'").collect())
    return {(row.model, row.metric): row for row in rows}


@pytest.fixture
def started():
    def build(trials, input_dir):
        return SimpleNamespace(config=Config.model_validate({"trials": trials}), input_dir=input_dir, spark=None)

    return build


@pytest.fixture
def options():
    parser = argparse.ArgumentParser()
    response_options(parser)
    uplift_options(parser)
    return lambda *words: parser.parse_args(words)
