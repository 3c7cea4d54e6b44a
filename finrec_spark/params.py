"""The base of every parameter model, and the ranges in which parameters may be tuned."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Immutable named parameters; an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


P = TypeVar("P", bound=Params)
Setting = float | int | str
"""A parameter's value."""


@dataclass(frozen=True)
class Between:
    """Where a number may be tuned, declared beside it: ``rank: Annotated[int, Between(8, 128)]``.

    Attributes:
        low: the least value.
        high: the largest.
        log: whether twice as much is as far as half as much; ``low`` is above 0 then.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class OneOf:
    """The values among which a parameter may be tuned, declared beside it."""

    values: tuple[str, ...]


Range = Between | OneOf


def ranges_of(params: type[Params]) -> dict[str, Range]:
    """Every declared range, by the parameter's name; one of a section by its dotted name.

    >>> from typing import Annotated
    >>> class Weights(Params):
    ...     text: Annotated[float, Between(0, 2)] = 1.0
    >>> class Example(Params):
    ...     seed: int = 17
    ...     weights: Weights = Weights()
    >>> ranges_of(Example)
    {'weights.text': Between(low=0, high=2, log=False)}
    """
    found: dict[str, Range] = {}
    for name, field in params.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Params):
            found |= {f"{name}.{inner}": range_ for inner, range_ in ranges_of(section).items()}
        for declared in field.metadata:
            if isinstance(declared, Between | OneOf):
                found[name] = declared
    return found


def settings_of(params: Params) -> dict[str, Setting]:
    """The values of the parameters that have a range, by their dotted names."""
    return {name: attrgetter(name)(params) for name in ranges_of(type(params))}


def with_settings(params: P, settings: Mapping[str, Setting]) -> P:
    """The parameters with these values, by dotted name, validated as any others.

    Raises:
        ValidationError: a value is not one that the parameter takes.
    """
    values = params.model_dump()
    for name, value in settings.items():
        _put(values, name, value)
    return type(params).model_validate(values)


def in_sections(settings: Mapping[str, Setting]) -> dict[str, Any]:
    """The values as a configuration nests them.

    >>> in_sections({"neighbours": 50, "weights.text": 1.0})
    {'neighbours': 50, 'weights': {'text': 1.0}}
    """
    values: dict[str, Any] = {}
    for name, value in settings.items():
        _put(values, name, value)
    return values


def _put(values: dict[str, Any], name: str, value: Setting) -> None:
    *sections, last = name.split(".")
    for section in sections:
        values = values.setdefault(section, {})
    values[last] = value
