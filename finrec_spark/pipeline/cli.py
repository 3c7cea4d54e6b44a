"""The command line of every job: options, session, exit code."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import NoReturn

from pyspark.sql import SparkSession

from finrec_spark.errors import ConfigError, FinrecError, InputMissing
from finrec_spark.months import parse_month
from finrec_spark.pipeline.config import Config, load_config
from finrec_spark.pipeline.context import GENERATOR, RunContext
from finrec_spark.pipeline.default_month import collect_known_counts, month_after_last, why_no_month
from finrec_spark.pipeline.explain import log_verdict
from finrec_spark.pipeline.logs import configure_logging, print_in_plain_signs, traceback_place
from finrec_spark.pipeline.paths import check_letters, check_scheme
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.session import default_file_system, open_session, session_on_demand
from finrec_spark.pipeline.step import Step
from finrec_spark.sources.delivery import local_path
from finrec_spark.sources.reading import read_delivery, source_of
from finrec_spark.sources.told import told_in_one_line
from finrec_spark.tables import INTERACTIONS
from finrec_spark.transforms.ingest.newest_month import collect_month_counts
from finrec_spark.transforms.ingest.parsing import parsed_time
from finrec_spark.warehouse import Lake
from finrec_spark.warehouse.lock import Held, exclusive

logger = logging.getLogger(__name__)

SOURCES = (GENERATOR, "far_trans", "files")


Body = Callable[[RunContext, argparse.Namespace], None]
MonthOf = Callable[[RunContext, argparse.Namespace], date]


@dataclass(frozen=True)
class Command:
    """A job's command line.

    Attributes:
        name: the job.
        description: its first line of help.
        body: does the work, given the context and the parsed options.
        options: adds the job's own options.
        configure: values that the job's own options lay over the configuration.
        writes: whether it writes to the lake, and so holds it; a dry run never does.
        input_is_delivery: whether ``--input`` is always a delivery, whose source must then be named; never an output.
    """

    name: str
    description: str
    body: Body
    options: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    configure: Callable[[argparse.Namespace], dict[str, object]] = lambda options: {}
    writes: bool = True
    input_is_delivery: bool = True


@dataclass(frozen=True)
class LocalCommand:
    """The command line of a job that needs neither Spark nor a lake; attributes as ``Command``'s."""

    name: str
    description: str
    body: Callable[[argparse.Namespace], None]
    options: Callable[[argparse.ArgumentParser], None] = lambda parser: None


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; {self.prog} --help shows the options")


def main(command: Command | LocalCommand, argv: Sequence[str] | None = None) -> int:
    """Run the job; 0 done, else the error's exit code, the error logged in one line."""
    configure_logging("text", None)
    print_in_plain_signs()
    try:
        options = _parser(command).parse_args(argv)
        over = command.configure(options) if isinstance(command, Command) else {}
        config = load_config(Path(options.conf), over)
        configure_logging(options.log_format, config.log_dir, tracebacks=config.log_dir is None)
        if isinstance(command, Command):
            _run(command, options, config)
        else:
            command.body(options)
    except FinrecError as error:
        return _failed(error.exit_code, str(error), error)
    except KeyboardInterrupt as error:
        return _failed(130, "interrupted; the same command goes on from here", error)
    except Exception as error:  # the last resort of a process: whatever it is, it is told and logged
        return _failed(1, f"unexpected {type(error).__name__}{traceback_place()}", error)
    return 0


def step_command(step: Step, description: str) -> Command:
    """The command line of a job that is one step."""
    return Command(step.name, description, step_body(step, decided_month))


def step_body(step: Step, month: MonthOf) -> Body:
    """A command that runs one step in the month that ``month`` finds."""

    def body(context: RunContext, options: argparse.Namespace) -> None:
        decided = month(context, options)
        if options.dry_run:
            log_verdict(step, decided, context)
        else:
            context.log(run_step(step, context, decided).line)

    return body


def source_options(parser: argparse.ArgumentParser) -> None:
    """``--source`` and ``--input``, for the jobs that read landing files."""
    parser.add_argument("--source", choices=SOURCES, default=GENERATOR, help="where landing files come from")
    parser.add_argument("--input", metavar="DIR", help="folder of the landing files (far_trans, files)")


