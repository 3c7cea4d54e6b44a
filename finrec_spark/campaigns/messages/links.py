"""Links in a text, next to Chinese too: found by linkify-it, judged by the bank's domains and its market's profile."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

import re2
from linkify_it import LinkifyIt
from publicsuffixlist import PSLFILE, PublicSuffixList

from finrec_spark.campaigns.messages.bank import Bank, Channel
from finrec_spark.campaigns.messages.folding import FOLDED, HAN

_ENDINGS = "com|cn|net|org|top|vip|cc|xyz"
_SUSPECT = re2.compile(
    rf"://|www|[a-z0-9][.。][a-z]|[a-z0-9] ?[.。] ?(?:{_ENDINGS})\b|xn--|\bdot (?:{_ENDINGS})\b|点(?:{_ENDINGS})|hxxp"
    rf"|\d\.\d+\.\d+\.\d|\[\.\]|dot\)|[^\x00-\x7f]\.(?:{_ENDINGS}|hk|sg|公司|网络|中国|网址)|\]\(|href|0x[0-9a-f]"
)

SHORTENERS = frozenset(
    "bit.ly t.cn dwz.cn url.cn suo.im tinyurl.com goo.gl t.co ow.ly is.gd v.gd rb.gy cutt.ly s.id t.ly shorturl.at "
    "rebrand.ly tiny.cc 3.cn u.nu mrw.so 985.so sourl.cn suo.nz dlvr.it buff.ly lnkd.in bl.ink qrco.de tny.im "
    "shorte.st adf.ly clck.ru 0x0.st soo.gd tiny.one linktr.ee dwz.win m6z.cn c1n.cn w.tt 163.fm j.mp x.co trib.al "
    "dwz.date 9i.cn r6e.cn t.hk ssl.gd b23.tv v.ht shrtco.de t.im tr.im snip.ly short.io short.gy link.ac".split()
)
_DISGUISED = re.compile(
    rf"hxxps?|\[\.\]|[\[(]dot[\])]|\b[\w-]+ ?dot ?(?:{_ENDINGS})\b|[a-z0-9-]+点(?:{_ENDINGS})\b"
    rf"|[a-z0-9-]{{2,}}(?: [.。] ?|[.。] |。)(?:{_ENDINGS})\b|https?://\s|www ?\.\s|w\sw\sw\b",
    re.ASCII,
)
_FOREIGN_HOST = re.compile(
    rf"[{HAN}a-z0-9-]*[{HAN}][{HAN}a-z0-9-]*\.(?:com|cn|net|org|top|vip|cc|hk|sg|公司|网络|中国|网址)\b"
)
_BLANKED = re.compile(rf"[{HAN}\u3000-\u303f,;!()、“”‘’«»]")
_RESERVED = ("example", "test", "invalid", "localhost", "local")  # RFC 2606 and 6762: in no list, yet read as links
_LOGIN = re.compile(
    r"log-?[io]n|sign-?[io]n|verif|secur|auth|account|pay|transfer|otp|passw|confirm|update|unlock|activ|claim|bank|wallet|kyc|form|apply"
)
_SAFE_QUERY = re.compile(r"utm_[a-z]+|lang|language")
_MARKUP = re.compile(r"<a\b[^>]*?href\s*=\s*[\"']?([^\"'\s>]+)[^>]*>(.*?)</a>|\[([^\]\n]+)\]\(([^)\s]+)\)", re.S | re.I)


@dataclass(frozen=True)
class Link:
    """A link at ``[start, end)`` of the text."""

    start: int
    end: int
    parts: SplitResult
    schema: str

    @property
    def host(self) -> str:
        """Its host in small letters, without port and user."""
        return (self.parts.hostname or "").rstrip(".")

    @property
    def domain(self) -> str:
        """The part of the host that somebody registered."""
        return str(_suffixes().privatesuffix(self.host) or self.host)


def is_suspect(folded: str) -> bool:
    """Whether a folded text may have a link; cheap, and never wrong about one that has none of these signs."""
    return _SUSPECT.search(folded) is not None


def links(text: str) -> Iterator[Link]:
    """The links of a plain (not yet folded) text, email addresses left out."""
    for match in _linkifier().match(_BLANKED.sub(" ", text)) or ():
        if match.schema != "mailto:":
            yield _link(match.index, match.last_index, match.raw, match.schema)


def link_faults(text: str, bank: Bank, channel: Channel) -> Iterator[tuple[str, int, int]]:
    """Rule, start and end of what is wrong with the links of a plain text."""
    found = list(links(text))
    for disguise in _DISGUISED.finditer(text):
        yield "M312", *disguise.span()
    for foreign in _FOREIGN_HOST.finditer(text):
        yield "M306", *foreign.span()
    for number, link in enumerate(found):
        yield from ((code, link.start, link.end) for code in _faults(link, number, bank, channel))
    yield from _misleading(text)


def _faults(link: Link, number: int, bank: Bank, channel: Channel) -> Iterator[str]:
    allowed = bank.rules.links.get(channel, 0)
    if allowed == 0:
        yield "M301"
    elif number >= allowed:
        yield "M308"
    yield from _host_faults(link, bank)
    if link.schema != "https:":
        yield "M307"
    if not bank.rules.login_links and _LOGIN.search(link.parts.path.lower()):
        yield "M310"
    if any(not _SAFE_QUERY.fullmatch(name.lower()) for name, _ in parse_qsl(link.parts.query, keep_blank_values=True)):
        yield "M311"


def _host_faults(link: Link, bank: Bank) -> Iterator[str]:
    if "@" in link.parts.netloc:
        yield "M305"
    if _is_address(link.host):
        yield "M304"
    elif link.domain in SHORTENERS or link.host in SHORTENERS:
        yield "M303"
    if not bank.owns(link.host):
        yield "M302"
        if _imitates(link, bank):
            yield "M306"


def _imitates(link: Link, bank: Bank) -> bool:
    """Whether the host has letters that are not plain, or the bank's name in it, as it is or nearly so."""
    if not link.host.isascii() or "xn--" in link.host:
        return True
    host = _letters(link.host)
    labels = [_letters(domain.split(".")[0]) for domain in bank.domains]
    own = _letters(link.domain.split(".")[0])
    return any(label in host or SequenceMatcher(None, own, label).ratio() >= 0.85 for label in labels)


