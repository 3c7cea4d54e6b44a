"""Templates of messages: one YAML catalogue a language, checked when it is read."""

import string
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from finrec_spark.campaigns.messages.bank import Bank, Channel
from finrec_spark.campaigns.messages.fields import CONSTANTS, FIELDS, samples
from finrec_spark.campaigns.messages.findings import Finding, finding
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.params import Params
from finrec_spark.strict_yaml import parse_yaml
from finrec_spark.vocabulary import EMAIL

ANY = "any"
LanguageName = Literal["en", "zh"]
_ONE_CLICK = "List-Unsubscribe=One-Click"


class Template(Params):
    """One text for one channel and one kind of product."""

    id: str = Field(pattern="^[a-z0-9_]+$", description="Name, once in its catalogue")
    channel: Channel
    category: str = Field(ANY, description="The product's category, or any")
    product_id: str | None = Field(None, description="The one product that it is for; null: all of the category")
    fields: tuple[str, ...] = Field((), description="The only fields that the text may use")
    subject: str = Field("", description="Of an email")
    headers: Mapping[str, str] = Field({}, description="Of an email")
    body: str = Field(min_length=1)

    @property
    def text(self) -> str:
        """Subject and body, as the lint reads them."""
        return f"{self.subject}\n{self.body}" if self.subject else self.body

    @cached_property
    def used(self) -> frozenset[str]:
        """Names of the placeholders in subject and body; whatever stands in braces that is no name as well."""
        parsed = string.Formatter().parse(self.text)
        return frozenset(name for _, name, _, _ in parsed if name is not None)

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """Names of the placeholders that differ from customer to customer, in alphabetical order."""
        return tuple(sorted(self.used - CONSTANTS.keys()))

    @model_validator(mode="after")
    def _has_readable_placeholders(self) -> "Template":
        try:
            _ = self.used
        except ValueError as error:
            raise ValueError(f"template {self.id}: {error}; write {{name}}, or {{{{ for a brace") from error
        return self


class Catalogue(Params):
    """The templates of one language, in the order in which they are tried."""

    language: LanguageName
    headers: Mapping[str, str] = Field({}, description="Where a catalogue keeps what its templates share")
    templates: tuple[Template, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Catalogue":
        ids = [template.id for template in self.templates]
        doubled = sorted({name for name in ids if ids.count(name) > 1})
        if doubled:
            raise ValueError(f"templates named twice: {', '.join(doubled)}")
        return self


def load_catalogue(path: Path) -> Catalogue:
    """The catalogue of a YAML file.

    Raises:
        InputMissing: there is no such file.
        ConfigError: one line that names every fault.
    """
    try:
        return catalogue_of(parse_yaml(path.read_text(encoding="utf-8")), str(path))
    except OSError as error:
        raise InputMissing(f"{path}: cannot be read ({error.strerror}); give an existing catalogue") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error


def catalogue_of(values: Any, name: str) -> Catalogue:
    """The catalogue of parsed YAML; ``name`` is what errors call it.

    Raises:
        ConfigError: one line that names every fault.
    """
    try:
        return Catalogue.model_validate(values)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"{name}: {'; '.join(faults)}") from error


def load_catalogues(folder: Path) -> tuple[Catalogue, ...]:
    """Every catalogue of a folder.

    Raises:
        InputMissing: there is none.
        ConfigError: one is wrong, or two are of one language.
    """
    found = tuple(load_catalogue(path) for path in sorted(folder.glob("*.yaml")))
    if not found:
        raise InputMissing(f"{folder}: no catalogue of templates (*.yaml)")
    languages = [catalogue.language for catalogue in found]
    if len(set(languages)) < len(languages):
        raise ConfigError(f"{folder}: two catalogues are of one language; put their templates into one file")
    return found


def template_findings(template: Template, language: str, bank: Bank) -> tuple[Finding, ...]:
    """Everything wrong with a template: its fields and headers, and its text with sample values filled in.

    Places are those of the filled text.
    """
    unknown = [*_field_faults(template), *_header_faults(template)]
    if set(template.filled) - FIELDS.keys():
        return tuple(sorted(unknown))  # cannot be filled
    text = template.text.format(**samples(language, bank))
    return tuple(sorted([*unknown, *Linter(bank, template.channel).findings(text)]))


def _field_faults(template: Template) -> Iterator[Finding]:
    for name in template.filled:
        if name not in FIELDS or name not in template.fields:
            start = template.text.find("{" + name)
            yield finding("M502", template.text, max(start, 0), max(start, 0) + len(name) + 2)


def _header_faults(template: Template) -> Iterator[Finding]:
    if template.channel != EMAIL:
        return
    headers = {name.lower(): value for name, value in template.headers.items()}
    listed = headers.get("list-unsubscribe", "")
    one_click = headers.get("list-unsubscribe-post") == _ONE_CLICK
    if not one_click or not ("{unsubscribe}" in listed or "<https://" in listed):
        yield finding("M407", template.text)
