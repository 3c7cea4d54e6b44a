"""Every rule, broken and kept, in English and Chinese."""

from pathlib import Path

import pytest

from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.campaigns.messages.rules import RULES
from finrec_spark.campaigns.messages.templates import Template, template_findings

BANK = Bank()
BROKEN = {
    "M101": ("Enter your PIN and one-time code.", "请输入您的密码和验证码。"),
    "M102": ("Verify your account today.", "请尽快核实您的身份。"),
    "M103": ("Pay a processing fee of 50 yuan first.", "请先缴纳保证金3000元。"),
    "M104": ("Install AnyDesk so that we share your screen.", "请打开屏幕共享。"),
    "M105": ("Add our agent on WhatsApp.", "请添加客服微信办理。"),
    "M106": ("Reply YES to confirm.", "回复1办理。"),
    "M107": ("Click here to continue.", "点击下方链接。"),
    "M108": ("Please photograph this card.", "麻烦把卡寄给我们。"),
    "M201": ("Act now, only 24 hours left.", "请立即办理,24小时内有效。"),
    "M202": ("Your account will be suspended.", "您的账户将被冻结。"),
    "M203": ("We detected unusual activity on your card.", "您的账户存在异常登录。"),
    "M204": ("Congratulations, you have won a prize.", "恭喜您中奖,领取礼品。"),
    "M205": ("Guaranteed returns without risk.", "保本保息,稳赚不赔。"),
    "M206": ("Instant approval, no credit check.", "不看征信,秒批放款。"),
    "M207": ("The police require your help.", "公安局要求您配合调查。"),
    "M208": ("Stay on the line and tell no one.", "请对家人保密,不要挂断电话。"),
    "M209": ("BIG NEWS FOR YOU!!!", "好消息!!!"),
    "M301": ("See https://finrec-bank.example/cards", "见 https://finrec-bank.example/cards"),
    "M302": ("See https://bank-news.com/cards", "详见https://bank-news.com/cards查看"),
    "M303": ("See https://bit.ly/3abc", "详见https://t.cn/A6abc查看"),
    "M304": ("See http://192.168.3.4/a", "详见http://192.168.3.4/a查看"),
    "M305": ("See https://finrec-bank.example@evil.com/a", "见https://finrec-bank.example@evil.com/a查看"),
    "M306": ("See https://finrec-bamk.example/a", "见https://finrec-bànk.com/a查看"),
    "M307": ("See http://finrec-bank.example/a", "见http://finrec-bank.example/a查看"),
    "M309": (
        '<a href="https://evil.com/a">finrec-bank.example</a>',
        '<a href="https://evil.com/a">芬睿 finrec-bank.example</a>',
    ),
    "M310": ("See https://finrec-bank.example/login", "见https://finrec-bank.example/login"),
    "M311": ("See https://finrec-bank.example/a?customer=81234", "见https://finrec-bank.example/a?customer=81234"),
    "M312": ("See finrec-bank dot com", "见 finrec-bank点com"),
    "M401": ("Our number is 0906 170 1461.", "电话13912345678。"),
    "M402": ("Write to help@finrec-bank.com", "邮件至help@finrec-bank.com"),
    "M404": ("HSBC: a new card.", "【招商银行】新卡上市。"),
    "M501": ("Your card ending 4432 is special.", "您尾号4432的卡很特别。"),
    "M601": ("See the attached statement.pdf.", "请查收附件。"),
    "M602": ("Download our new app.", "请下载最新版手机银行。"),
    "M603": ("Scan the QR code.", "请扫描二维码。"),
    "M701": ("A pass\u200bbook for you.", "存\u200b款新品。"),
    "M702": ("A new b\u0430nk card.", "全新c\u0430rd上市。"),
    "M703": ("A new ｃａｒｄ.", "利率３.１%。"),
    "M704": ("A new p a s s w o r d.", "您的密.码。"),
    "M705": ("A new p4ssw0rd.", "新的p4ssw0rd。"),
    "M706": ("Dear {name}, hello.", "尊敬的{姓名},您好。"),
}
KEPT = {
    "M101": ("We will never ask for your PIN, password or one-time code.", "我们绝不会索取您的密码。"),
    "M102": ("You can open an account at a branch.", "可到网点开立账户。"),
    "M103": ("There is no processing fee.", "手机银行转账免手续费。"),
    "M104": ("We never ask for remote access.", "我们绝不会要求屏幕共享。"),
    "M105": ("Your adviser at the branch knows more.", "详询您的客户经理。"),
    "M106": ("Our branches answer questions.", "网点为您解答。"),
    "M107": ("Do not click on links from strangers.", "请勿点击不明链接。"),
    "M108": ("Please read the terms.", "请仔细阅读条款。"),
    "M201": ("The offer is open until 30 June 2022.", "有效期至2022年6月30日。"),
    "M202": ("A fixed rate for three years.", "三年锁定利率。"),
    "M203": ("No foreign transaction fees.", "境外消费免货币兑换费。"),
    "M204": ("Pays back a share of groceries.", "退休后按月领取,终身收入。"),
    "M205": ("Returns are not guaranteed.", "理财非存款,不保证收益。"),
    "M206": ("Every application is checked.", "每笔申请均需审核。"),
    "M207": ("Government and corporate bonds.", "投资国债与企业债。"),
    "M208": ("Never tell anyone your PIN.", "请勿将密码告知任何人。"),
    "M209": ("Good news for you!", "好消息!"),
    "M301": ("Our app shows the terms.", "条款见手机银行。"),
    "M302": ("See https://cards.finrec-bank.example/a", "见https://finrec-bank.example/a查看"),
    "M303": ("See https://finrec-bank.example/a", "见https://finrec-bank.example/a查看"),
    "M304": ("Version 4.3.2 of our app.", "手机银行4.3.2版。"),
    "M305": ("See https://finrec-bank.example/a", "见https://finrec-bank.example/a查看"),
    "M306": ("See https://finrec-bank.example/a", "见https://finrec-bank.example/a查看"),
    "M307": ("See https://finrec-bank.example/a", "见https://finrec-bank.example/a查看"),
    "M309": (
        '<a href="https://finrec-bank.example/a">finrec-bank.example</a>',
        '<a href="https://finrec-bank.example/a">芬睿银行</a>',
    ),
    "M310": ("See https://finrec-bank.example/cards", "见https://finrec-bank.example/cards"),
    "M311": ("See https://finrec-bank.example/a?utm_source=sms", "见https://finrec-bank.example/a?utm_source=sms"),
    "M312": ("The end. Company news.", "条款简明。安心省心。"),
    "M401": ("Our number is +86 10 5555 0100, from 10,000 yuan.", "热线010-5555 0100,20000元起,2022-06-30截止。"),
    "M402": ("Write to help@finrec-bank.example", "邮件至help@finrec-bank.example"),
    "M404": ("Finrec Bank: a new card.", "【芬睿银行】新卡上市。"),
    "M501": ("From 200,000 yuan over 36 months.", "二十万元起存,36期。"),
    "M601": ("We send no attachments.", "邮件不含附件。"),
    "M602": ("You find it in our mobile app.", "可在手机银行办理。"),
    "M603": ("You find it under Cards.", "见“信用卡”栏目。"),
    "M701": ("Café members’ card – 3 %.", "尊享·家庭卡。"),
    "M702": ("A new card, café included.", "全新card上市,使用APP办理。"),
    "M703": ("A new card, 3.1 %.", "利率3.1%,起存(含)。"),
    "M704": ("A new card, e.g. for the U.S.", "股票/债券 均衡配置。"),
    "M705": ("The 4G and B2B plan, 3rd edition.", "满5元减1元,A4纸。"),
    "M706": ("Dear customer, None of it matters: $5.", "尊敬的客户,您好。"),
}