def positive(text: str) -> int:
    """A whole number from 1 on, of the command line.

    >>> positive("12")
    12
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def decided_month(context: RunContext, options: argparse.Namespace) -> date:
    """``--month``, or the month after the newest interaction in the lake.

    Raises:
        InputMissing: no month is given and the lake has no interactions.
    """
    if options.month is not None:
        return parse_month(options.month)
    counts = collect_known_counts(context.lake)
    if not counts:
        raise InputMissing(f"{INTERACTIONS.name} is empty; run ingest, or say which --month to decide")
    return month_after_last(counts, context)


def delivered_month(context: RunContext, options: argparse.Namespace) -> date:
    """``--month``, or the month after the newest interaction of the delivery.

    Raises:
        InputMissing: no month is given and the delivery has no interaction with a readable time.
    """
    if options.month is not None:
        return parse_month(options.month)
    landing = read_delivery(context.spark, context.source, context.delivery_directory, context.config.files)
    with told_in_one_line(context.spark, *source_of(landing, "interactions", context.config.files)):
        counts = collect_month_counts(landing.interactions.select(parsed_time("event_time").value.alias("event_time")))
        if not counts:
            raise InputMissing(f"interactions in {context.delivery_directory}: {why_no_month(landing.interactions)}")
    return month_after_last(counts, context)


def _parser(command: Command | LocalCommand) -> argparse.ArgumentParser:
    parser = _OneLineParser(prog=f"./spark-submit.sh {command.name}", description=command.description)
    parser.add_argument("--conf", default="conf/local.yaml", metavar="FILE", help="configuration, laid over base.yaml")
    parser.add_argument("--lake", default="lake", metavar="DIR", help="the lake's root folder or URI")
    parser.add_argument("--month", metavar="YYYY-MM", help="month to decide (default: after the newest interaction)")
    parser.add_argument("--dry-run", action="store_true", help="say what would run and why, and write nothing")
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="how progress is logged")
    command.options(parser)
    return parser


def _run(command: Command, options: argparse.Namespace, config: Config) -> None:
    if options.month is not None:
        parse_month(options.month)  # a wrong month is told before Spark starts
    source, input_dir = getattr(options, "source", GENERATOR), getattr(options, "input", None)
    _check_path("--lake", options.lake)
    _check_path("--input", input_dir)
    _check_source(source, input_dir, command.input_is_delivery)
    root = _absolute(options.lake)
    only_reads = options.dry_run or not command.writes
    with nullcontext(Held()) if only_reads else exclusive(root) as held:
        _run_on_lake(command, options, config, source, input_dir, root, held)


def _check_path(option: str, path: str | None) -> None:
    """Nothing, where the path names something and came through whole."""
    if path is not None and not path.strip():
        raise ConfigError(f"{option} is empty: name a folder or URI (is a variable of the shell unset?)")
    check_letters(option, path)


def _check_source(source: str, input_dir: str | None, input_is_delivery: bool) -> None:
    """Nothing, where files are named if and only if the source reads them."""
    if source != GENERATOR and input_dir is None:
        raise ConfigError(f"--source {source} needs --input DIR, the folder of its files")
    if source == GENERATOR and input_dir is not None and input_is_delivery:
        raise ConfigError(
            f"--input {input_dir}: the source {GENERATOR} reads no files; add --source files to take them in"
        )


def _run_on_lake(
    command: Command,
    options: argparse.Namespace,
    config: Config,
    source: str,
    input_dir: str | None,
    root: str,
    held: Held,
) -> None:
    logger.debug("configuration: %s", config.model_dump_json(exclude={"spark"}))  # its properties may hold secrets
    with session_on_demand(partial(_session, command.name, config, root, input_dir)) as spark:
        context = RunContext(spark, config, Lake(spark, root), source, input_dir, held)
        context.record_killed()
        command.body(context, options)


def _session(name: str, config: Config, root: str, input_dir: str | None) -> SparkSession:
    """The job's session, where it means the same files by the paths of the command line."""
    spark = open_session(name, config.spark_properties)
    try:
        default = default_file_system(spark)
        check_scheme("--lake", root, default)
        check_scheme("--input", input_dir, default)
    except ConfigError:
        spark.stop()
        raise
    return spark


def _absolute(root: str) -> str:
    """A local folder's absolute path; a URI that leads elsewhere as it is."""
    local = local_path(root)
    return root if local is None else str(Path(local).resolve())


def _failed(exit_code: int, line: str, error: BaseException) -> int:
    logger.error("error: %s", line)
    logger.debug("traceback", exc_info=error)
    return exit_code


def run_command(command: Command | LocalCommand) -> NoReturn:
    """Run the job of this process and leave with its exit code."""
    sys.exit(main(command))
