"""Disguised words, negations, and places."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.linter import Linter

LINTER = Linter(Bank(), "sms")


@pytest.mark.parametrize(
    "text",
    [
        "请输入验.证.码",
        "请输入验 证 码",
        "请输入验-证_码",
        "请输入验\u200b证\u200d码",
        "請輸入驗證碼",
        "请输入密🔑码",
        "请输入密a码",
        "enter your p a s s w o r d",
        "enter your p.a.s.s.w.o.r.d",
        "enter your pass\u00adword",
        "enter your p4ssw0rd",
        "enter your p@$$word",
        "enter your pass-word",
        "enter your ｐａｓｓｗｏｒｄ",
        "enter your 𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝",
        "enter your \u0440\u0430ssword",
        "enter your passwo\u0301rd",
        "ENTER YOUR PASSWORD",
    ],
)
def test_a_disguised_request_is_read_as_it_is_meant(text):
    assert "M101" in LINTER.codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "We will never ask for your PIN",
        "We'll never ask you for a one-time code",
        "Nobody at Finrec Bank will ever ask you for your password",
        "You will never be asked for your card number",
        "Please do not share your PIN or one-time code with anyone",
        "Beware of callers who ask for your password",
        "我们绝不会索取您的密码",
        "我行不会以任何方式、任何理由向您索要验证码",
        "请勿向任何人透露您的密码、验证码和卡号",
        "本行员工从不询问客户的密码",
        "凡要求提供验证码的都是诈骗",
        "切勿将动态码告诉他人",
    ],
)
def test_what_the_bank_says_it_never_asks_for_is_no_request(text):
    assert not {"M101", "M108"} & set(LINTER.codes(text))


@pytest.mark.parametrize(
    "text",
    [
        "We never ask for your PIN. Enter your PIN below",
        "We never ask for your PIN, but enter your password here",
        "Do not forget to enter your PIN",
        "If you do not enter your PIN, nothing works",
        "Never share your PIN, just reply with your PIN",
        "Unless you provide your password we cannot help",
        "我们绝不会索取您的密码。请输入密码",
        "我们绝不会索取您的密码,请输入验证码",
        "如果您不提供验证码,无法办理",
        "请不要忘记输入密码",
        "切勿告诉他人,请将验证码发送给我们",
        "为防范诈骗,输入密码",
    ],
)
def test_a_negation_elsewhere_lifts_no_request(text):
    assert "M101" in LINTER.codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "To opt out, enter your password",
        "To unsubscribe enter your PIN",
        "取消本行短信通知请输入密码",
        "回复TD退订,输入密码",
        "If you do not want such messages, enter your PIN",
    ],
)
def test_nothing_hides_in_the_words_of_an_opt_out(text):
    assert "M101" in LINTER.codes(text)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("Finrec Bank:\nplease Enter\u200b your PIN.", "M101", "Enter\u200b your PIN"),
        ("您好,請輸入驗.證.碼!", "M101", "請輸入驗.證.碼"),
        ("ﬁne: call 0906 170 1461 soon", "M401", "0906 170 1461"),
        ("İİ go to bit.ly/3abc", "M303", "bit.ly/3abc"),
    ],
)
def test_a_finding_names_its_place_in_the_original_text(text, code, words):
    places = [text[found.start : found.end] for found in LINTER.findings(text) if found.code == code]
    assert places == [words]


def test_numbers_of_the_customer_are_masked_in_what_is_found():
    found = next(found for found in LINTER.findings("card 4111 1111 1111 1111") if found.code == "M501")
    assert found.found == "#### #### #### ####"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gets_findings_within_it(text):
    for found in LINTER.findings(text):
        assert 0 <= found.start <= found.end <= len(text)
    blocking = {found.code for found in LINTER.findings(text) if found.blocks}
    assert set(LINTER.codes(text)) == blocking


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_zero_width_characters_free_no_blocked_message(data):
    text = data.draw(st.sampled_from(["请输入您的密码", "您的账户将被冻结", "enter your password", "click here"]))
    hidden = data.draw(st.sampled_from(["\u200b", "\u200d", "\u2060", "\u00ad", "\ufe0f"]))
    at = data.draw(st.integers(0, len(text)))
    wanted = set(LINTER.codes(text))
    assert wanted | {"M701"} <= set(LINTER.codes(text[:at] + hidden + text[at:]))