@pytest.fixture(scope="module")
def linter():
    return Linter(BANK, "sms")


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in BROKEN.items() for text in texts])
def test_a_message_that_breaks_a_rule_is_blocked_by_it(linter, code, text):
    assert code in linter.codes(text)


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in KEPT.items() for text in texts])
def test_a_message_that_keeps_a_rule_is_not_blocked_by_it(linter, code, text):
    assert code not in linter.codes(text)


FORM = {
    "M308": (
        "See https://finrec-bank.example/a and https://finrec-bank.example/b",
        "See https://finrec-bank.example/a",
    ),
    "M403": ("A new card. Ask at a branch. Reply STOP to opt out.", "Finrec Bank: a new card. Reply STOP to opt out."),
    "M405": ("Finrec Bank: a new card, see our app.", "【芬睿银行】新卡上市,详见手机银行。拒收请回复R"),
    "M707": (" \n", "Finrec Bank: hello."),
}


@pytest.mark.parametrize(("code", "broken", "kept"), [(code, *texts) for code, texts in FORM.items()])
def test_a_message_has_its_form(code, broken, kept):
    linter = Linter(Bank(profile="one_link"), "sms")
    assert code in linter.codes(broken)
    assert code not in linter.codes(kept)


@pytest.mark.parametrize(
    "text", ["Finrec Bank: a new card. Reply STOP to opt out.", "【芬睿银行】新卡上市。回复TD退订"]
)
def test_a_message_that_names_no_way_to_check_it_is_told_but_not_blocked(linter, text):
    assert [found.code for found in linter.findings(text)] == ["M406"]
    assert linter.codes(text) == ()


@pytest.mark.parametrize(
    ("fields", "headers", "codes"),
    [
        (
            ("product",),
            {"List-Unsubscribe": "<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
            [],
        ),
        ((), {"List-Unsubscribe": "<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}, ["M502"]),
        (("product",), {"List-Unsubscribe": "<mailto:a@finrec-bank.example>"}, ["M407"]),
    ],
)
def test_a_template_keeps_to_its_fields_and_an_email_has_one_click_headers(fields, headers, codes):
    body = "Finrec Bank: {product}. Ask at a branch. Reply STOP to opt out."
    template = Template(id="a", channel="email", fields=fields, headers=headers, body=body)
    assert [found.code for found in template_findings(template, "en", BANK)] == codes


def test_every_rule_is_tested():
    elsewhere = {"M406", "M407", "M408", "M502"}  # above, and where rows are read
    assert RULES.keys() == BROKEN.keys() | FORM.keys() | elsewhere
    assert BROKEN.keys() == KEPT.keys()


def test_every_rule_is_documented_as_it_is():
    documented = (Path(__file__).parents[2] / "docs/messages.md").read_text(encoding="utf-8")
    rows = [f"| {r.code} | `{r.name}` | {r.level} | {r.wrong} | {r.remedy} |" for r in RULES.values()]
    assert [row for row in rows if row not in documented] == []
