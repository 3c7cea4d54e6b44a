"""Where the synthetic bank is written, and where never."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.pipeline.config import config_of
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.ledger import DONE, Attempt
from finrec_spark.pipeline.step import StepRun
from finrec_spark.warehouse import Lake
from jobs import generate

JUNE = date(2022, 6, 1)


def test_a_bank_is_written_below_the_lake_and_never_to_an_input(started, monkeypatch, tmp_path):
    written = []
    monkeypatch.setattr(generate, "write_bank", lambda spark, params, *folders, targets: written.extend(folders))
    generate.run(StepRun(started(input_dir="/data/2022-06"), generate.STEP, JUNE, "", ""))
    assert written == [f"{tmp_path}/landing", f"{tmp_path}/truth"]


def test_a_lake_that_took_in_a_banks_own_files_gets_no_generated_ones(started):
    with pytest.raises(ConfigError, match="a delivery that was not generated: add --source files"):
        generate.generated_month(started("ingest"), None)


@pytest.mark.parametrize("done", [(), ("generate", "ingest")])
def test_an_empty_lake_and_a_generated_one_are_generated_for(started, done):
    assert generate.generated_month(started(*done), None) == JUNE


@pytest.fixture
def started(tmp_path):
    """A job on a lake whose ledger has these steps done; no session is opened."""

    def build(*done, input_dir=None):
        context = RunContext(None, config_of({}), Lake(None, str(tmp_path)), "generator", input_dir)
        context.ledger.attempts += [replace(attempt(step), status=DONE) for step in done]
        return context

    return build


def attempt(step):
    words = dict.fromkeys(("attempt_id", "run_id", "why", "fingerprint"), "")
    return Attempt.begun(**words, step=step, month=JUNE, started_at=datetime(2022, 6, 1, tzinfo=UTC))
