"""The lint as a gate: counts what it lets pass, and says no where a message is blocked."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from finrec_spark.campaigns.messages.inputs import Message
from finrec_spark.campaigns.messages.rules import RULES
from finrec_spark.errors import DataQualityError


@dataclass
class Gate:
    """What went through: messages, how many were blocked, and how many of those by each rule."""

    messages: int = 0
    blocked: int = 0
    rules: Counter[str] = field(default_factory=Counter)

    def watched(self, messages: Iterable[Message]) -> Iterator[Message]:
        """The same messages, counted as they pass."""
        for message in messages:
            self.messages += 1
            self.blocked += message.blocked
            self.rules.update({found.code for found in message.findings if found.blocks})
            yield message

    def require_clean(self) -> None:
        """End with 4 where a message was blocked.

        Raises:
            DataQualityError: it says how many, by which rules.
        """
        if self.blocked:
            raise DataQualityError(f"{self.blocked:,} of {self.messages:,} messages are blocked: {self._by_rule()}")

    def _by_rule(self) -> str:
        return ", ".join(f"{code} {RULES[code].name} {count:,}" for code, count in self.rules.most_common())
