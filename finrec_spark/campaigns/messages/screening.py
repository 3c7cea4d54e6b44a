"""Finds the wording of the rules in a text: one pass says which rules may be broken, only they are then looked at."""

import re
from collections.abc import Callable, Iterator
from functools import cache

import re2

from finrec_spark.campaigns.messages.negation import covers, negated
from finrec_spark.campaigns.messages.wording import patterns

_MEMORY_BYTES = 256 << 20
_UNSHAKEN = frozenset({"M201", "M202", "M203", "M204", "M206", "M207"})
"""Rules that a negation before the words does not lift."""

_EXCUSES = {
    "M103": re.compile(r"\b(?:no|without|zero|waived?|free of)\b|免|不收|零手续|无手续|优惠"),
    "M108": re.compile(
        r"\bwould you like\b|\b(?:please|kindly|can you|could you|would you|will you)(?: also| always| first)? (?:read|see|visit|ask|talk|compare|take|"
        r"note|consider|decide|look|speak to (?:us|an adviser|your adviser)|contact (?:us|your|a|any)|find|keep in mind|remember|"
        r"be aware|call (?:our|us|the)|dial|come|refer|do not|don't|never|feel free|bear|think|study|check the terms|open our|"
        r"log in to our|reply)|\bwill you (?:have|get|find|receive|be)\b|\blet us (?:know whether|advise|help you)|\btell us (?:what you|how you|your goals)"
        r"|请(?:您)?(?:先|仔细|认真|务必|充分|详细|您|提前|随时|同时|合理|以|按|根据|结合|在网点|到网点|到各?|前往(?:就近|附近|任一)?网点|移步|咨询|垂询|"
        r"阅读|查阅|参阅|参见|查看|见|了解|知悉|理性|谨慎|审慎|注意|留意|放心|联系(?:您的)?客户经理|联系网点|致电|拨打|勿|不要|别|"
        r"切勿|警惕|保持|理解|打开手机银行|登录手机银行|登录我行手机银行|至|于网点|关注(?:风险|条款))|希望您(?:喜欢|满意)|请(?:短信)?\s*$|请\s"
    ),
    "M201": re.compile(r"(?:\bno (?:need|reason|pressure) to |\bneed not |无需|不必|不用|不急于)\S*$"),
    "M202": re.compile(r"\b(?:no|without|waived?) |免|不收"),
}
"""What, within the words or shortly before them, turns them harmless."""

_REACH = {"M103": 14, "M201": 14, "M202": 14}
"""How many characters before the words count as shortly before them."""



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
            if not lifted and not _excused(code, text[max(0, start - _REACH.get(code, 0)) : end]):
                yield code, start, end


def _excused(code: str, words: str) -> bool:
    return code in _EXCUSES and _EXCUSES[code].search(words) is not None
