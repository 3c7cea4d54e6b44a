"""Wording about the sender, over folded text: opt-outs, ways to check a message, names of other institutions."""

OPT_OUT_PARTS = {"stop": r"(?:stop|unsub(?:scribe)?|opt ?out|tdr?|[tnr]|0000|qx)\b|退订|拒收"}

OPT_OUT = r"""
    (?:reply|text|send|txt) (?:with )?['\"]?<stop>['\"]?(?: to (?:opt out|unsubscribe
    |stop(?: (?:receiving )?(?:these|our|marketing|further|such) messages)?|decline|end)(?: of (?:these|our
    |marketing|further|such) (?:messages|offers|emails|texts))?)?
    to (?:opt out|unsubscribe|stop (?:these|our|marketing) (?:messages|emails|texts))
    (?:opt out|unsubscribe)(?: (?:at any time|any time|anytime|of marketing|here|with one click|in the app
    |in our app|in settings|by))*
    if you (?:do not|don't|no longer|would rather not|prefer not to) (?:wish|want|like)?(?: to)? ?(?:receive|get
    |hear)[^.,!?;\n]{0,40}|if you (?:do not|don't) want (?:such|these|our|any|further) [^.,!?;\n]{0,40}
    (?:如需|如果?不想|不想|若不愿|如不希望|不需要|如要|如欲|若要)?(?:接收|收到|再收到)?(?:此类|该类|本类|营销
    |推广)?(?:短信|信息|消息|邮件|推送|营销)?,?(?:请)?(?:退订|拒收|拒绝|取消订阅|谢绝)(?:此类|该类|营销|本
    |推广)?(?:短信|信息|消息|邮件|服务)?,?(?:请|可)?(?:短信)?(?:回复?|发送?)['\"“「]?<stop>['\"”」]?
    (?:请|可)?(?:回复?|发送?)['\"“「]?<stop>['\"”」]?(?:可|即可|以)?(?:退订|拒收|取消)
    (?:回|复)(?:td|t|n|r)(?:退|拒)?
    (?:[如若](?:果)?(?:您)?不|不再)(?:希望|想|愿|需要)[^。!?;\n]{0,16},?(?:请)?(?:直接|短信){0,2}(?:回复?|发送?)['\"“「]?<stop>
    拒收请回复r
    (?:不再|停止|拒绝|取消|关闭)(?:接收|订阅|收到)?(?:此类|该类|营销|本行|我行|推广)(?:类)?(?:短信|信息|消息
    |邮件|推送|通知|来电)
    (?:设置|手机银行|app|邮件底部|任何时候|随时)[^。!?;\n]{0,14}(?:退订|取消订阅|关闭推送|拒收)
"""
"""How one opts out, with what one replies."""

CHECK = r"""
    \b(?:branch|branches|our app|mobile app|the app|banking app|hotline|number on the back|adviser|advisor
    |relationship manager|finrec app)\b|网点|手机银行|客服热线|热线|客户经理|柜台|柜面|营业厅|官方app|app
"""
"""Where a message can be checked without itself."""

INSTITUTIONS = r"""
    工商银行|工行|建设银行|建行|农业银行|农行|中国银行|中行|交通银行|交行|招商银行|招行|邮储银行|邮政储蓄
    浦发银行|中信银行|光大银行|民生银行|平安银行|兴业银行|广发银行|华夏银行|浙商银行|渤海银行|恒丰银行|北京银行
    上海银行|江苏银行|宁波银行|南京银行|微众银行|网商银行|汇丰|恒生|渣打|花旗|星展|大华银行|华侨银行|东亚银行
    中银香港|招联|蚂蚁|借呗|花呗|微粒贷|京东金融|京东白条|白条|度小满|支付宝|微信支付|财付通|云闪付|拼多多
    淘宝|京东客服|抖音|美团|农商银行|农信社|信用社|中国移动|中国联通|中国电信|人寿|太平洋保险|平安保险|众安
    转数快|八达通|顺丰|菜鸟|圆通|国税
    \b(?:hsbc|hang seng|standard chartered|citi(?:bank)?|dbs|posb|ocbc|uob|maybank|cimb|barclays|lloyds|natwest
    |santander|halifax|nationwide|tsb|monzo|revolut|starling|rbs|chase|wells fargo|bank of america|boa
    |capital one|us bank|pnc|td bank|truist|american express|amex|paypal|zelle|venmo|cash ?app
    |western union|apple(?: pay| id)?|amazon|microsoft|google(?: pay)?|netflix|alipay|wechat pay|icbc
    |bank of china|boc|ccb|cmb|anz|commbank|westpac|nab|commonwealth bank|scotiabank|rbc|bmo|singtel|gov\.sg
    |singpass|binance|coinbase|metamask|facebook)\b
"""
"""Banks, payment services and others in whose name phishing is sent; the bank's own names are left out before."""