def _letters(name: str) -> str:
    return FOLDED.apply(name).translate(str.maketrans("013457", "oieast", "-.")).replace("rn", "m").replace("vv", "w")


def _misleading(text: str) -> Iterator[tuple[str, int, int]]:
    """Anchors whose text shows another domain than they lead to."""
    for found in _MARKUP.finditer(text):
        target, shown = found[1] or found[4], found[2] or found[3] or ""
        hosts = {link.domain for link in links(shown)}
        if hosts and hosts != {_link(0, 0, target, "").domain}:
            yield "M309", found.start(), found.end()


def _link(start: int, end: int, raw: str, schema: str) -> Link:
    try:
        parts = urlsplit(raw if "//" in raw else f"//{raw}")
        parts.port  # noqa: B018 – raises where the port is none
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    return Link(start, end, parts, schema)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return re.fullmatch(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}", host) is not None
    return True


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list that the package brings; unknown suffixes count as one


@cache
def _linkifier() -> LinkifyIt:
    lines = Path(PSLFILE).read_text(encoding="utf-8").splitlines()
    endings = {line.rsplit(".", 1)[-1] for line in lines if line and not line.startswith("//") and line.isascii()}
    linkifier = LinkifyIt(options={"fuzzy_ip": True, "fuzzy_link": True, "fuzzy_email": True})
    linkifier.tlds(sorted({*endings, *_RESERVED}), keep_old=True)
    return linkifier
