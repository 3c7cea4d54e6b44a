"""The lint alone: blocks messages and templates that look like phishing (exit 4); needs no lake."""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from finrec_spark.campaigns.messages.bank import Bank, Channel, ProfileName, load_bank
from finrec_spark.campaigns.messages.gate import Gate
from finrec_spark.campaigns.messages.inputs import read_messages
from finrec_spark.campaigns.messages.reports import WRITERS
from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.pipeline.cli import LocalCommand, run_command

logger = logging.getLogger("finrec_spark")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The files and how they are judged."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a text (one message), a catalogue of templates (.yaml), or rendered messages with a column text "
        "(.csv, .jsonl); default: the catalogues beside --conf",
    )
    parser.add_argument("--bank", metavar="FILE", help="the bank's names, domains, numbers (default: beside --conf)")
    parser.add_argument("--profile", choices=get_args(ProfileName), help="the market's rules, in place of the bank's")
    parser.add_argument("--channel", choices=get_args(Channel), default="sms", help="channel of what names none")
    parser.add_argument("--format", choices=tuple(WRITERS), default="text", help="how findings are written")
    parser.add_argument("--output", metavar="FILE", help="where findings go (default: standard output)")


def run(options: argparse.Namespace) -> None:
    """Every finding, in the order of the files; ends with 4 where one of them blocks."""
    bank, files = chosen_bank(options), chosen_files(options)
    gate = Gate()
    messages = (message for path in files for message in read_messages(path, bank, options.channel))
    write(WRITERS[options.format](gate.watched(messages)), options.output)
    gate.require_clean()
    logger.info("%s messages and templates judged, none is blocked", f"{gate.messages:,}")


def chosen_bank(options: argparse.Namespace) -> Bank:
    """``--bank``, else the file beside the configuration, else the generated bank."""
    beside = campaigns_folder(options) / "bank.yaml"
    if options.bank is None and not beside.is_file():
        return Bank.model_validate({"profile": options.profile} if options.profile else {})
    return load_bank(Path(options.bank) if options.bank else beside, options.profile)


def chosen_files(options: argparse.Namespace) -> list[Path]:
    """The files named, else the catalogues beside the configuration.

    Raises:
        ConfigError: none is named and there are no catalogues.
        InputMissing: one is not there; told before the first finding is written.
    """
    files = [Path(name) for name in options.files] or sorted((campaigns_folder(options) / "templates").glob("*.yaml"))
    if not files:
        raise ConfigError(f"no FILE is named and {campaigns_folder(options) / 'templates'} has no catalogues")
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise InputMissing(f"there is no file {', '.join(missing)}")
    return files


def campaigns_folder(options: argparse.Namespace) -> Path:
    """``campaigns`` beside the configuration file."""
    return Path(options.conf).parent / "campaigns"


def write(lines: Iterator[str], output: str | None) -> None:
    """Write the lines as they come, to a file or to standard output."""
    if output is None:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return
    try:
        with Path(output).open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise ConfigError(f"--output {output}: cannot be written ({error.strerror})") from error


if __name__ == "__main__":
    run_command(LocalCommand("lint_messages", __doc__, run, add_options))
