"""The job tune on a finished lake: its figures are those of evaluate, no evaluated month is seen, a kill is no loss."""

import argparse
import contextlib
import io
import shutil
from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.models.popularity import PopularityParams
from finrec_spark.models.spec import MODEL_NAMES
from finrec_spark.steps import tuning
from finrec_spark.steps.tuning import storage_file, tunable, tuning_months
from finrec_spark.tables import ALL, INTERACTIONS, METRICS, RUNS

pytest.importorskip("optuna", reason="the tuning extra is not installed")
from jobs import tune as job

APRIL, MAY, JUNE, JULY = (date(2022, month, 1) for month in (4, 5, 6, 7))
MODELS = ["als", "pearson_user", "walk"]
OF_ALS = {"ratingBlocks", *(f"{side}{of}" for side in ("user", "item") for of in ("Factors", "InBlocks", "OutBlocks"))}
"""What MLlib itself persists in a fit without a final storage level, until Java collects the model."""

WALK = {"walk": {"neighbours": 1000}, "als": {"rank": 4, "iterations": 2}}


def asked(*models, month="2022-06", trials=2, until=None, storage=None, dry_run=False):
    return argparse.Namespace(
        models=models, month=month, trials=trials, months=1, until=until, seed=3, storage=storage, dry_run=dry_run
    )


@pytest.fixture(scope="module")
def copied(finished, context, tmp_path_factory):
    """A context on a copy of the finished lake."""

    def copy():
        root = tmp_path_factory.mktemp("tune") / "lake"
        shutil.copytree(finished.lake.root, root)
        return context(root, parameters=WALK)

    return copy


@pytest.fixture(scope="module")
def tuned(copied):
    """Three models tuned on May, as the month before what July's evaluation holds out; with what was printed."""
    run = copied()
    before = {table: run.lake.version(table) for table in model_tables()}
    kept_before = kept_in_spark(run)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        job.tune(run, asked(*MODELS, month="2022-07"))
    assert {table: run.lake.version(table) for table in model_tables()} == before
    left = [name for key, name in kept_in_spark(run).items() if key not in kept_before]
    return run, printed.getvalue(), [name for name in left if name.split("-")[0] not in OF_ALS]


def model_tables():
    return [table for table in ALL if table.name.startswith("model.")]


def kept_in_spark(run):
    """Number → name of everything that is persisted."""
    return {number: rdd.name() for number, rdd in run.spark.sparkContext._jsc.getPersistentRDDs().items()}


def figures(run, protocol, origin):
    of_lists = run.lake.read(METRICS, protocol=protocol).where("metric = 'ndcg' and k = 10")
    rows = of_lists.where(F.col("origin") == origin).collect()
    return {(row.model, row.segment): row.value for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("model", ["als", "pearson_user"])
def test_the_configured_parameters_measure_what_evaluate_measures_of_the_model(tuned, model):
    run, _, _ = tuned
    measured = figures(run, "tuning", MAY)[model, "trial 0"]
    assert measured == pytest.approx(figures(run, "last_month", MAY)[model, "all"], abs=1e-9)


@pytest.mark.slow
def test_every_trial_has_its_figures_and_nothing_of_ours_stays_in_spark(tuned):
    run, _, left = tuned
    assert set(figures(run, "tuning", MAY)) == {(model, f"trial {n}") for model in MODELS for n in range(2)}
    assert left == []


@pytest.mark.slow
def test_where_parameters_do_not_matter_no_difference_is_shown(tuned):
    run, printed, _ = tuned
    rows = run.lake.read(METRICS, protocol="tuning", model="walk").where("metric like '%gain%'").collect()
    assert {(row.value, row.low, row.high) for row in rows} == {(0.0, 0.0, 0.0)}  # 60 products have no 61 neighbours
    assert "no difference shown" in printed
    assert "walk: nothing tried is better than what is configured: keep it" in printed


@pytest.mark.slow
def test_the_same_command_again_measures_nothing_and_says_the_same(tuned, monkeypatch):
    run, printed, _ = tuned
    monkeypatch.setattr(tuning, "collect_figures", None)
    with contextlib.redirect_stdout(io.StringIO()) as again:
        job.tune(run, asked(*MODELS, month="2022-07"))
    assert again.getvalue() == printed


@pytest.mark.slow
def test_what_happened_in_the_evaluated_month_changes_no_bit_and_neither_does_a_kill(copied, monkeypatch, capsys):
    whole, other = copied(), copied()
    job.tune(whole, asked("popularity"))
    expected = capsys.readouterr().out

    interactions = other.lake.read(INTERACTIONS)
    changed = interactions.where(F.col("event_time") < F.lit(MAY)).localCheckpoint()
    changed.write.format("delta").mode("overwrite").save(other.lake.path(INTERACTIONS))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(tuning, "collect_figures", killed_after(1))
        job.tune(other, asked("popularity"))
    job.tune(other, asked("popularity"))

    assert capsys.readouterr().out == expected
    assert other.lake.read(INTERACTIONS).where(F.col("event_time") >= F.lit(MAY)).isEmpty()
    assert figures(other, "tuning", APRIL) == figures(whole, "tuning", APRIL) != {}


def killed_after(trials):
    """As ``collect_figures``, until that many trials are measured."""
    collect, left = tuning.collect_figures, iter(range(trials))

    def figures(measured, takers):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return collect(measured, takers)

    return figures


@pytest.mark.slow
def test_a_dry_run_says_what_would_run_and_writes_nothing(copied, caplog):
    run = copied()
    before = run.lake.version(METRICS), run.lake.version(RUNS)
    with caplog.at_level("INFO"):
        job.tune(run, asked("als", dry_run=True))
    assert "tune_als 2022-05: would run: it is asked for" in caplog.text
    assert (run.lake.version(METRICS), run.lake.version(RUNS)) == before
    assert not storage_file(run.lake.root, None).exists()


@pytest.mark.slow
def test_months_end_before_the_evaluated_one(finished):
    assert max(tuning_months(finished, JUNE, None, 3)) == APRIL
    assert max(tuning_months(finished, JUNE, date(2022, 2, 1), 3)) == date(2022, 2, 1)
    with pytest.raises(ConfigError, match="evaluated on 2022-05, which no tuning may see"):
        tuning_months(finished, JUNE, MAY, 3)
    with pytest.raises(InputMissing, match="nothing was taken before 2021-01"):
        tuning_months(finished, date(2021, 2, 1), None, 3)


def test_a_model_that_its_own_job_fits_is_refused():
    with pytest.raises(ConfigError, match=r"^--models gru: its own job train_gru fits it"):
        tunable("gru")


def test_every_other_model_can_be_tuned():
    assert [tunable(name) for name in MODEL_NAMES if name != "gru"]


def test_an_unknown_model_is_refused():
    with pytest.raises(ConfigError, match="'nobody' is not known; the models are"):
        tunable("nobody")


def test_a_model_without_a_range_is_refused(monkeypatch):
    monkeypatch.setattr(tuning, "ranges_of", lambda params: {} if params is PopularityParams else None)
    with pytest.raises(ConfigError, match="popularity: no parameter of it declares a range"):
        tunable("popularity")


def test_a_lake_elsewhere_needs_a_file_for_the_trials(tmp_path):
    with pytest.raises(ConfigError, match="give --storage FILE"):
        storage_file("s3a://bank/lake", None)
    assert storage_file("s3a://bank/lake", str(tmp_path / "trials")) == tmp_path / "trials"
