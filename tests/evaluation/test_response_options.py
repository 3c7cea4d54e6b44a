import argparse
from types import SimpleNamespace

import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.pipeline.config import Config
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
