"""``locale/<language>/reasons.po`` → texts by stable ID, read as it lies there: nothing is compiled.

A language is there when its catalogue is. Found through ``importlib.resources``, so that a package in a zip, as it
travels to executors, reads the same files.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Annotated

from babel.messages.pofile import PoFileError, read_po
from pydantic import AfterValidator

from finrec_spark.errors import ConfigError

REFERENCE = "en"
"""The language whose IDs and placeholders all others have."""

_CATALOGUE = "reasons.po"
_LOCALE = files("finrec_spark.messages") / "locale"


def languages() -> tuple[str, ...]:
    """Every language that has a catalogue, by name.

    >>> {"en", "zh"} <= set(languages())
    True
    """
    return tuple(sorted(folder.name for folder in _LOCALE.iterdir() if (folder / _CATALOGUE).is_file()))


@cache
def texts(language: str) -> Mapping[str, str]:
    """ID → text; what is empty or marked as fuzzy is left out.

    Raises:
        ConfigError: the language has no catalogue, or one that is no gettext file.

    >>> texts("en")["reason.close_product.particular"]
    'chosen by much the same customers as {product}'
    """
    if language not in languages():
        raise ConfigError(f"no catalogue in the language {language!r}; there are: {', '.join(languages())}")
    try:
        catalogue = read_po(BytesIO((_LOCALE / language / _CATALOGUE).read_bytes()), abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise ConfigError(f"messages/locale/{language}/{_CATALOGUE}: not a gettext catalogue: {error}") from error
    done = (message for message in catalogue if message.id and message.string and not message.fuzzy)
    return {str(message.id): str(message.string) for message in done}


def faults(language: str) -> list[str]:
    """What the catalogue lacks, has too much of, or fills in otherwise than the reference; empty for a sound one.

    Raises:
        ConfigError: as ``texts``.
    """
    wanted, found = texts(REFERENCE), texts(language)
    missing = [f"{name} is not translated" for name in wanted if name not in found]
    unknown = [f"{name} is not known" for name in found if name not in wanted]
    others = [
        f"{name} wants {' '.join(placeholders(text)) or 'no placeholder'}"
        for name, text in wanted.items()
        if name in found and placeholders(found[name]) != placeholders(text)
    ]
    return [*missing, *unknown, *others]


def placeholders(text: str) -> list[str]:
    """What a text has to be filled with, in alphabetical order.

    >>> placeholders("{count} customers hold {product}")
    ['{count}', '{product}']
    """
    return sorted(re.findall(r"\{\w*\}", text))


def known_language(language: str) -> str:
    """The language, if its catalogue is there and whole.

    Raises:
        ValueError: it is not; pydantic puts it among the configuration's faults.
    """
    try:
        found = faults(language)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    if found:
        raise ValueError(f"messages/locale/{language}/{_CATALOGUE}: {'; '.join(found)}")
    return language


Language = Annotated[str, AfterValidator(known_language)]
"""Name of a language as the configuration gives it, such as ``en``."""
