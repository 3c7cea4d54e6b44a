"""How a text is written: invisible characters, mixed scripts, styled letters, placeholders, hidden text, shouting."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from finrec_spark.campaigns.messages.folding import is_invisible

_WORD = re.compile(r"[^\W\d_]+")
_PLACEHOLDER = re.compile(
    r"\{\{?[^{}\n]{0,40}\}?\}|\$\{\w*\}|\$[A-Za-z_]\w+|%\(\w+\)[sdf]\b|%[sd]\b|<%|%>|<[A-Z_]{2,}>"
    r"|\[(?:[A-Z][A-Z _]+|[Nn]ame|[Ff]irst ?[Nn]ame|[Aa]mount|[Dd]ate|[Ll]ink|姓名|客户|金额|日期|链接|产品)"
    r"[^\]]{0,20}\]"
    r"|\b(?:NaN|NaT|null|undefined|None(?! of)|nan)\b|X{2,}元|【\s*】"
)
_SUSPECT_PLACEHOLDER = re.compile(r"[{}$%<\[]|NaN|NaT|null|undefined|None|nan|XX|xxx|【\s*】")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt|em)?\b|opacity\s*:\s*0\b|<!--", re.I
)
_SHOUTED = re.compile(
    r"!\s?!|!{2,}|[!?]{3,}|[$¥£€]{2,}|\b[A-Z]{4,}\b(?:\W+\b[A-Z]{2,}\b){1,}|(?:\b[A-Z]{4,}\b.{0,60}){3}"
)
_SUSPECT_SHOUT = re.compile(r"[!!]\s?[!!]|[!?!?]{3}|[$¥¥£€]{2}|[A-Z]{4}")
_HALF_WIDTH = str.maketrans("!?¥", "!?¥")
_SINGLE_SIGNS = re.compile(r"[\u2776-\u2793\u24ea\U0001f100-\U0001f1ff]")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "HEBREW", "ARABIC", "COPTIC", "DESERET", "LISU")


_ORDINARY: set[str] = set()  # characters that were looked at and are fine, for speed alone


def writing_faults(text: str, own_names: re.Pattern[str]) -> Iterator[tuple[str, int, int]]:
    """Rule, start and end of what is wrong with the characters of the original text; own names may be in capitals."""
    if not text.isascii():
        yield from _character_faults(text)
    if _SUSPECT_PLACEHOLDER.search(text):
        yield from (("M706", *found.span()) for found in _PLACEHOLDER.finditer(text))
        yield from (("M701", *found.span()) for found in _HIDDEN.finditer(text))
    if _SUSPECT_SHOUT.search(text):
        spoken = own_names.sub(lambda own: " " * len(own[0]), text.translate(_HALF_WIDTH))
        yield from (("M209", *found.span()) for found in _SHOUTED.finditer(spoken))


def _character_faults(text: str) -> Iterator[tuple[str, int, int]]:
    rare = set(text) - _ORDINARY
    _ORDINARY.update(char for char in rare if not _fault_of(char) and _script(char) in ("", "LATIN"))
    rare -= _ORDINARY
    if rare:
        yield from ((_fault_of(char), place, place + 1) for place, char in enumerate(text) if _fault_of(char))
        yield from (("M702", *word.span()) for word in _WORD.finditer(text) if _is_mixed(word[0]))


@cache
def _fault_of(char: str) -> str:
    """The rule that a character breaks wherever it stands; empty for none."""
    if char.isascii():
        return ""
    if is_invisible(char):
        return "M701"
    return "M703" if _is_styled(char) else ""


def _is_styled(char: str) -> bool:
    """Full-width, circled, mathematical and other dress of a letter or digit."""
    plain = unicodedata.normalize("NFKC", char)
    dressed = plain != char and plain.isascii() and plain.strip("()., ").isalnum()
    return (dressed and char not in "ªº²³¹") or _SINGLE_SIGNS.match(char) is not None


def _is_mixed(word: str) -> bool:
    scripts = {script for char in word if (script := _script(char))}
    return len(scripts) > 1 or bool(scripts - {"LATIN"})


@cache
def _script(char: str) -> str:
    """The alphabet of a letter; empty for signs and for Chinese, which has none."""
    if not char.isalpha():
        return ""
    name = unicodedata.name(char, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), "")
