"""A policy: its rules, and what counts as too many messages."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from finrec_spark.params import Params
from finrec_spark.vocabulary import CHANNELS

Stage = Literal["eligibility", "applicability", "suitability", "contact_policy"]
STAGES: tuple[Stage, ...] = ("eligibility", "applicability", "suitability", "contact_policy")
"""In the order in which they are tried: may the customer be offered anything, may this product be offered to anyone
like this, does it suit, and is this the time and the way."""


class Rule(Params):
    """What keeps an option out."""

    code: str = Field(pattern="^[a-z][a-z0-9_]*$", description="Name in mart.exclusions")
    stage: Stage
    keeps_out: str = Field(
        min_length=1, description="SQL condition over the fields of an option; where true, it is out"
    )
    where_unknown: Literal["keep", "exclude"] = Field("keep", description="What happens where the condition is null")
    sentence: str = Field(min_length=1, description="The rule in words")


class PolicyParams(Params):
    """Who may be offered what, and how often they may be written to."""

    rules: tuple[Rule, ...] = Field(min_length=1, description="Tried stage by stage, in their order within a stage")
    window_days: int = Field(90, ge=1, description="Days before the month in which messages count")
    weights: Mapping[str, float] = Field(
        {"sms": 1.0, "email": 0.5, "app": 0.5, "phone": 2.0, "branch": 1.0},
        description="What one message weighs, by channel; 1 where none is named",
    )

    @field_validator("rules")
    @classmethod
    def _named_once_and_in_order(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        codes = [rule.code for rule in rules]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"rules named twice: {', '.join(twice)}")
        return tuple(sorted(rules, key=lambda rule: STAGES.index(rule.stage)))

    @field_validator("weights")
    @classmethod
    def _of_channels(cls, weights: Mapping[str, float]) -> Mapping[str, float]:
        unknown = sorted(set(weights) - set(CHANNELS))
        if unknown or any(weight < 0 for weight in weights.values()):
            raise ValueError(f"weights are of {', '.join(CHANNELS)}, and not below 0")
        return weights
