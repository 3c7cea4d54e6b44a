"""Write a synthetic bank's landing files, and apart from them the truth that only evaluation reads."""

import argparse
from datetime import date

from finrec_spark.pipeline.cli import Command, run_command, step_body
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun
from finrec_spark.sources.generator import write_bank


def run(step_run: StepRun) -> int:
    """Simulate the bank and write its files below the lake; returns the number of customers."""
    root = step_run.context.lake.root.rstrip("/")

    write_bank(step_run.spark, step_run.config.generator, step_run.context.delivery_directory, f"{root}/truth")

    return step_run.config.generator.customers


STEP = Step(name="generate", run=run, params=lambda config: {"generator": config.generator}, monthly=False)


def generated_month(context: RunContext, options: argparse.Namespace) -> date:
    """The month that the bank's history leads up to."""
    params = context.config.generator
    return params.month(params.months)


def options(parser: argparse.ArgumentParser) -> None:
    """``--customers``, the bank's size."""
    parser.add_argument("--customers", type=int, metavar="N", help="customers of the generated bank")


def configure(options: argparse.Namespace) -> dict[str, object]:
    """``--customers`` as configuration."""
    return {} if options.customers is None else {"generator": {"customers": options.customers}}


if __name__ == "__main__":
    run_command(Command("generate", __doc__, step_body(STEP, generated_month), options, configure))
