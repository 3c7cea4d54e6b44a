"""Words that turn a rule's wording harmless where they stand in it or, for some rules, close to it.

For M108 they are the requests that a campaign may make.
"""

EXCUSES = {
    "M101": r"""
        ^请(?:您)?(?:务必)?(?:妥善|注意|好好)?(?:保管|保护)好?(?:您的|自己的|本人|个人|账户|账号|银行卡|密码|验证码|的
        |、|和|及|与)*$
        (?:携带|带好|带上|带备)(?:本人|您的|有效)*(?:身份证|证件)$
    """,
    "M102": r"""
        核实(?:我|本人|来电(?:者|人)?|我行(?:员工|人员))的?身份$
        卡背面的(?:客服|服务)?(?:电话|号码|热线)(?:进行)?核实$|(?:携带|带好|带上|带备)(?:本人|您的|有效)*身份$
    """,
    "M103": r"""
        \b(?:no|without|zero|waived?|free of)\b|免|不收|零手续|无手续|优惠
    """,
    "M108": r"""
        \bwould you like\b
        \b(?:please|kindly|can you|could you|would you|will you)(?: also| always| first)? (?:read|see|visit|ask|talk
        |compare|take|note|consider|decide|look|speak to (?:us|an adviser|your adviser)|contact (?:us|your|a|any)
        |log in to the (?:mobile |banking )*app\b|find|keep in mind|remember|be aware|call (?:our|us|the)|dial|come
        |refer|do not|don't|never|feel free|bear|think|study|check the terms|open our|log in to our|reply
        |check (?:the|our) (?:app|terms|rates?|fact sheets?|conditions)(?: for (?:details|more|the (?:terms|rates?))
        | before [a-z ]{1,30})?$|borrow (?:within|only|responsibly)|ignore this (?:message|text|email|sms)
        |choose (?:an?|the|only|between) (?:\w+ ){0,2}(?:funds?|cards?|products?|accounts?|loans?|plans?|deposits?
        |insurance|polic(?:y|ies)|cover|branch)\b|choose what
        |(?:book|make|arrange|reserve) (?:an?|your) (?:meeting|appointment|visit|seat|place)
        |bring (?:an? |your |the )?(?:(?:id|identity|passport|identification|documents?)(?: card| document)?$
        |(?:id|identity|passport|identification|family|documents?)\b[^.!?;,\n]{0,30}\bbranch)
        |use (?:the|our) app (?:or|to (?:see|compare|read|learn|find))
        |keep (?:your|all) [^.!?;,\n]{1,40}(?:to yourself|secret|safe|private)$)
        \bwill you (?:have|get|find|receive|be)\b
        \blet us (?:know|advise|help you)|\btell us (?:what you|how you|your goals)
        请(?:您)?(?:先|仔细|认真|务必|充分|详细|您|提前|随时|同时|合理|以|按|根据|结合|在网点|到网点|到各?
        |(?:亲自|亲身)?(?:前往|亲临)(?:就近|附近|任一)?(?:网点|分行|支行)|移步|咨询|垂询|阅读|细阅|详阅|查阅|参阅|参见
        |查看|见|了解|知悉|理性|谨慎|审慎|注意|留意|原谅|包涵|(?:直接)?(?:挂断|收线)|如实(?:告知|填写)$
        |放心|联系(?:您的)?客户经理|联系网点|致电|拨打|勿|不要|别|切勿|警惕|保持|理解
        |(?:打开|开启|登录|登入)(?:我行|本行)?(?:手机银行|流动理财|流动银行|流动应用|手机程式)
        |至|于网点|关注(?:风险|条款)|妥善|量力
        |问(?:您)?(?:现在|而家|这会儿)?(?:说话|讲话|接电话)?(?:是否|需要|方便|方唔方便|想|有)
        |期待|光临|莅临|谅解|选择(?:适合|与|符合)|认准|谨防|忽略(?:本|此|这)|比较|对比
        |预约(?:网点|柜台|客户经理|讲座)|与(?:您的)?(?:客户|理财)经理
        |向(?:我行|就近|附近)?(?:网点|客户经理)(?:咨询|了解)|(?:在|于|到|通过|前往)(?:我行|本行)?手机银行
        |在(?:购买|投保|申请|签约|办理|投资|使用)前(?:仔细|认真)?(?:阅读|了解|查看|咨询)
        |(?:携带|带好|带上|带|持)[^。!?;,\n]{1,10}(?:到|至|前往)[^。!?;,\n]{0,4}(?:网点|分行|支行|柜台)
        |(?:务必)?(?:携带|带好|带上|带备)(?:本人|您的|有效|获发的|[、和及]|身份证件?|证件|户口[本簿]|换领信|原件|复印件)+$
        |(?:于|在)[^。!?;,\n]{1,10}(?:到|至|前往|在)[^。!?;,\n]{0,4}(?:网点|柜台)
        |于[^。!?;,\n]{1,8}前(?:仔细|认真)?(?:阅读|细阅)|(?:直接)?回[复覆](?:td|t|r|n|qx|unsub|stop|退订|拒收)(?:[^a-z0-9]|$))
        希望您(?:喜欢|满意)|请(?:短信)?\s*$|请\s
    """,
    "M201": r"""
        (?:\bno (?:need|reason|pressure) to |\bneed not |无需|不必|不用|不急于)\S*$
        \b(?:no|not|never|without) (?:any |in a |need to )?(?:hurry|rush)$
        \bif you do not keep up (?:your |the )?(?:re)?payments
    """,
    "M106": r"""
        \bthe number (?:printed |shown )?on (?:the back\b|your (?:card|statement))
        \b(?:we|specialist|team|adviser|colleague) will (?:reply|respond)
    """,
    "M202": r"""
        \b(?:no|without|waived?) |免|不收|\bearly (?:withdrawal|repayment) penalt(?:y|ies)
    """,
    "M204": r"""
        \bhas been (?:waived|refunded)\b|\bcollect your (?:new |old |bank |debit |credit )?(?:card|cash|documents?)\b
        (?:犹豫期|冷静期)[^。!?;\n]{0,16}退[回还]
    """,
    "M207": r"""
        我是(?:您的|[^。!?;,\n]{0,8}(?:银行|支行|分行)的?)(?:客户|理财)经理$|\bat (?:the|any|your) post office
    """,
}
"""Rule → alternatives, over folded text."""
