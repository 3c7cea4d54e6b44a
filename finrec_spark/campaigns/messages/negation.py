"""Where a text says that something is *not* asked, or warns of those who ask: "we will never ask for your PIN".

A negation covers the rest of its sentence, up to a word that turns it round ("but", "请点击"). What only looks like
one ("do not forget to verify", "if you do not confirm", "请勿忽略") covers nothing.
"""

import re
from collections.abc import Iterator

import re2

_ASK = (
    r"(?:ask|asks|asking|request|requests|require|requires|need|needs|want|demand|call|calls|text|email|e-mail|phone|"
    r"contact|message|send|sends|seek|prompt|tell|urge|pressure|promise|promises|guarantee|guarantees|include|includes|"
    r"contain|contains|put|use|offer|threaten|block|charge|invite|come|visit|collect|have to|has to)"
)
_SHARE = (
    r"(?:share|sharing|give|tell|disclose|reveal|send|enter|forward|provide|type|click|tap|open|follow|scan|transfer|"
    r"download|install|read out|hand over|pass on|submit|reply|respond|trust|pay|write|let|allow|act on|log in|use|"
    r"be pressured|be rushed|rush|hurry)"
)
_WHO_WARNS = (
    r"(?:beware of|be wary of|watch out for|"
    r"(?:anyone|someone|anybody|callers?|messages?|emails?|texts?|links?|fraudsters?|scammers?|criminals?|"
    r"an? (?:call|text|message|email|link|caller|person))"
    r" (?:(?:who|that|which) )?(?:(?:may|might|often|will|can|could|sometimes) )?"
    r"(?:ask|asks|asking|pretend|pretends|pretending|claim|claims|claiming|posing|demand|demands|demanding|requests))"
)
_ENGLISH = re2.compile(
    rf"\b(?:never|will not|won't|do not|don't|does not|doesn't|would never|would not|wouldn't|cannot|shall not|"
    rf"must not|need not|should not|(?:no one|nobody) (?:at|from|in) [a-z ]+ will|none of our staff will|"
    rf"no (?:employee|staff|colleague|member of staff)[a-z ]{{0,20}}(?:will|should))"
    rf"(?: (?:ever|and will never|or will|at any time|by (?:phone|sms|text|email|e-mail)))*,? {_ASK}\b"
    rf"|\b(?:never|do not|don't|please do not|please don't|should not|must not|should never) (?:ever )?{_SHARE}\b"
    r"|\b(?:will never|never|will not|won't) be (?:asked|required|requested|prompted|charged|contacted|called)\b"
    r"|\bno (?:need|reason|pressure|rush|obligation|hurry)\b"
    r"|\b(?:no|without) (?:any )?(?:links?|attachments?|qr codes?)\b"
    r"|\bwithout (?:asking|pressure)\b"
    rf"|\b{_WHO_WARNS}\b|\bno guarantee\b|\bnot (?:be |bank |capital )?(?:guaranteed|risk-free|protected|promised)"
)
_FALSE_ENGLISH = re.compile(
    r"\b(?:if|unless|since|because|as|when|until|case|should|while) (?:you|we|this|it|the [a-z]+|your [a-z]+)"
    r"(?: have| still| really)?\W*$"
)
_REQUESTS = (
    r"(?:please|click|enter|reply|send|verify|confirm|call|log|sign|tap|visit|go|transfer|pay|update|open|submit|"
    r"provide|we|your|kindly|just|simply|use|complete|follow)"
)
_TURNS_ENGLISH = re.compile(
    r"[!?;\n]|\.(?=\s|$)|\b(?:but|however|except|unless|until|or else|otherwise|instead|therefore|please|to avoid|"
    rf"in order to|just|simply|only (?:at|via|through)|and then)\b|(?:[,:]| -|\band\b) ?{_REQUESTS}\b"
)
_CHINESE = re2.compile(
    r"(?:绝对?不会?|决不会?|从不|从来不会?|永远?不会?|不会|不得|不能|不曾|从未|并不会?|不再|绝无|没有人会)"
    r"(?:以|用|通过|透过|经|在|于|向|要|让|请|因|主动|任何|您|客户|你|电话|短信|短讯|讯息|邮件|电邮|微信|网络|链接|形式|方式|理由|名义|[、或及和等]){0,20}"
    r"(?:索取|索要|要求|询问|要您|让您|请您|要你|让你|收取|收集|发送|提供|附带|附上|附有|包含|引导|催促|承诺|保证|索|查问|套取|获取|诱导|电话|"
    r"短信|致电|来电|通知|需要|要|让|请|向您|含|发|打|通过|点击|产生)"
    r"|(?:请勿|切勿|不要|千万别|千万不要|切莫|勿|请别|请不要|不可|不宜|避免|不应|别|无需|不需要|不必|不用|毋须|无须|拒绝)"
    r"(?:轻易|随意|随便|擅自|再|因此|急于|向|将|把|在|通过|给|对|于|陌生人?|不明|来历不明|可疑|任何人?|他人|您|的|非官方)*"
    r"(?:透露|泄露|泄漏|告知|告诉|提供|发送|输入|填写|点击|扫描|扫码|转账|汇款|下载|安装|分享|相信|轻信|回复|转发|出示|共享|打开|访问|"
    r"登录|支付|缴纳|缴|交|付|密码|验证码|账号|银行卡|卡号|身份证|个人信息|陌生|不明|任何|开启|添加|加|理会|着急|匆忙|急于|立即|马上|另行|您|担心)"
    r"|(?:请勿|切勿|不要|千万不要|切莫|勿|请别|不可|不应|别)[将把][^,。!?;\n请]{1,12}"
    r"(?:告诉|告知|透露|泄露|泄漏|提供|发送|转发|发给|交给|出示|借给|给)"
    r"|(?:谨防|警惕|严防|防范|提防|当心|小心|骗子|不法分子|诈骗分子|犯罪分子)"
    r"|凡是?[^。!?;\n请]{0,40}(?:都是|均为|皆为|均属|诈骗|骗)"
    r"|(?:任何|如遇|若遇|遇到|收到|(?:如果?|若|一旦|凡)?有人)[^。!?;\n请]{0,12}(?:要求|索取|索要|声称|自称|让您|要您|叫您)"
    r"[^。!?;\n请]{0,30}请?(?:诈骗|勿|不要|直接挂断|挂断|收线|举报|骗)"
    r"|(?:不含|不附|不带|没有|不设|并无)(?:任何)?(?:链接|附件|二维码)"
    r"|(?:不|非|未|无法|不能|并非|不得|不构成|并不)(?:保证|承诺|保本|保息|等于|代表|意味着?|是无风险|存在保本|预示|构成)"
)
_FALSE_CHINESE = re.compile(
    r"(?:如果?|若|倘若|假如|要是|一旦|因|由于|为|为了|以|加强|提升|根据|升级)(?:您|你|长期|一直|再|仍|用户|客户)?$"
)
_TURNS_CHINESE = re.compile(
    r"[。!?;\n]|[,、]?(?:但|否则|不然|除非|除了|以免|避免(?=影响|账户|损失)|并(?=请|点击|登录|回复))"
    r"|[,:](?=(?:现|请(?!勿|不|别)|需|须|点击|输入|登录|回复|如不|如未|若|将|否则|立即|马上|尽快|您的|我行|我们|本行|系统|只需|仅需|"
    r"可|先|联系|加|添加|打开|下载|扫))"
)


def negated(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of the parts that are negated, in folded text.

    >>> [text[start:end] for text in ["we never ask for your pin. enter it"] for start, end in negated(text)]
    ['never ask for your pin']
    """
    english = _scopes(text, _ENGLISH.finditer(text), _FALSE_ENGLISH, _TURNS_ENGLISH)
    chinese = _scopes(text, _CHINESE.finditer(text), _FALSE_CHINESE, _TURNS_CHINESE)
    return (*english, *chinese)


def _scopes(
    text: str, negations: Iterator[re.Match[str]], false_start: re.Pattern[str], turn: re.Pattern[str]
) -> Iterator[tuple[int, int]]:
    for found in negations:
        if not false_start.search(text[max(0, found.start() - 30) : found.start()]):
            turned = turn.search(text, found.end())
            yield found.start(), turned.start() if turned else len(text)


def covers(scopes: tuple[tuple[int, int], ...], start: int, end: int) -> bool:
    """Whether one of the negated parts covers the end of ``[start, end)``, where the thing itself is named."""
    return any(begin <= end - 1 < stop and begin < start + 25 for begin, stop in scopes)
