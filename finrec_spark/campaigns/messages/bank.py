"""The bank as its messages name it: names, domains, numbers, and the profile of its market."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import phonenumbers
import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.params import Params
from finrec_spark.strict_yaml import parse_yaml
from finrec_spark.vocabulary import APP, EMAIL, PHONE, SMS

Channel = Literal["sms", "email", "app", "phone"]
CHANNELS: tuple[Channel, ...] = (SMS, EMAIL, APP, PHONE)  # type: ignore[assignment]
ProfileName = Literal["strict", "singapore", "hong_kong", "china", "one_link"]


class Profile(Params):
    """What a market allows.

    Attributes:
        links: how many links a message may have, by channel; none where a channel is not named.
        login_links: whether a link may lead to where one logs in or pays.
        signature: whether an SMS must begin or end with the sender in 【】.
        sender_prefix: what the ID of an SMS sender begins with.
    """

    links: Mapping[str, int] = {}
    login_links: bool = False
    signature: bool = False
    sender_prefix: str = ""


PROFILES: Mapping[str, Profile] = {
    "strict": Profile(),
    "singapore": Profile(links={APP: 1}),  # MAS and ABS, 2022: no clickable link in SMS or email to retail customers
    "hong_kong": Profile(links={SMS: 1, EMAIL: 1, APP: 1}, sender_prefix="#"),  # SMS Sender Registration Scheme, 2024
    "china": Profile(links={SMS: 1, EMAIL: 1, APP: 1}, signature=True),
    "one_link": Profile(links={SMS: 1, EMAIL: 1, APP: 1}),
}


def _plain_domain(domain: str) -> str:
    if not re.fullmatch(r"(?!xn--)[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+", domain):
        raise ValueError(f"{domain!r} is not a domain in small plain letters, such as bank.example")
    return domain


def _phone_digits(phone: str) -> str:
    if not re.fullmatch(r"\+?\d[\d ()-]{1,20}\d", phone):
        raise ValueError(f"{phone!r} is not a phone number, such as +86 10 5555 0100 or 95000")
    return phone


Name = Annotated[str, Field(min_length=2)]
Domain = Annotated[str, AfterValidator(_plain_domain)]
Phone = Annotated[str, AfterValidator(_phone_digits)]


class Bank(Params):
    """Who sends, and how it is reached. The defaults are the generated bank's."""

    names: Mapping[str, tuple[Name, ...]] = Field(
        {"en": ("Finrec Bank",), "zh": ("芬睿银行",)},
        min_length=1,
        description="By language, the names under which the bank signs; the first is the one that templates use",
    )
    sender_ids: tuple[str, ...] = Field(("FinrecBank",), description="Registered senders of SMS")
    domains: tuple[Domain, ...] = Field(("finrec-bank.example",), description="The bank's registered domains")
    phones: tuple[Phone, ...] = Field(("+86 10 5555 0100",), description="Its published phone numbers")
    region: str = Field("CN", pattern="^[A-Z]{2}$", description="Country whose numbers are dialled without a prefix")
    currency: str = Field("CNY", pattern="^[A-Z]{3}$", description="Currency of amounts without one of their own")
    unsubscribe: str = Field(
        "https://finrec-bank.example/unsubscribe",
        pattern=r"^https://[a-z0-9.-]+/[a-z0-9/_-]*[a-z0-9]$",
        description="Page that RFC 8058's headers of emails name; a code of the message is added",
    )
    profile: ProfileName = Field("strict", description="Rules of the market")

    @model_validator(mode="after")
    def _keeps_to_its_market(self) -> "Bank":
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"region {self.region} is not a country's code")
        if not self.owns(self.unsubscribe.split("/")[2]):
            raise ValueError(f"unsubscribe: {self.unsubscribe} is on none of the bank's domains")
        prefix = self.rules.sender_prefix
        wrong = [sender for sender in self.sender_ids if not sender.startswith(prefix)]
        if wrong:
            raise ValueError(f"profile {self.profile}: sender IDs begin with {prefix}, {', '.join(wrong)} does not")
        return self

    @property
    def rules(self) -> Profile:
        """The profile's rules."""
        return PROFILES[self.profile]

    def owns(self, host: str) -> bool:
        """Whether a host is one of the bank's domains or lies below one."""
        return any(host == domain or host.endswith(f".{domain}") for domain in self.domains)

    @cached_property
    def own_names(self) -> re.Pattern[str]:
        """Finds the bank's own names, in whatever capitals."""
        names = sorted((name for names in self.names.values() for name in names), key=len, reverse=True)
        return re.compile("|".join(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])" for name in names), re.IGNORECASE)

    @cached_property
    def own_phones(self) -> re.Pattern[str]:
        """Finds the bank's own numbers, however they are spaced."""
        gap = r"[\s().\-]*"
        local = [re.sub(r"\D", "", _without_country(phone, self.region)) for phone in self.phones]
        country = rf"(?:(?:\+|00){phonenumbers.country_code_for_region(self.region)}{gap})?(?:\(?0\)?{gap})?"
        return re.compile(rf"(?<!\d){country}(?:{'|'.join(gap.join(digits) for digits in local) or '(?!)'})(?!\d)")


def _without_country(phone: str, region: str) -> str:
    code = str(phonenumbers.country_code_for_region(region))
    digits = re.sub(r"\D", "", phone)
    return digits.removeprefix(code) if phone.startswith("+") else digits.removeprefix("0")


def load_bank(path: Path, profile: ProfileName | None = None) -> Bank:
    """The bank of a YAML file; ``profile`` in place of the file's.

    Raises:
        InputMissing: there is no such file.
        ConfigError: one line that names every fault.
    """
    try:
        values = parse_yaml(path.read_text(encoding="utf-8")) or {}
        return Bank.model_validate({**values, **({"profile": profile} if profile else {})})
    except OSError as error:
        raise InputMissing(f"{path}: cannot be read ({error.strerror}); give --bank an existing YAML file") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"{path}: {'; '.join(faults)}") from error
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise ConfigError(f"{path}: is not a YAML mapping: {' '.join(str(error).split())}") from error
