"""The wording that each rule looks for, in every language of the messages at once: phishing mixes them."""

import re
from collections.abc import Mapping
from functools import cache, reduce

from finrec_spark.campaigns.messages.wording import chinese, english

_PACKS = ((english.ENGLISH, english.PARTS), (chinese.CHINESE, chinese.PARTS))


@cache
def patterns() -> Mapping[str, str]:
    """Rule → one pattern of all its alternatives, in syntax that both RE2 and ``re`` read."""
    found: dict[str, list[str]] = {}
    for wording, parts in _PACKS:
        for code, lines in wording.items():
            found.setdefault(code, []).append(_written_out(lines, parts))
    return {code: "|".join(alternatives) for code, alternatives in found.items()}


def _written_out(lines: str, parts: Mapping[str, str]) -> str:
    """One pattern of the lines, ``<name>`` written out."""
    return re.sub(r"<(\w+)>", lambda name: f"(?:{_written_out(parts[name[1]], parts)})", _alternatives(lines))


def _alternatives(lines: str) -> str:
    """Lines joined as alternatives; a line that begins with ``|`` goes on with the group of the line above.

    >>> _alternatives('''
    ...     (?:pin|code
    ...     |password)
    ...     token
    ... ''')
    '(?:pin|code|password)|token'
    """
    stripped = (line.strip() for line in lines.strip().splitlines())
    return reduce(lambda above, line: above + line if line.startswith("|") else f"{above}|{line}", stripped)
