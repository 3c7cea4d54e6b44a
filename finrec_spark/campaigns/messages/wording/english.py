"""English wording of each rule over folded text: one alternative a line, in RE2's syntax (no look-around).

``<name>`` stands for the alternatives of that name in ``PARTS``.
"""

PARTS = {
    "gap": r"[^.!?;\n]{0,40}",
    "near": r"[^.!?;\n]{0,20}",
    "few": r"(?:\w+ ){0,3}",
    "secret": r"""
        password|passcode|pass ?phrase|passwd|pass word|\bpin\b|\bpin (?:code|number)|\botp\b|\btac\b|one[- ]time
        (?:security|verification|authenti\w+|activation|sms|access|login|6[- ]digit|six[- ]digit|secret
        |confirmation) (?:code|key|number|digits)|\bcvv2?\b|\bcvc\b|token code|memorable (?:word|information|data)
        mother'?s maiden|sort code|seed phrase|private key|expiry date
        card (?:number|details?|info|information|data)|account (?:number|details|credentials)
        bank(?:ing)? (?:details?|credentials|information)|log ?in (?:details|credentials|id|information)|credentials
        user ?(?:name|id)\b|(?:photo|picture|copy|scan|image|both sides) of your
        (?:number|digits) on the (?:front|back)|(?:last|first|three|four|six) (?:digits|figures)
        (?:figures|code) on the back|who you are|your (?:identification|token|id)\b|recovery (?:phrase|words)
        social security|\bssn\b|\bnric\b|fin number|\bhkid\b|passport (?:number|copy|photo)|id (?:card|number)
        identity (?:card|number|document)|singpass|date of birth|tax file number|ic number
        personal (?:details?|information|data)|code (?:you|we|that was|sent)|\bselfie\b
    """,
    "give": r"""
        enter|provide|submit|send|reply|give|share|tell|type|input|confirm|verify|supply|forward|disclose|re-?enter
        fill|text|email|need|require|required|request|update|upload|read (?:out|us|me|back)|quote|validate|key in
        renew|prove|have|check|sending|providing|entering|submitting|sharing|replying|confirming|ask|asked|asking
        asks|reset|change|take a
    """,
    "account": r"""
        accounts?|acct|a/c|identity|identification|card|profile|(?:bank )?details|information|info|records?|login
        log-in|access|wallet|device|payee|(?:online|internet|mobile|e-?) ?banking|transaction|payment method|billing
        credentials|email address|phone number|kyc|membership|subscription|token
    """,
    "check": r"""
        verify|verifying|verification of|validate|confirm|re-?confirm|authenticate|re-?activate|activate|restore
        unlock|unblock|unfreeze|reinstate|recover|update|correct|renew|review|re-?verify|secure your|complete
        synchroni[sz]e|re-?validate|re-?register|cancel|dispute|release|resolve
    """,
    "fee": r"fees?|charges?|tax(?:es)?|duty|deposit|fine|penalty|postage",
    "soon": r"(?:(?:\d+|one|two|three|twenty[- ]four|a few|an|half an) ?(?:hours?|hrs?|minutes?|mins?))",
    "blocked": r"""
        suspend(?:ed|s)?|suspension|block(?:ed)?|frozen|freeze|restricted|disabled?|deactivat(?:ed|ion)
        terminat(?:ed|ion)|revoked|forfeited|compromised|flagged|hacked|confiscated|seized|withheld|expired?
        under investigation
        expiring|expires|breached|de-?registered|under review|closure
        (?:has been|have been|was|were|is|are|will be|be|been|being|temporarily|get|now) (?:locked|limited|closed
        |cancell?ed|declined|rejected)
        (?:has been|have been|was|were|is|are|will be|be|been|being|temporarily|get|now) (?:stopped|withdrawn
        |interrupted|lost|on hold|void|unavailable)|failed|(?:is|are|may be|could be) at risk|stops? working|lapses?
    """,
    "blockable": r"""
        accounts?|card|access|services?|profile|banking|login|line|wallet|funds|device|token|membership|transfer
        payments?|points|password|sim|mobile|credentials|netbank|app
    """,
}

