"""The month's campaigns as data: who is written to about what, by which rules, within which limits."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator, model_validator

from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.arms import ArmParams
from finrec_spark.campaigns.measurement.outcomes import PROGRAMME
from finrec_spark.campaigns.policy.rules import PolicyParams
from finrec_spark.params import Params
from finrec_spark.vocabulary import APP, CHANNELS, EMAIL, PHONE, SMS


class Campaign(Params):
    """One campaign of every month; an option belongs to the first one that takes it."""

    id: str = Field(pattern="^[a-z][a-z0-9_]*$", description="Name; the month is put before it")
    categories: tuple[str, ...] = Field((), description="Categories of products that it offers; none: all")
    channels: tuple[str, ...] = Field((), description="Channels that it uses; none: all")
    audience: str | None = Field(None, description="SQL condition over an option's fields; null: everyone")

    @field_validator("id")
    @classmethod
    def _free(cls, name: str) -> str:
        if name == PROGRAMME:
            raise ValueError(f"{PROGRAMME} stands for all campaigns together in mart.campaign_outcomes; take another")
        return name


class Capacity(Params):
    """Limits as shares of the known customers; the allocation's own limits, where they are named, come first."""

    contacts: float = Field(0.3, gt=0, le=1, description="Messages at most, a customer")
    by_channel: Mapping[str, float] = Field({PHONE: 0.02}, description="Messages at most, a customer, by channel")

    def limits(self, customers: int, named: AllocationParams) -> AllocationParams:
        """The allocation's limits for so many customers.

        >>> found = Capacity(contacts=0.5).limits(1000, AllocationParams(by_channel={"phone": 7}))
        >>> found.contacts, found.by_channel
        (500, {'phone': 7})
        """
        of_channels = {channel: int(share * customers) for channel, share in self.by_channel.items()}
        return named.model_copy(
            update={
                "contacts": int(self.contacts * customers) if named.contacts is None else named.contacts,
                "by_channel": {**of_channels, **named.by_channel},
            }
        )


class CampaignParams(Params):
    """What decides the month's campaigns."""

    campaigns: tuple[Campaign, ...] = Field((Campaign(id="monthly"),), min_length=1, description="The campaigns")
    channels: tuple[str, ...] = Field((SMS, EMAIL, APP, PHONE), min_length=1, description="Channels that the bank has")
    costs: Mapping[str, float] = Field(
        {SMS: 0.05, EMAIL: 0.01, APP: 0.01, PHONE: 6.0}, description="Yuan that one message costs, by channel"
    )
    offers: int = Field(
        10,
        ge=1,
        le=1000,
        description="Products a customer to choose from beside the list's, of the greatest score × expected amount",
    )
    popular: int = Field(5, ge=1, description="Popular products that are offered where nothing personal may be")
    days: int = Field(30, ge=1, description="Days from the month's first on which an offer holds; {until} in templates")
    language: str = Field("zh", description="Language of customers whose profile names none that templates have")
    language_column: str = Field("language", description="Profile column that names a customer's language")
    name_column: str = Field("first_name", description="Profile column with the name that templates may use")
    branch_column: str = Field("branch", description="Profile column with the branch that limits may name")
    policy: PolicyParams | None = Field(None, description="The rules; without any there is no campaign")
    arms: ArmParams = ArmParams()
    capacity: Capacity = Capacity()
    allocation: AllocationParams = AllocationParams()
    bank: Mapping[str, Any] = Field({}, description="campaigns/bank.yaml as it stands")
    templates: tuple[Mapping[str, Any], ...] = Field((), description="campaigns/templates/*.yaml as they stand")

    @field_validator("channels")
    @classmethod
    def _known(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [channel for channel in channels if channel not in CHANNELS]
        if unknown:
            raise ValueError(f"unknown channel {', '.join(unknown)}; the channels are {', '.join(CHANNELS)}")
        return channels

    @model_validator(mode="after")
    def _one_offer_a_customer(self) -> "CampaignParams":
        if self.allocation.offers_per_customer != 1:
            raise ValueError("allocation.offers_per_customer: no customer gets two offers a month; leave it at 1")
        names = [campaign.id for campaign in self.campaigns]
        if len(set(names)) < len(names):
            raise ValueError("two campaigns have the same id")
        missing = [channel for channel in self.channels if channel not in self.costs]
        if missing:
            raise ValueError(f"costs: say what one message over {', '.join(missing)} costs")
        return self
