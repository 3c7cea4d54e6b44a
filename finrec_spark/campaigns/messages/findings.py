"""What the lint finds: which rule, where, in which words."""

import re
from dataclasses import dataclass

from finrec_spark.campaigns.messages.rules import RULES, Rule

_PRIVATE = {"M101", "M401", "M402", "M501", "M311"}
_LONGEST = 60


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule at one place.

    Attributes:
        start: position of the first character in the text, from 0.
        end: position after the last one; ``start`` where something is missing.
        code: the rule's.
        found: the words at the place, digits of personal numbers masked.
    """

    start: int
    end: int
    code: str
    found: str

    @property
    def rule(self) -> Rule:
        """The broken rule."""
        return RULES[self.code]

    @property
    def blocks(self) -> bool:
        """Whether the message must not be sent."""
        return self.rule.level == "error"


def finding(code: str, text: str, start: int = 0, end: int = 0) -> Finding:
    """A finding at ``text[start:end]``; of what is missing, at the start."""
    found = " ".join(text[start:end].split())[:_LONGEST]
    return Finding(start, end, code, re.sub(r"\d", "#", found) if code in _PRIVATE else found)


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Line and column of a position, both from 1.

    >>> line_and_column("ab" + chr(10) + "cd", 4)
    (2, 2)
    """
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
