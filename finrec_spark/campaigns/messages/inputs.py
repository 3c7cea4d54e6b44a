"""What the lint reads when it is used alone: plain texts, catalogues of templates, tables of rendered messages.

Tables are read row by row, however long they are.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import yaml

from finrec_spark.campaigns.messages.bank import Bank, Channel
from finrec_spark.campaigns.messages.findings import Finding, finding, line_and_column
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.campaigns.messages.templates import catalogue_of, template_findings
from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.strict_yaml import parse_yaml

TEXT, CHANNEL, SENDER = "text", "channel", "sender"


@dataclass(frozen=True)
class Message:
    """One message that was looked at.

    Attributes:
        file: where it stands.
        part: which of the file's messages, such as ``row 3`` or a template's ID; empty where it is the whole file.
        line: line of the file at which it begins, from 1.
        text: what was read.
        findings: what is wrong with it.
    """

    file: str
    part: str
    line: int
    text: str
    findings: tuple[Finding, ...]

    @property
    def blocked(self) -> bool:
        """Whether it must not be sent."""
        return any(found.blocks for found in self.findings)

    def place(self, found: Finding) -> tuple[int, int]:
        """Line and column of a finding in the file; a row or template has the line at which it begins."""
        if self.part:
            return self.line, 1
        return line_and_column(self.text, found.start)


def read_messages(path: Path, bank: Bank, channel: Channel) -> Iterator[Message]:
    """The file's messages, each with its findings; what names its own channel is judged by that.

    Raises:
        InputMissing: there is no such file.
        ConfigError: the file is not what its ending says.
    """
    if not path.is_file():
        raise InputMissing(f"{path}: there is no such file")
    try:
        yield from _READERS.get(path.suffix.lower(), _plain)(path, bank, channel)
    except OSError as error:
        raise InputMissing(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start})") from error


def _plain(path: Path, bank: Bank, channel: Channel) -> Iterator[Message]:
    text = path.read_text(encoding="utf-8-sig")
    yield Message(str(path), "", 1, text, Linter(bank, channel).findings(text))


def _catalogue(path: Path, bank: Bank, channel: Channel) -> Iterator[Message]:
    text = path.read_text(encoding="utf-8")
    try:
        values = parse_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    catalogue = catalogue_of(values, str(path))
    for template in catalogue.templates:
        line = next((n for n, row in enumerate(text.split("\n"), start=1) if f"id: {template.id}" in row), 1)
        findings = template_findings(template, catalogue.language, bank)
        yield Message(str(path), template.id, line, template.text, findings)


def _lines(path: Path, bank: Bank, channel: Channel) -> Iterator[Message]:
    linters = _linters(bank)
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _row_message(path, number, number, _json_row(path, number, line), linters, channel)


def _json_row(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{number}: is not JSON: {error.msg}") from error
    if not isinstance(row, dict):
        raise ConfigError(f"{path}:{number}: expected an object with {TEXT}, found {type(row).__name__}")
    return row


def _table(path: Path, bank: Bank, channel: Channel) -> Iterator[Message]:
    linters = _linters(bank)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if TEXT not in (rows.fieldnames or ()):
            raise ConfigError(f"{path}: has no column {TEXT}; it has: {', '.join(rows.fieldnames or ()) or 'none'}")
        for number, row in enumerate(rows, start=1):
            yield _row_message(path, number, rows.line_num, row, linters, channel)


def _row_message(
    path: Path, number: int, line: int, row: dict[str, object], linters: dict[str, Linter], channel: Channel
) -> Message:
    text, named = row.get(TEXT), row.get(CHANNEL) or channel
    if not isinstance(text, str):
        raise ConfigError(f"{path}:{line}: row {number} has no {TEXT}")
    if named not in linters:
        raise ConfigError(f"{path}:{line}: channel {named!r} is none of {', '.join(linters)}")
    linter = linters[str(named)]
    return Message(str(path), f"row {number}", line, text, (*_sender_id(row, linter), *linter.findings(text)))


def _sender_id(row: dict[str, object], linter: Linter) -> Iterator[Finding]:
    """The fault of a row that names a sender ID which is not registered."""
    sender = row.get(SENDER)
    if sender and linter.channel == "sms" and sender not in linter.bank.sender_ids:
        yield finding("M408", str(sender), 0, 0)


def _linters(bank: Bank) -> dict[str, Linter]:
    return {channel: Linter(bank, channel) for channel in get_args(Channel)}


_READERS: dict[str, Callable[[Path, Bank, Channel], Iterator[Message]]] = {
    ".yaml": _catalogue,
    ".yml": _catalogue,
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".csv": _table,
}
"""Ending of a file's name → its reader; anything else is a plain text."""
