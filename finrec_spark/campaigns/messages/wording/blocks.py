"""Patterns written as blocks of text: one alternative a line, so that long ones can be read and changed."""

import re
from collections.abc import Mapping
from functools import reduce

_NO_PARTS: Mapping[str, str] = {}


def pattern_of(lines: str, parts: Mapping[str, str] = _NO_PARTS) -> str:
    """One pattern of the lines; ``<name>`` is written out as the alternatives of that name in ``parts``.

    A line that begins with ``|`` goes on with the group of the line above.

    >>> pattern_of('''
    ...     (?:enter|type
    ...     |send) <code>
    ...     token
    ... ''', {"code": "pin|password"})
    '(?:enter|type|send) (?:pin|password)|token'
    """
    stripped = (line.strip() for line in lines.strip().splitlines())
    joined = reduce(lambda above, line: above + line if line.startswith("|") else f"{above}|{line}", stripped)
    return re.sub(r"<(\w+)>", lambda name: f"(?:{pattern_of(parts[name[1]], parts)})", joined)