ENGLISH = {
    "M101": r"""
        \b<give>\b<gap><secret>
        <secret><near>\b(?:(?:is|are) (?:needed|required)|must be (?:entered|confirmed|provided|updated)|to us\b
        |to our\b|to this number)|(?:password|pin|token|passcode|code) (?:has expired|will expire|expires|needs)
        \b(?:photograph|scan|film) your (?:passport|id|card|face)
        \b(?:courier|colleague|officer|driver)\b<gap>\b(?:card|pin)\b|\b(?:card|pin|phone)\b<gap>\bcourier\b
        \bwhat(?: is|'?s) your (?:pin|password|code|otp)
        \blet us know (?:your|the) (?:<secret>)|\bsend (?:it|the code) back\b
        \bkeep\b<gap>(?:<secret>|\baadhaar\b|\b(?:pan|atm|debit|credit|bank) card\b)<near>\b(?:ready|handy|at hand)\b
        \b(?:collect|pick up) (?:your|the) (?:old |bank |debit |credit )?(?:cards?|cash|money|pin)\b
    """,
    "M102": r"""
        \b<check> (?:(?:your|the|ur|yr|all|this|these|bank|current|billing|personal|new|it|its|my|security|contact
        |recent|online|mobile) ){0,4}<account>\b
        \b(?:log|sign)[- ]?(?:in|on)\b<near>\b(?:to (?:verify|confirm|secure|update|avoid|restore|cancel|claim
        |unlock|release|fix|resolve|prevent|dispute)|here|below|now|immediately)|\b(?:was|is) this you\b
        \b(?:wasn'?t|not) you\b|\bdid you (?:make|authori[sz]e|request|attempt|try|log|sign|approve)
        \b(?:account|identity|kyc|card|profile|security) (?:verification|validation|confirmation|re-?activation
        |update)\b
        \bto (?:keep|continue|retain|regain|restore) (?:using |your )?(?:access|account|card|service|banking)
        \b(?:identity|account|details|profile|card|kyc)\b<near>\b(?:must|needs? to|should|has to|have to
        |to) be (?:verified|confirmed|updated|re-?activated|validated)
        \b(?:profile|details|records?|information|account|data|id|kyc|documents?)\b<near>\b(?:out of date|outdated
        |not up to date|incomplete|missing|pending|have lapsed|has lapsed)\b|\bbring (?:it|them|your \w+) up to date\b
        \brenew (?:it|them|your)\b|\bconfirm (?:that )?(?:it'?s|it was|this was|whether|you are|you're)\b
        \b(?:all|every) (?:\w+ )?(?:clients|customers|users|accounts?|cardholders?|members) (?:must|need|needs
        |have to|are (?:required|requested|asked)|should)\b|\bre-?register\b|\bmigrate (?:to|your)\b
        \b(?:verify|confirm|validate|authenticate|re-?activate|unlock|re-?verify) (?:it |this )?(?:at|here|via|on
        |now|today|below|online|immediately)\b
    """,
    "M103": r"""
        \b(?:transfer|send|wire|move|remit|deposit|pay)\b<gap>\b(?:to (?:this|the following|my|an? (?:safe|secure
        |new|different)) |bitcoin|crypto|usdt|gift cards?)
        \b(?:pay|settle|paying|payment of|prepay|remit) (?:us |only |just )?(?:your|the|an?|this|these|outstanding
        |all|any|[£$€¥]?\d\S*|rm\S*)\b<gap>\b<fee>\b|\b(?:pay|prepay) <fee>\b
        \b(?:processing|release|handling|clearance|activation|redelivery|verification|upfront|unlock|customs) (?:fee
        |charge|tax|deposit|payment)s?\b
        \b(?:move|transfer|wire|send) (?:your|all|the) <few>(?:savings|money|funds)\b|\bwire\b
        \bbuy\b<gap>\b(?:vouchers?|gift cards?|codes)\b|\bsend me the\b|\b(?:safe|holding|escrow|secure) account\b
        \bnew (?:bank details|account number|payee details)\b
        \b(?:following|below) (?:iban|account|wallet|bank account)\b
        \b(?:return|refund|send back|give back|pay back) (?:the|this|these|our) (?:funds?|money|amount|payment
        |overpayment)\b|\b(?:return|refund|send back|forward|pay) (?:it |them |that )?(?:back )?to us\b
        \b(?:send|pay|transfer) [^ .!?;\n]{1,12} extra\b|\b(?:is|are|remains?) unpaid\b|\bpayment code\b
        \badd (?:margin|funds)\b
        \b(?:outstanding|unpaid|overdue) (?:fees?|fines?|toll|tax|bill|invoice|balance|amount|payment|charge|duty)\b
    """,
    "M108": r"""
        \b(?:please|kindly|pls|plz) \w+[^.!?;,\n]{0,50}|\b(?:could|can|would|will) you (?:please )?\w+
        (?:^|[.!?;:,] )(?:give|hand over|accept|settle|correct|confirm|submit|provide|forward|reset|restore|unlock
        |claim|redeem|activate|validate|update|fill|upload|message)\b|\bwe need(?: you)?\b|\ball we need\b
        \bneed you to\b|\b(?:give|tell|send|show|text|email|let|help) (?:me|us)(?: know)?\b
        \bfor your (?:own )?(?:safety|security)\b|\bon the next page\b|\bnew log-?in page\b
    """,
    "M104": r"""
        \b(?:any ?desk|team ?viewer|quick ?support|rust ?desk|ultra ?viewer)\b
        \b(?:show|share|record|see) (?:me |us )?your (?:screen|phone)\b
        \b(?:remote|screen)[- ](?:access|control|support|sharing|share|session|assistance)\b|\bshare your screen\b
        \bcall forwarding\b|\bdial \*\d
    """,
    "M105": r"""
        \b(?:whats ?app|telegram|wechat|viber|snapchat|line id|kakao|messenger|discord)\b
        \b(?:contact|message|call|text|email|speak to|reach) (?:our |the |your |my |a )?(?:agent|officer|fraud
        |investigator|case|supervisor|security|claims?|help ?desk)\b
        \bjoin (?:our|the|my|this) (?:\w+ )?(?:group|channel|chat|club)\b|\bin an accident\b|\bin hospital\b
        \byour (?:boss|director|manager|ceo)\b|\blost my (?:wallet|phone|purse|passport|bag)\b|\blend (?:me|us)\b
        \bmy new (?:number|phone)\b|\bmy phone (?:is )?(?:broke|broken|lost|damaged)
    """,
    "M106": r"""
        \b(?:reply|respond|answer|rply)\b (?:(?:to (?:this|us)|with|back|by|now|asap|urgently|the word|yes|y|no|n)\b
        |\d)|\b(?:reply|respond|rply)\b ['"]?\w{1,10}['"]? (?:to|for|if|now|and)\b
        \b(?:text|txt|txting|texting|msg|send|sms)\b[^.!?;\n]{0,35}\b(?:to (?:no:? ?|number ?)?\d{4,}|now\b)
        \b(?:text|txt|txting|texting|msg|send|sms)\b[^.!?;\n]{0,35}\b(?:to|2) (?:claim|win|enter|receive|get|join
        |confirm|collect|activate|stop this|cancel)
        \b(?:call|dial|ring|phone|fone|tel)\b[^.!?;\n]{0,30}\b(?:to|2) (?:claim|win|collect|verify|cancel|stop
        |arrange delivery|dispute|unlock|resolve|listen|avoid|secure)
        \b(?:call|dial|ring|phone|fone)\b[^.!?;\n]{0,30}\b(?:now|immediately|urgently|asap|back|free ?phone)\b
        \b(?:call|phone|ring) (?:us |me |back )?(?:on )?(?:this|the) number\b|\bpress \d\b|\btext back\b
        \b(?:text|reply) ['\"]?[a-z]{2,10}['\"]? to \d|\bstd txt|\bper (?:msg|txt|text|min)\b
        \d ?p(?:/|pm\b| per\b|ence per)|\bpremium rate|\btxts? cost|/(?:msg|txt|wk|week|min)\b
        \b(?:\d+pp|1[3-9]p|[2-9]\dp|\d{3}p)m\b
        \b(?:txt|text|reply|send) ['"]?(?:yes|no|stop|go|win|claim|free|chat|date|love|play|hot|join|name|me)\b
    """,
    "M107": r"""
        \b(?:click|clicking|tap|press|follow|open|use|visit|via|through|access)\b[^.!?;\n]{0,30}\b(?:links?|here
        |below|url|attachment)\b
        \b(?:click|tap|press|follow)\b[^.!?;\n]{0,30}\b(?:button|web ?site|web ?page|portal|form)\b
        \bclick(?:ing)?\b|\btap (?:to|the)\b|>>|\bsee link\b|\blink(?: is)? (?:below|here)|\blink:
    """,
    "M201": r"""
        \b(?:within|in (?:the )?next|in less than|less than|only|for the next|next|have|in) <soon>\b
        \b<soon> (?:left|remaining|only|to|or)\b|\b(?:valid|good) (?:for )?(?:only )?<soon>|\burgen(?:t|tly|cy)\b
        \bimmediate(?:ly)?\b|\basap\b|\ba\.s\.a\.p|\bact (?:now|fast|today|quickly)\b|\bright away\b|\bhurry\b
        \bdo ?n.?t (?:delay|wait|miss)\b|\bwithout delay\b|\blast (?:chance|warning|notice|reminder|attempt)\b
        \bfinal (?:notice|warning|reminder|chance|attempt|try|call|day)\b|\bbefore it'?s too late
        \btime[- ]sensitive\b|\btime is running|\brunning out\b|\blimited (?:time|period|slots|spots|places)\b
        \bwhile (?:stocks?|supplies|places|it) lasts?\b|\bfirst come\b
        \bexpir(?:es?|ing) (?:soon|today|tonight|tomorrow|in|shortly|at midnight)\b
        \bends (?:today|tonight|tomorrow|soon|in \d)|\b(?:today|tonight|weekend) only\b|\bonly today\b
        \bby (?:midnight|end of (?:the )?day|tonight|5 ?pm|close of business|today)\b
        \bbefore (?:midnight|tomorrow|tonight|5 ?pm|the end of (?:the )?day)\b|\baction (?:is )?required\b
        \brequires? (?:your )?(?:immediate |prompt |urgent )?(?:attention|action)\b|\battention required\b
        \bonly \d+ (?:left|remaining|places|spots)\b|\bwithin (?:1|2|3|one|two|three|48) (?:\w+ )?(?:days?|hours?)\b
        \bas soon as possible\b|\bat the earliest\b|\bpromptly\b|\bmust (?:act|respond)\b
        \brespond (?:today|within|now)\b|\bwith immediate effect\b|\beffective immediately\b|\bdeadline\b
        \b(?:apply|order|buy|call|claim|register|sign up|join|start|reply|text|pay|update|verify|confirm|enter|play
        |download|tap|activate|cancel|get it|do (?:it|this)) now\b|\botherwise\b|\bor else\b|\bto avoid\b
        \bfailure to\b|\bfail to\b|\bif (?:you )?(?:do not|don'?t|ignored|no (?:response|action|reply))\b
        \bimportant (?:notice|message|security)\b|\bprevent (?:suspension|closure|deactivation|loss|further|charges)
    """,
    "M202": r"""
        \b<blockable>\b<gap>\b(?:<blocked>)\b
        \b(?:suspend(?:ed)?|suspension|block(?:ed)?|lock(?:ed)?|frozen|freeze|restrict(?:ed|ions?)?|disabled?
        |deactivated?|deactivation|terminated?) (?:on |of |to |in )?(?:your|ur|the|all|this) <few><blockable>
        \b(?:termination|clos(?:ed?|ure)|cancell?(?:ed|ation)?|revoked?|hold|compromised|limit(?:ed|ations?)) (?:on
        |of |to |in )?(?:your|ur) <few><blockable>|\b(?:a|temporary) hold on\b
        \blegal (?:action|proceedings|consequences)\b|\bprosecut\w+|\blawsuit\b|\bcourt (?:order|summons|action)\b
        \barrest(?:ed)?\b|\bwarrant\b|\blaw enforcement\b|\bpenalt(?:y|ies)\b|\bdebt collect\w+|\bbailiffs?\b
        \bblacklist\w*|\bcredit (?:score|rating|record|file) (?:will|may|could|damage|affected)|\bmoney laundering\b
        \bcriminal\b|\billegal activity\b|\bescalated\b|\bpermanently\b
        \bpermanent (?:closure|suspension|loss|lock)\b|\blose (?:access|your|all|everything)\b
        \b(?:you )?will be (?:charged|fined|billed|debited|deducted|deleted|erased|held)\b|\bextra charges\b
        \blate (?:fee|penalty)\b|\bdefaulted\b|\bbe charged\b
    """,
    "M203": r"""
        \b(?:unusual|suspicious|unauthori[sz]ed|unrecogni[sz]ed|fraudulent|unknown|unexpected|irregular|abnormal
        |strange|illegal)\b <few>(?:activity|activities|log[- ]?ins?|sign[- ]?ins?|transactions?|payments?|device
        |attempts?|access|transfers?|charges?|purchases?|withdrawals?|payee|location|debit|order)\b
        \b(?:new|foreign|failed|recent|pending|multiple|attempted)\b <few>(?:log[- ]?ins?|sign[- ]?ins?|device
        |attempts?|location|ip|payee)\b
        \b(?:has|have|had|was|been|we'?ve|we) (?:been )?(?:detected|noticed|flagged|identified|observed
        |intercepted)\b
        \bsecurity (?:alert|breach|warning|notice|issue|incident|problem|upgrade|update|check|reasons?|measures?)\b
        \bfraud (?:alert|team|department|prevention|warning|check)\b|\b(?:a|the|data) breach\b
        \b(?:could|can) ?not be (?:processed|verified|delivered|completed|validated)\b
        \b(?:problem|issue|error|discrepancy|trouble) (?:with|on|in) (?:your|ur)\b
        \b(?:has been|was) used (?:in|from|at|on|by)\b|\baccount alert\b|\balert:|\bwarning:
        \byour (?:account|card) (?:has been|was|has)\b
        \b(?:payment|transfer|purchase|transaction|withdrawal|debit) (?:of|for) [^!?;\n]{0,25}\b(?:was|has been
        |is being|is pending)\b|\bif (?:this|it) (?:was ?n.?t|was not|is ?n.?t|is not) you\b
        \bif you (?:did not|didn'?t|do not|don'?t) (?:recogni[sz]e|authori[sz]e|make|request|initiate)
        \bnot authori[sz]ed\b|\b(?:someone|somebody|anybody) (?:\w+ )?(?:used|uses|using)\b
        \bused your (?:id|name|card|identity|account)\b|\bsomeone (?:tried|has|is|attempted|may|logged|signed)\b
        \bpayee (?:has been|was) added\b
        \b(?:unable to|failed to|could not|couldn'?t|cannot) (?:process|verify|deliver|validate|confirm|complete
        |charge|renew)\b
    """,
    "M204": r"""
        \bprizes?\b|\bawards?\b|\bjackpot\b|\blott(?:ery|o)\b|\braffle\b|\bsweepstakes?\b
        \b(?:lucky|prize|wkly|weekly|weekends?) draws?\b|\bgiveaway\b|\bgift ?cards?\b|\bgift vouchers?\b
        \bfree gifts?\b|\bbonus cash\b|\bfreebies?\b|\bwinners?\b|\bwinning\b|\bwon\b|\bwin\b|\bcongrat\w*
        \b(?:lucky|randomly|specially) (?:winner|customer|selected|chosen|picked)\b
        \b(?:have|has|ve|been|are|were|was) (?:been )?(?:specially |randomly |exclusively )?(?:selected|chosen
        |awarded|picked|drawn)\b|\bawarded\b|\b(?:to|2|and|now|can|may|please|u) claim\b
        \bclaim (?:your|ur|yr|it|now|code|here|by|before|call|the|a|£)|\bunclaimed\b|\bclaim(?:ed|ing)\b
        \bredeem (?:your|now|them|before|today|points|it)\b|\bunredeemed\b|\bbonus of (?:£|\$|€|¥)?\d
        \b(?:survey|questionnaire)\b<gap>\b(?:receive|get|win|earn|free|gift)\b
        \b(?:swap|exchange|convert|trade)\b<gap>\bfor (?:cash|gifts?|vouchers?)\b|\byou are owed\b
        \bcollect (?:your|ur)\b|\b(?:reward |bonus )?points? (?:will|expir\w+|balance)|\bexpiring points\b
        \bfreemsg\b|\b(?:for|4|get .{0,20}) free\b|\bfree[!>*]|\b(?:free|freephone) (?:on )?\d
        \bfree (?:entry|gift|cash|money|iphone|phone|mobile|voucher|reward|credits?|ringtones?|tone|camera|holiday
        |trip|msg|text|sms|trial|membership|tickets?|nokia|minutes|bluetooth|poly|game|video|hardcore|handset
        |camcorder|stuff)\b
        \b(?:tax|government|council|energy|relief|stimulus|cash|cost[- ]of[- ]living) (?:refund|rebate|grant|payout
        |payment|subsidy|relief|bonus|support payment)\b|\binheritance\b|\bbeneficiary\b
        \b(?:refund|rebate|compensation|payout|reimbursement|cashback) (?:of|is|has|was|from|due|pending|waiting
        |available|fund|will|approved|ready)\b
        \b(?:entitled|due|owed) (?:to|for)? ?(?:a |an |your |the )?<few>(?:refund|rebate|compensation|payout|grant
        |reward|cash|money|bonus|upgrade|update|claim)\b|\bvouchers? (?:worth|waiting)
        \brewards? (?:waiting|await|of|expire|code|ready|pending)\b|\bbonus (?:prize|caller)\b
        \bgift (?:from|for|is|worth|waiting)\b|\byour gift\b
        \b(?:parcel|package|delivery) (?:is )?(?:waiting|held|on hold|pending|could not|couldn'?t|has been|was
        |cannot|failed)\b|\b(?:mystery|secret) (?:prize|gift|admirer)\b|\bquiz\b|\bcomp\b|\bwkly\b|\bringtones?\b
        \bpolyphonic\b|\bchat ?line\b|\bdating\b|\bhardcore\b|\bsexy?\b|\bhorny\b|\bbabes?\b|\bxxx\b|\b1[68]\+
        (?:£|\$|€|gbp|usd) ?\d[\d,.]*k? (?:cash|prize|award|bonus|reward|gift|voucher|credit|in cash|has|waiting)\b
    """,
    "M205": r"""
        \bguarantee[ds]?\b|\bassured (?:returns?|profits?)\b|\brisk[- ]?free\b|\b(?:no|zero|without|0) risk\b
        \b(?:double|triple|10x|multiply) (?:your|ur)\b|\bsure win\b
        \b(?:high|huge|massive|amazing|incredible|unbeatable|fantastic|big|quick|easy|insane
        |extraordinary) (?:returns?|profits?|income|earnings|gains?|money)\b
        \b(?:daily|weekly|passive) (?:returns?|profits?|earnings|gains?)\b|\b(?:percent|%) up\b
        \btwice your (?:stake|money|deposit|investment)\b|\bnever lost\b|\bget rich\b|\bfinancial freedom\b
        \bmake money\b|\bearn (?:up to )?(?:£|\$|€|¥|hk\$|s\$|rm)? ?\d[\d,.]*k? ?(?:a|per|every|each|daily|weekly)\b
        \bearn (?:up to |over )?(?:[1-9]\d|\d{3,})(?:\.\d+)? ?(?:%|percent)|\bfully (?:protected|secured|insured)\b
        \bearn .{0,15}\b(?:a day|per day|per week|a week|from home)\b|\binsider (?:tips?|information)\b
        \bhot (?:stocks?|tips?)\b|\bstock tips?\b|\bpre-?ipo\b|\b(?:cannot|can'?t|never) lose\b
        \btrading (?:signals?|bot)\b|\bai trading\b|\bbitcoin\b|\bcrypto(?:currency)?\b|\bforex\b|\busdt\b
        \binvestment (?:opportunity|scheme|group|guru|mentor)\b
        \breturns? of (?:up to |over )?(?:[1-9]\d|\d{3,})(?:\.\d+)? ?(?:%|percent)
        \b(?:[1-9]\d|\d{3,})(?:\.\d+)? ?(?:%|percent) (?:\w+ )?(?:returns?|profits?)\b
        \b\d+(?:\.\d+)? ?(?:%|percent) (?:daily|a day|per day|weekly|a week|per week|a month|per month|monthly)\b
        \bcapital (?:is )?(?:protected|secure|safe|guaranteed)\b
    """,
    "M206": r"""
        \b(?:no|without|zero) (?:credit|background|income) checks?\b|\bbad credit\b|\bpre-?approved\b
        \balready approved\b|\bapproved (?:for|instantly|today)\b
        \binstant (?:approval|loan|cash|credit|decision|payout)\b|\bapproval (?:guaranteed|in|within)\b
        \bloan (?:is |has been |was )?(?:approved|granted|ready)\b|\bcash in (?:minutes|hours)\b
        \bno (?:documents?|questions|proof)\b|\b(?:quick|fast|easy) (?:cash|loan|approval)\b|\bmoney in minutes\b
        \bsame[- ]day approval\b|\blow(?:est)? interest loans?\b
        \bdebt (?:relief|forgiveness|written off|write-?off|consolidation)\b
        \bcredit limit (?:has been |was |is |will be )?(?:increased?|raised|upgraded)\b
        \bincrease your (?:credit )?limit\b|\blimit increase\b|\bloan of \S+ (?:is|has|was)\b
    """,
    "M207": r"""
        \bpolice\b|\binterpol\b|\bhmrc\b|\birs\b|\biras\b|\binland revenue\b
        \btax (?:office|authority|department|bureau)\b|\bcustoms (?:office|duty|fee|clearance|officer)\b
        \bmagistrates?\b|\bhigh court\b|\bprocuratorate\b|\bprosecutor|\bsocial security (?:administration|office)\b
        \bcbi\b|\bfbi\b|\broyal mail\b|\busps\b|\bdhl\b|\bfedex\b|\bsingpost\b|\bevri\b|\bpost office\b
        \b(?:this is|i am|i'm) (?:officer|agent|detective|inspector|sergeant|constable|superintendent) [a-z]+
        \bnational crime\b|\bfraud squad\b|\bgovernment (?:agency|department|official|order)
        \b(?:central bank|monetary authority|mas|hkma|fca|federal reserve|ministry|immigration
        |regulators?)\b<gap>\b(?:orders?|requires?|requested|instruct\w*|notice|notif\w+|investigat\w+|compliance
        |mandat\w+|regulations?)\b
    """,
    "M208": r"""
        \b(?:strictly |keep (?:this|it) )confidential\b
        \bkeep (?:this|it) (?:\w+ ){0,2}(?:secret|private|between|quiet)\b|\bstay on the line\b
        \b(?:do not|don'?t) hang up\b|\btell no one\b
        \b(?:do not|don'?t|never) (?:tell|inform|mention (?:this|it) to|discuss (?:this|it) with|contact
        |speak to) (?:your |the |any |other )?(?:family|relatives?|bank|bank staff|branch|tellers?|wife|husband
        |friends?|colleagues?)\b
        \b(?:do not|don'?t) (?:tell|inform) (?:anyone|anybody)(?: about| that| of this|[.!,;]|$)
    """,
    "M601": r"""
        \battach(?:ed|ments?)\b|\benclosed (?:file|form|document|invoice|pdf)\b
        \bsee (?:the )?(?:file|pdf|document)\b|\bopen (?:the |this |your )?(?:file|document|pdf|invoice|form|html)\b
        \benable (?:content|macros|editing)\b|\b(?:fill (?:in|out)|complete) (?:the |this |our )?(?:\w+ )?form\b
        <(?:form|script|iframe|input|object|embed)\b|\bdata:[a-z]+/
        \b[\w-]+\.(?:exe|apk|zip|rar|7z|docm?|docx|xlsm?|xlsx|pptx?|pdf|html?|js|scr|bat|iso|msi|dmg|ipa|vbs|lnk
        |img)\b
    """,
    "M602": r"""
        \b(?:download(?:ing|ed)?|install(?:ing|ed)?|re-?install|side-?load(?:ing)?|apk|unknown sources)\b
        \b(?:update|upgrade) (?:your |the |to the )?(?:\w+ )?(?:app|application|software|version|certificate
        |plug-?in)\b
    """,
    "M603": r"\bqr\b|\bqr[- ]?codes?\b|\bscan (?:the|this|our|here|below|to|a)\b|\bbarcode\b",
}
"""Rule → alternatives."""
