"""Who speaks and how one gets out: the bank's name, other institutions' names, the opt-out, the way to check."""

import re
from collections.abc import Iterator

import re2

from finrec_spark.campaigns.messages.bank import Bank, Channel
from finrec_spark.vocabulary import SMS

_STOP = r"(?:(?:stop|unsub(?:scribe)?|opt ?out|tdr?|[tnr]|0000|qx)\b|退订|拒收)"
_OPT_OUT = re2.compile(
    rf"(?:reply|text|send|txt) (?:with )?['\"]?{_STOP}['\"]?(?: to (?:opt out|unsubscribe|stop(?: (?:receiving )?(?:these|our|marketing|further|such) messages)?|"
    r"decline|end)(?: of (?:these|our|marketing|further|such) (?:messages|offers|emails|texts))?)?"
    r"|(?:to (?:opt out|unsubscribe|stop (?:these|our|marketing) (?:messages|emails|texts)))(?:[^.!?;\n]{0,60})?"
    r"|(?:opt out|unsubscribe)(?: (?:at any time|any time|anytime|of marketing|here|with one click|in the app|in our app|in settings|by))*"
    r"|if you (?:do not|don't|no longer|would rather not|prefer not to) (?:wish|want|like)?(?: to)? ?(?:receive|get|hear)[^.!?\n]{0,80}"
    r"|if you (?:do not|don't) want (?:such|these|our|any|further) [^.!?\n]{0,60}"
    rf"|(?:如需|如果?不想|不想|若不愿|如不希望|不需要|如要|如欲|若要)?(?:接收|收到|再收到)?(?:此类|该类|本类|营销|推广)?(?:短信|信息|消息|邮件|推送|营销)?,?(?:请)?(?:退订|拒收|拒绝|取消订阅|谢绝)"
    rf"(?:此类|该类|营销|本|推广)?(?:短信|信息|消息|邮件|服务)?,?(?:请|可)?(?:短信)?(?:回复?|发送?)['\"“「]?{_STOP}['\"”」]?"
    rf"|(?:请|可)?(?:回复?|发送?)['\"“「]?{_STOP}['\"”」]?(?:可|即可|以)?(?:退订|拒收|取消)|(?:回|复)(?:td|t|n|r)(?:退|拒)?"
    rf"|(?:如不|若不|不再)(?:希望|想|愿|需要)[^。!?;\n]{{0,16}},?(?:请)?(?:短信)?(?:回复?|发送?)['\"“「]?{_STOP}"
    r"|拒收请回复r|(?:不再|停止|拒绝|取消|关闭)(?:接收|订阅|收到)?(?:此类|该类|营销|本行|我行|推广)(?:类)?(?:短信|信息|消息|邮件|推送|通知|来电)[^。!?\n]{0,24}"
    r"|(?:设置|手机银行|app|邮件底部|任何时候|随时)[^。!?;\n]{0,14}(?:退订|取消订阅|关闭推送|拒收)"
)
_OPT_OUT_WORD = re.compile(r"stop|unsub|opt ?out|reply|text|send|you (?:do not|don't|no|would|prefer)|退|拒|回|取消|关闭|不再|停止")

_CHECK = re2.compile(
    r"\b(?:branch|branches|our app|mobile app|the app|banking app|hotline|number on the back|adviser|advisor|relationship manager|finrec app)\b"
    r"|网点|手机银行|客服热线|热线|客户经理|柜台|柜面|营业厅|官方app|app"
)
_SIGNATURE = re.compile(r"【([^】\n]{1,30})】|^\s*[\[(〔「]([^\]\n)〕」]{2,30})[\])〕」]")
_BANKS_ZH = (
    "工商银行|工行|建设银行|建行|农业银行|农行|中国银行|中行|交通银行|交行|招商银行|招行|邮储银行|邮政储蓄|浦发银行|中信银行|光大银行|民生银行|平安银行|兴业银行|"
    "广发银行|华夏银行|浙商银行|渤海银行|恒丰银行|北京银行|上海银行|江苏银行|宁波银行|南京银行|微众银行|网商银行|汇丰|恒生|渣打|花旗|星展|大华银行|华侨银行|东亚银行|"
    "中银香港|招联|蚂蚁|借呗|花呗|微粒贷|京东金融|京东白条|白条|度小满|支付宝|微信支付|财付通|云闪付|银联|拼多多|淘宝|京东客服|抖音|美团|农商银行|农信社|信用社|"
    "中国移动|中国联通|中国电信|人寿|太平洋保险|平安保险|众安|转数快|八达通|顺丰|菜鸟|圆通|国税"
)
_BANKS_EN = (
    "hsbc|hang seng|standard chartered|citi(?:bank)?|dbs|posb|ocbc|uob|maybank|cimb|barclays|lloyds|natwest|santander|halifax|nationwide|tsb|monzo|revolut|"
    "starling|rbs|chase|wells fargo|bank of america|boa|capital one|us bank|pnc|td bank|truist|american express|amex|visa|mastercard|paypal|zelle|venmo|cash ?app|"
    "western union|apple(?: pay| id)?|amazon|microsoft|google(?: pay)?|netflix|alipay|wechat pay|icbc|bank of china|boc|ccb|cmb|anz|commbank|westpac|nab|"
    "commonwealth bank|scotiabank|rbc|bmo|singtel|gov\\.sg|singpass|binance|coinbase|metamask|facebook"
)
_OTHERS = re2.compile(rf"{_BANKS_ZH}|\b(?:{_BANKS_EN})\b")
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
