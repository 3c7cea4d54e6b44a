"""The lint's findings as text, JSON and SARIF 2.1.0, written message by message."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from finrec_spark import __version__
from finrec_spark.campaigns.messages.findings import Finding
from finrec_spark.campaigns.messages.inputs import Message
from finrec_spark.campaigns.messages.rules import RULES, Rule

Format = Literal["text", "json", "sarif"]
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text_lines(messages: Iterable[Message]) -> Iterator[str]:
    """One line a finding: place, code, level, what is wrong, the words, what to do."""
    for message in messages:
        for found in message.findings:
            line, column = message.place(found)
            rule, part = found.rule, f" ({message.part})" if message.part else ""
            words = f" – “{found.found}”" if found.found else ""
            yield f"{message.file}:{line}:{column}{part}: {rule.code} {rule.level}: {rule.wrong}{words}; {rule.remedy}"


def json_lines(messages: Iterable[Message]) -> Iterator[str]:
    """A JSON array of findings, an element a line."""
    yield from _array((_as_json(message, found) for message in messages for found in message.findings), "[", "]")


def sarif_lines(messages: Iterable[Message]) -> Iterator[str]:
    """A SARIF log with one run: the rules, then a result for every finding."""
    driver = {
        "name": "finrec_spark lint_messages",
        "version": __version__,
        "rules": [_as_sarif_rule(rule) for rule in RULES.values()],
    }
    head = f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{{"tool": {{"driver": {_json(driver)}}}, '
    head += '"columnKind": "unicodeCodePoints", "results": ['
    yield from _array((_as_sarif(message, found) for message in messages for found in message.findings), head, "]}]}")


WRITERS: dict[str, Callable[[Iterable[Message]], Iterator[str]]] = {
    "text": text_lines,
    "json": json_lines,
    "sarif": sarif_lines,
}
"""Format → its lines."""


def _array(elements: Iterable[Any], head: str, tail: str) -> Iterator[str]:
    yield head
    previous = None
    for element in elements:
        if previous is not None:
            yield f"{previous},"
        previous = _json(element)
    if previous is not None:
        yield previous
    yield tail


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_json(message: Message, found: Finding) -> dict[str, object]:
    line, column = message.place(found)
    return {
        "file": message.file,
        "part": message.part,
        "line": line,
        "column": column,
        "start": found.start,
        "end": found.end,
        "code": found.code,
        "rule": found.rule.name,
        "level": found.rule.level,
        "found": found.found,
        "wrong": found.rule.wrong,
        "remedy": found.rule.remedy,
    }


def _as_sarif(message: Message, found: Finding) -> dict[str, object]:
    line, column = message.place(found)
    words = f" (“{found.found}”)" if found.found else ""
    part = f"{message.part}: " if message.part else ""
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": message.file.replace("\\", "/")},
            "region": {"startLine": line, "startColumn": column},
        }
    }
    if message.part:
        location["logicalLocations"] = [{"name": message.part}]
    return {
        "ruleId": found.code,
        "ruleIndex": list(RULES).index(found.code),
        "level": found.rule.level,
        "message": {"text": f"{part}{found.rule.wrong}{words}; {found.rule.remedy}"},
        "locations": [location],
    }


def _as_sarif_rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("_")),
        "shortDescription": {"text": f"The message {rule.wrong}."},
        "help": {"text": f"{rule.remedy}."},
        "defaultConfiguration": {"level": rule.level},
    }
