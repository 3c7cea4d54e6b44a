"""Who speaks and how one gets out: the bank's name, other institutions' names, the opt-out, the way to check."""

import re
from collections.abc import Iterator

import re2

from finrec_spark.campaigns.messages.bank import Bank, Channel
from finrec_spark.campaigns.messages.wording.blocks import pattern_of
from finrec_spark.campaigns.messages.wording.senders import CHECK, INSTITUTIONS, OPT_OUT, OPT_OUT_PARTS
from finrec_spark.vocabulary import SMS

_OPT_OUT = re2.compile(pattern_of(OPT_OUT, OPT_OUT_PARTS))
_OPT_OUT_WORD = re.compile(
    "stop|unsub|opt ?out|reply|text|send|you (?:do not|don't|no|would|prefer)|退|拒|回|取消|关闭|不再|停止"
)
_CHECK = re2.compile(pattern_of(CHECK))
_OTHERS = re2.compile(pattern_of(INSTITUTIONS))
_SIGNATURE = re.compile(r"【([^】\n]{1,30})】|^\s*[\[(〔「]([^\]\n)〕」]{2,30})[\])〕」]")
_ORGANISATION = re.compile(r"银行|bank|金融|支付|客服|保险|中心|局|官方|贷|card|卡|证券|基金|集团|平台|公司", re.I)


def sender_faults(text: str, bank: Bank, channel: Channel) -> Iterator[tuple[str, int, int]]:
    """The fault of a text that does not name the bank, or not as the profile wants it."""
    if not bank.own_names.search(text) or (bank.rules.signature and channel == SMS and not _is_signed(text, bank)):
        yield "M403", 0, 0


def other_senders(sentence: str, bank: Bank) -> Iterator[tuple[str, int, int]]:
    """Where a folded sentence is signed by, or names, another institution."""
    others = bank.own_names.sub(lambda own: " " * len(own[0]), sentence)
    for found in _SIGNATURE.finditer(others):
        if _ORGANISATION.search(found[0]):
            yield "M404", *found.span()
    yield from (("M404", *found.span()) for found in _OTHERS.finditer(others))


def opt_outs(sentence: str) -> tuple[tuple[int, int], ...]:
    """Where a folded sentence says how to opt out."""
    return tuple(found.span() for found in _OPT_OUT.finditer(sentence)) if _OPT_OUT_WORD.search(sentence) else ()


def without_opt_outs(sentence: str, places: tuple[tuple[int, int], ...]) -> str:
    """The sentence with those places blanked: nothing else is read into them."""
    for start, end in places:
        sentence = f"{sentence[:start]}{' ' * (end - start)}{sentence[end:]}"
    return sentence


def is_checkable(sentence: str) -> bool:
    """Whether a folded sentence says where the message can be checked."""
    return _CHECK.search(sentence) is not None


def _is_signed(text: str, bank: Bank) -> bool:
    signatures = tuple(f"【{name}】" for names in bank.names.values() for name in names)
    return text.strip().startswith(signatures) or text.strip().endswith(signatures)
