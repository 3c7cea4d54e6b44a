"""Write a synthetic bank's landing files, and apart from them the truth that only evaluation reads."""

import argparse
from collections.abc import Sequence
from datetime import date

from finrec_spark.errors import ConfigError
from finrec_spark.pipeline.cli import Command, run_command, step_body
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun
from finrec_spark.sources.generator import write_bank
from finrec_spark.steps.finished_campaigns import campaign_months, earlier_targets
from finrec_spark.tables import CAMPAIGN_TARGETS


def run(step_run: StepRun) -> int:
    """Simulate the bank and write its files below the lake; returns the number of customers."""
    root = step_run.context.lake.root.rstrip("/")

    landing, targets = step_run.context.generated_directory, earlier_targets(step_run)
    write_bank(step_run.spark, step_run.config.generator, landing, f"{root}/truth", targets=targets)

    return step_run.config.generator.customers


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """What the bank's campaigns did before the month, where customers are to answer to it."""
    if context.config.generator.own_campaigns is None:
        return ()
    return [Read(CAMPAIGN_TARGETS, of) for of in campaign_months(context) if of < month]


STEP = Step(name="generate", run=run, reads=reads, params=lambda config: {"generator": config.generator}, monthly=False)


def generated_month(context: RunContext, options: argparse.Namespace) -> date:
    """The month that the bank's history leads up to.

    Raises:
        ConfigError: the lake holds a delivery that was not generated.
    """
    _require_no_delivery(context)
    params = context.config.generator
    return params.month(params.known)


def _require_no_delivery(context: RunContext) -> None:
    """Nothing, where all that the lake took in was generated: invented customers must not join a bank's."""
    if context.ledger.newest("ingest", None) and not context.ledger.newest(STEP.name, None):
        raise ConfigError(
            f"--lake {context.lake.root} holds a delivery that was not generated: add --source files --input DIR to go"
            " on with it, or name another --lake for a generated bank"
        )


def options(parser: argparse.ArgumentParser) -> None:
    """``--customers``, the bank's size."""
    parser.add_argument("--customers", type=int, metavar="N", help="customers of the generated bank")


def configure(options: argparse.Namespace) -> dict[str, object]:
    """``--customers`` as configuration."""
    return {} if options.customers is None else {"generator": {"customers": options.customers}}


if __name__ == "__main__":
    run_command(Command("generate", __doc__, step_body(STEP, generated_month), options, configure))
