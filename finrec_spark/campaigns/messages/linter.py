"""The lint of one text: every rule over its original, plain, folded and rejoined form.

Wording never reaches over the end of a sentence, so sentences are judged one by one and remembered: of a campaign's
messages only the sentences that were filled in differ.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from finrec_spark.campaigns.messages.bank import Bank, Channel
from finrec_spark.campaigns.messages.contacts import contact_faults
from finrec_spark.campaigns.messages.evasion import original, rejoined
from finrec_spark.campaigns.messages.findings import Finding, finding
from finrec_spark.campaigns.messages.folding import FOLDED, PLAIN
from finrec_spark.campaigns.messages.links import is_suspect, link_faults
from finrec_spark.campaigns.messages.rules import RULES
from finrec_spark.campaigns.messages.screening import wording_hits
from finrec_spark.campaigns.messages.senders import (
    is_checkable,
    opt_outs,
    other_senders,
    sender_faults,
    without_opt_outs,
)
from finrec_spark.campaigns.messages.writing import writing_faults
from finrec_spark.vocabulary import EMAIL, PHONE, SMS

Fault = tuple[str, int, int]
"""A rule's code, start and end of the place."""

_SENTENCE = re.compile(r"[^。!?;\n]*?(?:[。!?;\n]+|\.(?=\s)|$)")
_REMEMBERED = 50_000


@dataclass(frozen=True)
class _Sentence:
    """What a folded sentence has: faults at its own places, an opt-out, a way to check the message."""

    faults: tuple[Fault, ...]
    opt_out: bool
    checkable: bool


@dataclass(frozen=True)
class Linter:
    """Judges what ``bank`` sends over ``channel``."""

    bank: Bank
    channel: Channel

    def findings(self, text: str) -> tuple[Finding, ...]:
        """Everything that is wrong with the text, in the order of its places; each rule once a place."""
        return tuple(sorted({finding(*_part(text, fault)) for fault in self._faults(text)}))

    def codes(self, text: str) -> tuple[str, ...]:
        """The rules that block the text, in order; empty where it may be sent."""
        found = {code for code, _, _ in self._faults(text, placed=False)}
        return tuple(sorted(code for code in found if RULES[code].level == "error"))

    def _faults(self, text: str, placed: bool = True) -> Iterator[Fault]:
        """Every fault; its place is the original text's where ``placed``, else of no meaning."""
        if not text.strip():
            yield "M707", 0, 0
            return
        folded = FOLDED.apply(text)
        yield from writing_faults(text, self.bank.own_names)
        yield from sender_faults(text, self.bank, self.channel)
        for code, start, end in self._folded_faults(folded):
            yield (code, *FOLDED.span(text, start, end)) if placed else (code, start, end)
        if is_suspect(folded):
            for code, start, end in link_faults(PLAIN.apply(text), self.bank, self.channel):
                yield (code, *PLAIN.span(text, start, end)) if placed else (code, start, end)

    def _folded_faults(self, folded: str) -> Iterator[Fault]:
        opt_out = checkable = False
        for part in _SENTENCE.finditer(folded):
            sentence, begin = self._judged(part[0]), part.start()
            opt_out, checkable = opt_out or sentence.opt_out, checkable or sentence.checkable
            yield from ((code, begin + start, begin + end) for code, start, end in sentence.faults)
        if not opt_out and self.channel in (SMS, EMAIL):
            yield "M405", 0, 0
        if not checkable and self.channel != PHONE:
            yield "M406", 0, 0

    @cached_property
    def _judged(self) -> Callable[[str], _Sentence]:
        return lru_cache(_REMEMBERED)(self._judge)

    def _judge(self, sentence: str) -> _Sentence:
        meant, edits = rejoined(sentence)
        places = opt_outs(meant)
        faults = [
            *contact_faults(sentence, self.bank),
            *other_senders(sentence, self.bank),
            *((edit.code, edit.start, edit.end) for edit in edits if edit.code),
        ]
        for code, start, end in wording_hits(without_opt_outs(meant, places)):
            faults.append((code, original(edits, start), original(edits, end - 1) + 1))
        return _Sentence(tuple(faults), bool(places), is_checkable(meant))


def _part(text: str, fault: Fault) -> tuple[str, str, int, int]:
    code, start, end = fault
    return code, text, start, end
