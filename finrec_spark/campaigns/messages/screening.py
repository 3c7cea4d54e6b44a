"""Finds the wording of the rules in a text: one pass says which rules may be broken, only they are then looked at."""

import re
from collections.abc import Callable, Iterator
from functools import cache

import re2

from finrec_spark.campaigns.messages.negation import covers, negated
from finrec_spark.campaigns.messages.wording import patterns
from finrec_spark.campaigns.messages.wording.blocks import pattern_of
from finrec_spark.campaigns.messages.wording.excuses import EXCUSES

_MEMORY_BYTES = 256 << 20
_UNSHAKEN = frozenset({"M201", "M202", "M203", "M204", "M206", "M207"})
"""Rules that a negation before the words does not lift."""

_EXCUSES = {code: re2.compile(pattern_of(lines)) for code, lines in EXCUSES.items()}

_BEFORE = {"M103": 14, "M106": 20, "M201": 14, "M202": 18, "M204": 20, "M207": 9}
"""How many characters before the words an excuse may reach."""

_BEHIND = {"M106": 24, "M201": 24, "M204": 20}
"""How many characters behind them."""


@cache
def _screen() -> tuple[tuple[str, ...], re2.Set]:
    screen = re2.Set.SearchSet(_options())
    for pattern in patterns().values():
        screen.Add(pattern)
    screen.Compile()
    return tuple(patterns()), screen


@cache
def _places(code: str) -> Callable[[str], Iterator[re.Match[str]]]:
    """Finds every place of a rule's wording."""
    places: Callable[[str], Iterator[re.Match[str]]] = re2.compile(patterns()[code], _options()).finditer
    return places


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    return options


def says_anything(text: str) -> bool:
    """Whether the folded text has wording of any rule, negated or not."""
    return bool(_screen()[1].Match(text))


def wording_hits(text: str) -> Iterator[tuple[str, int, int]]:
    """Rule, start and end of every wording in the folded text that no negation or excuse lifts."""
    codes, screen = _screen()
    suspected = [codes[index] for index in screen.Match(text) or ()]
    scopes = negated(text) if suspected else ()
    for code in suspected:
        for found in _places(code)(text):
            start, end = found.span()
            lifted = code not in _UNSHAKEN and covers(scopes, start, end)
            if not lifted and not _excused(code, text, start, end):
                yield code, start, end


def _excused(code: str, text: str, start: int, end: int) -> bool:
    if code not in _EXCUSES:
        return False
    and_before = text[max(0, start - _BEFORE.get(code, 0)) : end]
    and_behind = text[start : end + _BEHIND.get(code, 0)]
    return any(_EXCUSES[code].search(words) is not None for words in (and_before, and_behind))
