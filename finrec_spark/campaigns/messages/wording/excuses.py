"""Words that turn a rule's wording harmless where they stand in it or, for some rules, shortly before it.

For M108 they are the requests that a campaign may make.
"""

EXCUSES = {
    "M103": r"""
        \b(?:no|without|zero|waived?|free of)\b|免|不收|零手续|无手续|优惠
    """,
    "M108": r"""
        \bwould you like\b
        \b(?:please|kindly|can you|could you|would you|will you)(?: also| always| first)? (?:read|see|visit|ask|talk
        |compare|take|note|consider|decide|look|speak to (?:us|an adviser|your adviser)|contact (?:us|your|a|any)
        |find|keep in mind|remember|be aware|call (?:our|us|the)|dial|come|refer|do not|don't|never|feel free|bear
        |think|study|check the terms|open our|log in to our|reply)|\bwill you (?:have|get|find|receive|be)\b
        \blet us (?:know whether|advise|help you)|\btell us (?:what you|how you|your goals)
        请(?:您)?(?:先|仔细|认真|务必|充分|详细|您|提前|随时|同时|合理|以|按|根据|结合|在网点|到网点|到各?
        |前往(?:就近|附近|任一)?网点|移步|咨询|垂询|阅读|查阅|参阅|参见|查看|见|了解|知悉|理性|谨慎|审慎|注意|留意
        |放心|联系(?:您的)?客户经理|联系网点|致电|拨打|勿|不要|别|切勿|警惕|保持|理解|打开手机银行|登录手机银行
        |登录我行手机银行|至|于网点|关注(?:风险|条款))|希望您(?:喜欢|满意)|请(?:短信)?\s*$|请\s
    """,
    "M201": r"""
        (?:\bno (?:need|reason|pressure) to |\bneed not |无需|不必|不用|不急于)\S*$
    """,
    "M202": r"""
        \b(?:no|without|waived?) |免|不收
    """,
}
"""Rule → alternatives, over folded text."""
