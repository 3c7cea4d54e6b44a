"""Words that were split or disguised to pass filters, put together again.

Works on folded text. ``rejoined`` gives the text as it is meant, with the edits that led there; what was edited is a
finding of its own, for no honest message writes so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from finrec_spark.campaigns.messages.folding import HAN

_SIGNS = r"\t _.*•·\-|/\\~^+=#@&'\"`$"
_SIGN = r"[ _.*•·|/~^+=#'\"`-]"
_SPACED_LATIN = re.compile(rf"(?<![a-z0-9])[a-z0-9](?:{_SIGN}[a-z0-9]){{3,}}(?![a-z0-9])")
_STUFFING = r"a-z0-9<>\[\]{}☆★※◆●○■□→♥❤▪" "\U0001f000-\U0001faff"
_SPACED_HAN = re.compile(rf"(?<=[{HAN}])[{_SIGNS}]{{1,3}}(?=[{HAN}])")
_STUFFED_HAN = re.compile(rf"(?<=[{HAN}])[{_STUFFING}]{{1,2}}(?=[{HAN}])")
_LEET_WORD = re.compile(r"[a-z0-9@$!|_*.\-]*[a-z][a-z0-9@$!|_*.\-]*")
_SUSPECT_LATIN = re2.compile(rf"[a-z0-9]{_SIGN}[a-z0-9]{_SIGN}[a-z0-9]{_SIGN}[a-z0-9]")
_SUSPECT_LEET = re2.compile(r"[a-z][0-9@$!|_*.\-]+[a-z]|(?:^|[^0-9])[0-9@$!|][a-z]|[a-z][0-9$@|]")
_SUSPECT_HAN = re2.compile(rf"[{HAN}](?:[{_SIGNS}]{{1,3}}|[{_STUFFING}]{{1,2}})[{HAN}]")
_LEET = (str.maketrans("013457@$!|8", "oieastasilb"), str.maketrans("013457@$!|8", "olea5tasi1b"))

WATCHED = frozenset(
    "account accounts alert bank banking block blocked bonus card cash claim click code confirm credit deposit "
    "expire expired free fund funds gift identity immediately immediate link locked login loan money offer "
    "password passcode passwd pay payment paypal pin prize profit refund reset reward secure security sign "
    "suspend suspended transfer transaction unlock update urgent urgently verify verification verified "
    "visit wallet win winner withdraw guaranteed invest investment reply restricted limited".split()
)
"""Words that phishing disguises."""

WATCHED_HAN = re.compile(
    "密码|口令|验证码|校验码|动态码|安全码|账户|账号|卡号|银行卡|信用卡|身份证|网银|手机银行|登录|点击|链接|网址|转账|汇款|冻结|停用|"
    "注销|失效|过期|逾期|异常|风险|验证|核实|认证|激活|更新|解冻|领取|中奖|积分|兑换|红包|退款|补贴|贷款|提额|额度|收益|稳赚|保本|"
    "返利|理财|扫码|二维码|下载|安装|微信|威信|薇信|徽信|维信|加群|客服|征信|立即|马上|尽快|紧急|银行|保证金|手续费|个人信息|免费"
)


@dataclass(frozen=True)
class Edit:
    """``text[start:end]`` reads ``meant``; ``code`` is the rule that it breaks, empty where it breaks none."""

    start: int
    end: int
    meant: str
    code: str


def rejoined(text: str) -> tuple[str, tuple[Edit, ...]]:
    """The folded text as it is meant, and the edits, in order and apart from each other.

    >>> rejoined("输入验.证.码, v e r i f y your p4ssw0rd")[0]
    '输入验证码, verify your password'
    """
    finders = ((_SUSPECT_LATIN, _spaced_latin), (_SUSPECT_LEET, _leet), (_SUSPECT_HAN, _han))
    found = [edit for suspect, finder in finders if suspect.search(text) for edit in finder(text)]
    edits = _apart(found)
    return _applied(text, edits), edits


def original(edits: tuple[Edit, ...], position: int) -> int:
    """Where a position of the rejoined text was before the edits."""
    shift = 0
    for edit in edits:
        if edit.start + shift + len(edit.meant) > position:
            break
        shift += len(edit.meant) - (edit.end - edit.start)
    return position - shift


def _applied(text: str, edits: tuple[Edit, ...]) -> str:
    parts, reached = [], 0
    for edit in edits:
        parts += [text[reached : edit.start], edit.meant]
        reached = edit.end
    return "".join([*parts, text[reached:]])


def _apart(edits: list[Edit]) -> tuple[Edit, ...]:
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda found: (found.start, -found.end)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return tuple(kept)


def _spaced_latin(text: str) -> Iterator[Edit]:
    for found in _SPACED_LATIN.finditer(text):
        meant = re.sub(_SIGN, "", found[0])
        letters = sum(char.isalpha() for char in meant)
        if letters == 0 or letters >= 4:  # digits are joined in silence: a spaced number is a number
            yield Edit(found.start(), found.end(), meant, "M704" if letters else "")


def _leet(text: str) -> Iterator[Edit]:
    for found in _LEET_WORD.finditer(text):
        word = found[0].strip("_*.-!|")
        start = found.start() + found[0].index(word) if word else 0
        meant = _meant(word)
        if meant:
            code = "M705" if re.search(r"[0-9@$!|]", word) else "M704"
            yield Edit(start, start + len(word), meant, code)


def _meant(word: str) -> str | None:
    """The watched word behind a disguised one."""
    if word.isalpha() or len(word) < 3:
        return None
    bare = re.sub(r"[_*.\-]", "", word)
    readings = (bare, *(bare.translate(table) for table in _LEET))
    return next((reading for reading in readings if reading in WATCHED), None)


def _han(text: str) -> Iterator[Edit]:
    """Signs between Chinese characters vanish; what was stuffed with letters or digits only where a watched word is."""
    edits = [Edit(found.start(), found.end(), "", "") for found in _SPACED_HAN.finditer(text)]
    stuffed = [Edit(found.start(), found.end(), "", "") for found in _STUFFED_HAN.finditer(text)]
    spaced = {edit.start for edit in edits}
    tried = _apart([*edits, *stuffed])
    whole = _applied(text, tried)
    inside = [(original(tried, word.start()), original(tried, word.end() - 1)) for word in WATCHED_HAN.finditer(whole)]
    for edit in tried:
        splits = any(start < edit.start <= end for start, end in inside)
        if splits or edit.start in spaced:
            yield Edit(edit.start, edit.end, "", "M704" if splits else "")
