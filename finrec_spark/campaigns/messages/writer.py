"""Chooses a template for a row, fills it, and has the result linted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pandas as pd

from finrec_spark.campaigns.messages.bank import CHANNELS, Bank
from finrec_spark.campaigns.messages.fields import FIELDS, constants
from finrec_spark.campaigns.messages.folding import FOLDED
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.campaigns.messages.screening import says_anything
from finrec_spark.campaigns.messages.templates import ANY, Catalogue, Template
from finrec_spark.vocabulary import TREATMENT

Row = Mapping[str, Any]
Written = tuple[str | None, str | None, str | None, dict[str, str] | None, str | None]
"""Template, subject, message, headers, reason of exclusion."""

_REMEMBERED = 100_000
_NAME = re.compile(r"[A-Za-z][A-Za-z'’ -]{0,30}|[\u4e00-\u9fff·]{1,12}")


@dataclass
class Writer:
    """Writes messages of one bank; judges each distinct text once."""

    catalogues: tuple[Catalogue, ...]
    bank: Bank
    _linters: dict[str, Linter] = field(init=False)

    def __post_init__(self) -> None:
        self._linters = {channel: Linter(self.bank, channel) for channel in CHANNELS}
        self._codes = lru_cache(_REMEMBERED)(lambda channel, text: self._linters[channel].codes(text))
        self._fitting = lru_cache(_REMEMBERED)(self._templates)
        self._constants = {found.language: constants(found.language, self.bank) for found in self.catalogues}
        self._shown = lru_cache(_REMEMBERED)(_shown)

    def write(self, row: Row) -> Written:
        """What the row's customer is sent: the first template that fits and whose fields are known."""
        if row["arm"] != TREATMENT:
            return _excluded(str(row["arm"]))
        fitting = self._fitting(row["language"], row["channel"], row["category"], row["product_id"])
        missing: list[list[str]] = [_missing(template, row) for template in fitting]
        chosen = next((template for template, names in zip(fitting, missing, strict=True) if not names), None)
        if chosen is None:
            return _excluded(f"missing_field:{','.join(min(missing))}" if missing else "no_template")
        return self._filled(chosen, row)

    def _filled(self, template: Template, row: Row) -> Written:
        values = self._values(template, row)
        subject, body = template.subject.format(**values), template.body.strip().format(**values)
        codes = self._judged(template, row, values)
        if codes:
            return _excluded(f"blocked:{','.join(codes)}", template.id)
        return template.id, subject or None, body, dict(template.headers) or None, None

    def _judged(self, template: Template, row: Row, values: Mapping[str, str]) -> tuple[str, ...]:
        """The rules that block the filled text. A plain name changes no verdict, so a sample stands for it."""
        personal = (name for name in template.filled if FIELDS[name].personal)
        samples = {name: str(FIELDS[name].sample) for name in personal if _is_plain_name(values[name])}
        codes: tuple[str, ...] = self._codes(template.channel, template.text.format(**{**values, **samples}))
        return codes

    def _values(self, template: Template, row: Row) -> dict[str, str]:
        language = row["language"]
        currency = self.bank.currency
        shown = {name: self._shown(name, row[FIELDS[name].column], language, currency) for name in template.filled}
        return {**shown, **self._constants[language]}

    def _templates(self, language: str, channel: str, category: object, product_id: str) -> tuple[Template, ...]:
        """The templates that fit, in the catalogue's order."""
        spoken = (found.templates for found in self.catalogues if found.language == language)
        return tuple(
            template
            for template in next(spoken, ())
            if template.channel == channel
            and template.category in (ANY, category)
            and template.product_id in (None, product_id)
        )


def _missing(template: Template, row: Row) -> list[str]:
    """Fields that the template needs and may not or cannot have."""
    return [
        name
        for name in template.filled
        if name not in FIELDS or name not in template.fields or pd.isna(row[FIELDS[name].column])
    ]


def _is_plain_name(value: str) -> bool:
    """Whether a value is letters of one script and none of the words that a rule looks for."""
    return _NAME.fullmatch(value) is not None and not says_anything(FOLDED.apply(value))


def _shown(name: str, value: object, language: str, currency: str) -> str:
    return FIELDS[name].write(value, language, currency)


def _excluded(reason: str, template: str | None = None) -> Written:
    return template, None, None, None, reason
