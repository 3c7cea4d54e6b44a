"""What a template may be filled with, and how it is written in each language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision

from finrec_spark.campaigns.messages.bank import Bank

_LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}


@dataclass(frozen=True)
class FieldSpec:
    """A field that may be filled per customer.

    Attributes:
        column: the column of the rendering's input that it comes from.
        sample: a value for the lint of templates.
        write: value, language and currency → text.
        personal: whether it is about the customer; a template that uses it must be meant to.
    """

    column: str
    sample: object
    write: Callable[[object, str, str], str]
    personal: bool = False


def written_text(value: object, language: str, currency: str) -> str:
    """The value in one line."""
    return " ".join(str(value).split())


def written_amount(value: object, language: str, currency: str) -> str:
    """An amount of money; whole amounts without decimals.

    >>> written_amount(Decimal("1234.50"), "en", "CNY"), written_amount(Decimal(20000), "zh", "CNY")
    ('CN¥1,234.50', '¥20,000')
    """
    return _amount(Decimal(str(value)), language, currency)


def written_date(value: object, language: str, currency: str) -> str:
    """A day.

    >>> written_date(date(2022, 6, 30), "en", "CNY"), written_date(date(2022, 6, 30), "zh", "CNY")
    ('30 June 2022', '2022年6月30日')
    """
    return format_date(value, "long", locale=_LOCALES[language])  # type: ignore[arg-type]


@cache
def _amount(value: Decimal, language: str, currency: str) -> str:
    pattern = "¤#,##0" if value == value.to_integral_value() else f"¤#,##0.{'0' * get_currency_precision(currency)}"
    return format_currency(value, currency, pattern, locale=_LOCALES[language], currency_digits=False)


FIELDS: Mapping[str, FieldSpec] = {
    "product": FieldSpec("product_name", "Sample Product", written_text),
    "price": FieldSpec("price", Decimal("20000"), written_amount),
    "until": FieldSpec("until", date(2022, 6, 30), written_date),
    "first_name": FieldSpec("first_name", "Li", written_text, personal=True),
}
"""Every field that a template may allow itself."""

CONSTANTS = {"bank": "the bank's name in the language", "hotline": "its first published number"}
"""What every template may use: the same for all customers."""


def constants(language: str, bank: Bank) -> dict[str, str]:
    """Values of ``CONSTANTS``."""
    names = bank.names.get(language) or next(iter(bank.names.values()))
    return {"bank": names[0], "hotline": bank.phones[0] if bank.phones else ""}


def samples(language: str, bank: Bank) -> dict[str, str]:
    """A sample value of every field and constant."""
    written = {name: spec.write(spec.sample, language, bank.currency) for name, spec in FIELDS.items()}
    return {**written, **constants(language, bank)}
