"""The wording that each rule looks for, in every language of the messages at once: phishing mixes them."""

from collections.abc import Mapping
from functools import cache

from finrec_spark.campaigns.messages.wording import chinese, english
from finrec_spark.campaigns.messages.wording.blocks import pattern_of

_PACKS = ((english.ENGLISH, english.PARTS), (chinese.CHINESE, chinese.PARTS))


@cache
def patterns() -> Mapping[str, str]:
    """Rule → one pattern of all its alternatives, in RE2's syntax."""
    found: dict[str, list[str]] = {}
    for wording, parts in _PACKS:
        for code, lines in wording.items():
            found.setdefault(code, []).append(pattern_of(lines, parts))
    return {code: "|".join(alternatives) for code, alternatives in found.items()}
