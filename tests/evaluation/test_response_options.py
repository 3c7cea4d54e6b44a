import argparse
import gzip
from types import SimpleNamespace

import pytest

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.pipeline.config import Config, config_of
from finrec_spark.steps import evaluate_uplift
from finrec_spark.steps.delivered_contacts import delivered_contacts
from finrec_spark.steps.evaluate_response import (
    FILE_STEP,
    STEP,
    month_of_answers,
    response_options,
    response_values,
    step_of,
)


def test_the_options_are_laid_over_the_configuration(options):
    given = options("--label", "y", "--time", "sent", "--drop", "duration, pdays", "--drop", "day")
    assert response_values(given) == {"response": {"label": "y", "time": "sent", "drop": ["duration", "pdays", "day"]}}


def test_what_is_not_given_stands_as_configured(options):
    assert response_values(options()) == {}


def test_a_file_needs_a_label_and_a_label_needs_a_file(options, started):
    with pytest.raises(ConfigError, match="--label COLUMN"):
        month_of_answers(started(label=None, input_dir="contacts.csv"), options())
    with pytest.raises(ConfigError, match="--input"):
        month_of_answers(started(label="y", input_dir=None), options())


def test_without_a_file_the_banks_own_contacts_are_measured(started):
    assert step_of(started(label=None, input_dir=None)) is STEP
    assert step_of(started(label="y", input_dir="contacts.csv")) is FILE_STEP


LINES = ["name,age,y", *(f"plain,{n},no" for n in range(9000)), "Größe,7,yes"]


def test_the_encoding_that_an_error_names_reads_the_file(run, tmp_path):
    (tmp_path / "contacts.csv").write_bytes("\n".join(LINES).encode("cp1252"))
    with (
        pytest.raises(InputMissing, match=r"first at line 9002; .*files.encoding: {contacts: cp1252}"),
        delivered_contacts(run("contacts.csv")),
    ):
        pass
    with delivered_contacts(run("contacts.csv", encoding={"contacts": "cp1252"})) as rows:
        assert [row.name for row in rows.where("y = 'yes'").collect()] == ["Größe"]


def test_a_file_that_was_cut_late_is_told_in_one_line(run, tmp_path):
    packed = gzip.compress("\n".join(["name,n,y", *(f"x,{n * 7919 % 99991},no" for n in range(40_000))]).encode())
    (tmp_path / "contacts.csv.gz").write_bytes(packed[: len(packed) * 3 // 4])
    with (
        pytest.raises(InputMissing, match=r"contacts.csv.gz cannot be read .*was cut off"),
        delivered_contacts(run("contacts.csv.gz")) as rows,
    ):
        rows.count()


def test_lines_that_do_not_fit_are_counted_in_the_log(run, tmp_path):
    (tmp_path / "contacts.csv").write_text("name,y\nann,no\nbob\ncid,no,surplus\n")
    said = []
    with delivered_contacts(run("contacts.csv", said.append)) as rows:
        assert [row.name for row in rows.collect()] == ["ann"]
    assert said == [f"{tmp_path}/contacts.csv: 2 lines do not fit its first line and are left out"]


@pytest.mark.parametrize("step", [FILE_STEP, evaluate_uplift.FILE_STEP])
def test_another_encoding_of_contacts_makes_the_result_stale(step):
    configured = ({}, {"customers": "cp1252"}, {"contacts": "cp1252"})
    plain, other, named = (step.params(config_of({"files": {"encoding": e}})) for e in configured)
    assert plain == other != named


@pytest.fixture
def run(spark, tmp_path):
    """A step's run on a file of the folder."""

    def build(file, log=print, **files):
        config = Config.model_validate({"files": files})
        context = SimpleNamespace(input_dir=str(tmp_path / file))
        return SimpleNamespace(spark=spark, config=config, context=context, log=log)

    return build


@pytest.fixture
def started():
    def build(label, input_dir):
        config = Config.model_validate({"response": {"label": label}})
        return SimpleNamespace(config=config, input_dir=input_dir, spark=None)

    return build


@pytest.fixture
def options():
    parser = argparse.ArgumentParser()
    response_options(parser)
    return lambda *words: parser.parse_args(words)
