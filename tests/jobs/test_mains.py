"""Every job's command line, run as spark-submit runs it: its file as the main program, with a configuration file."""

import runpy
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pyspark.sql import SparkSession

from finrec_spark.pipeline import cli
from finrec_spark.pipeline.config import campaign_values
from finrec_spark.tables import METRICS
from finrec_spark.warehouse import Lake

from ..conftest import GRU, SMALL

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
JOBS = sorted(path.stem for path in (ROOT / "jobs").glob("[!_]*.py"))
NETWORK = ("embed_text", "build_sequences", "train_gru")
OPTIONS = {
    "generate": ("--customers", "250"),
    "train_response": ("--month", "2022-06"),
    "tune": ("--models", "popularity", "--trials", "2", "--months", "1"),
    "lint_messages": tuple(map(str, (ROOT / "conf/campaigns/templates").glob("*.yaml"))),
}
CAMPAIGN = campaign_values(ROOT / "conf/campaigns")
CONTACTS = {"acceptance": {"least": 3, "forest": {"trees": 3, "depth": 3, "minimum_rows": 2}}}


@pytest.fixture
def main(spark, monkeypatch, tmp_path):
    """Runs a job's file in the tests' session; its exit code."""

    def run(job, lake, *options, **over):
        conf = tmp_path / "conf.yaml"
        conf.write_text(yaml.safe_dump({**SMALL, **over}))
        monkeypatch.setattr(SparkSession, "stop", lambda session: None)
        monkeypatch.setattr(sys, "argv", [job, "--lake", str(lake), "--conf", str(conf), *options])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / "jobs" / f"{job}.py"), run_name="__main__")
        return ended.value.code

    return run


@pytest.fixture(scope="module")
def lakes(tmp_path_factory):
    """Copies of finished lakes, one for all tests of this file."""
    made = {}

    def copy(finished):
        if finished.lake.root not in made:
            made[finished.lake.root] = tmp_path_factory.mktemp("mains") / "lake"
            shutil.copytree(finished.lake.root, made[finished.lake.root])
        return made[finished.lake.root]

    return copy


@pytest.mark.parametrize("job", [name for name in JOBS if name not in (*NETWORK, "campaign")])
def test_a_job_ends_well_on_a_finished_lake(main, finished, lakes, job):
    assert main(job, lakes(finished), *OPTIONS.get(job, ()), **CONTACTS) == 0


def test_a_month_that_is_up_to_date_opens_no_session(main, finished, tmp_path, monkeypatch, capsys):
    """It says so from what stands in the lake; Spark alone takes most of such a call's seconds."""
    shutil.copytree(finished.lake.root, tmp_path / "lake")
    assert main("month", tmp_path / "lake") == 0  # the delivery lies elsewhere now, so it is taken in again

    def opened(*_):
        raise AssertionError("a session was opened")

    monkeypatch.setattr(cli, "open_session", opened)
    assert main("month", tmp_path / "lake") == 0
    assert "Everything was up to date." in capsys.readouterr().out


def test_a_campaign_is_simulated_and_decided_once_its_models_are_there(main, finished, lakes, capsys):
    """Its lists were made where there were no campaigns, so nothing says yet what is worth offering."""
    assert main("campaign", lakes(finished), "--month", "2022-06", campaign=CAMPAIGN) == 3
    assert "gold.offers" in capsys.readouterr().err
    models = (("train_response",), ("train_uplift",), ("recommend",))
    for job, *options in (*models, ("campaign", "--simulate"), ("campaign",)):
        assert main(job, lakes(finished), "--month", "2022-06", *options, **CONTACTS, campaign=CAMPAIGN) == 0


@pytest.mark.parametrize("job", NETWORK)
def test_a_job_of_the_network_ends_well(main, with_gru, lakes, job):
    assert main(job, lakes(with_gru), **GRU) == 0


def test_the_response_protocol_measures_the_bank_s_own_contacts(main, finished, lakes, capsys):
    assert main("evaluate", lakes(finished), "--protocol", "response", **CONTACTS) == 0


def test_the_rolling_protocol_gives_the_mean_of_months_held_out_in_turn(main, finished, lakes, capsys):
    lake = lakes(finished)
    assert main("evaluate", lake, "--protocol", "rolling", "--months", "2") == 0
    assert "ensemble" in capsys.readouterr().out
    measured = pd.DataFrame(Lake(finished.spark, str(lake)).collect(METRICS))
    rows = measured.query("metric == 'ndcg' and segment == 'all' and k == 10")
    held_out = rows.query("protocol == 'last_month'").drop_duplicates(["origin", "model"], keep="last")
    assert {day.month for day in held_out["origin"]} == {4, 5}
    means = held_out.groupby("model")["value"].mean()
    found = rows.query("protocol == 'rolling_over_months'").set_index("model")["value"]
    assert found.to_dict() == pytest.approx(means.to_dict())


def test_the_ratings_protocol_measures_a_delivery(main, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    ratings = [f"c{c},p{p},2022-05-{p + 1:02d},rating,{1 + (c * p) % 5}" for c in range(12) for p in range(8)]
    files = {
        "customers": ["customer_id", *(f"c{c}" for c in range(12))],
        "products": ["product_id,category,name", *(f"p{p},card,P{p}" for p in range(8))],
        "interactions": ["customer_id,product_id,event_time,event_type,value", *ratings],
    }
    for name, lines in files.items():
        (tmp_path / "in" / f"{name}.csv").write_text("\n".join(lines))
    options = ("--protocol", "ratings", "--source", "files", "--input", str(tmp_path / "in"))
    assert main("evaluate", tmp_path / "lake", *options, ratings={"folds": 2}) == 0
    assert "pearson_item" in capsys.readouterr().out


def test_the_cold_products_protocol_measures_the_network(main, with_gru, lakes, capsys):
    over = {**GRU, "cold_products": {"folds": 2}}
    assert main("evaluate", lakes(with_gru), "--protocol", "cold_products", **over) == 0
    assert "gru_without_tags" in capsys.readouterr().out


@pytest.mark.parametrize("job", ["month", "ingest"])
def test_a_delivery_whose_source_is_not_named_is_left_as_it_is(main, tmp_path, capsys, job):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "customers.csv").write_text("customer_id\nC1\n")
    assert main(job, tmp_path / "lake", "--input", str(tmp_path / "in")) == 2
    assert "add --source files" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["customers.csv"]


def test_a_wrong_option_ends_with_2(main, tmp_path):
    assert main("status", tmp_path / "lake", "--month", "June") == 2


def test_status_of_an_empty_lake_ends_with_3(main, tmp_path):
    assert main("status", tmp_path / "lake") == 3
