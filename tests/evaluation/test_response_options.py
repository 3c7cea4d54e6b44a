import argparse
from types import SimpleNamespace

import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.pipeline.config import Config
from finrec_spark.steps.evaluate_response import month_of_contacts, response_options, response_values


def test_the_options_are_laid_over_the_configuration(options):
    given = options("--label", "y", "--drop", "duration, pdays", "--drop", "day")
    assert response_values(given) == {"response": {"label": "y", "drop": ["duration", "pdays", "day"]}}


def test_what_is_not_given_stands_as_configured(options):
    assert response_values(options()) == {}


@pytest.mark.parametrize(
    ("label", "path", "wanted"), [(None, "contacts.csv", "--label COLUMN"), ("y", None, "--input FILE")]
)
def test_a_missing_option_is_named(options, label, path, wanted):
    config = Config.model_validate({"response": {"label": label}})
    with pytest.raises(ConfigError, match=wanted):
        month_of_contacts(SimpleNamespace(config=config, input_dir=path, spark=None), options())


@pytest.fixture
def options():
    parser = argparse.ArgumentParser()
    response_options(parser)
    return lambda *words: parser.parse_args(words)
