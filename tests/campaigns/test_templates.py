"""The shipped templates, and what a catalogue may say."""

from pathlib import Path

import pytest

from finrec_spark.campaigns.messages.bank import PROFILES, Bank, load_bank
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.campaigns.messages.templates import catalogue_of, load_catalogue, load_catalogues, template_findings
from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.sources.generator.catalogue import catalogue, description, description_zh
from finrec_spark.sources.generator.params import GeneratorParams

CAMPAIGNS = Path(__file__).parents[2] / "conf/campaigns"
CATALOGUES = load_catalogues(CAMPAIGNS / "templates")
ALL = [(found.language, template) for found in CATALOGUES for template in found.templates]


def test_there_are_forty_templates_over_both_languages_every_channel_and_category():
    assert len(ALL) >= 40
    wanted = {"credit_card", "deposit", "insurance", "investment", "loan", "any"}
    for language in ("en", "zh"):
        for channel in ("sms", "email", "app", "phone"):
            kinds = {one.category for spoken, one in ALL if (spoken, one.channel) == (language, channel)}
            assert kinds == wanted


@pytest.mark.parametrize("profile", PROFILES)
def test_no_shipped_template_is_blocked_or_warned_about(profile):
    senders = ("#FinrecBank",) if profile == "hong_kong" else ("FinrecBank",)
    bank = Bank(profile=profile, sender_ids=senders)
    found = {template.id: template_findings(template, language, bank) for language, template in ALL}
    assert {name: [one.code for one in findings] for name, findings in found.items() if findings} == {}


@pytest.mark.parametrize(
    ("write", "form"),
    [
        (description, "Finrec Bank: {} See our app. Reply STOP to opt out."),
        (description_zh, "【芬睿银行】{}详见手机银行。回复TD退订"),
    ],
)
def test_every_description_of_the_generated_bank_s_products_passes(write, form):
    linter = Linter(Bank(), "sms")
    products = catalogue(GeneratorParams(products=200))
    assert {text: codes for text in map(write, products) if (codes := linter.codes(form.format(text)))} == {}


def test_the_shipped_bank_is_the_default_one():
    assert load_bank(CAMPAIGNS / "bank.yaml") == Bank()


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"language": "en", "templates": []}, "templates: "),
        ({"language": "xx", "templates": [{"id": "a", "channel": "sms", "body": "x"}]}, "language: "),
        ({"language": "en", "templates": [{"id": "a", "channel": "fax", "body": "x"}]}, "templates.0.channel: "),
        ({"language": "en", "templates": [{"id": "a", "channel": "sms", "body": "{x"}]}, "template a: "),
        ({"language": "en", "templates": [{"id": "a", "channel": "sms", "body": "x", "boddy": ""}]}, "boddy: "),
        ({"language": "en", "templates": [{"id": "a", "channel": "sms", "body": "x"}] * 2}, "named twice: a"),
    ],
)
def test_a_faulty_catalogue_is_refused_in_one_line(values, fault):
    with pytest.raises(ConfigError, match=fault) as refused:
        catalogue_of(values, "here.yaml")
    assert "\n" not in str(refused.value) and str(refused.value).startswith("here.yaml: ")


def test_what_is_missing_or_no_yaml_is_told(tmp_path):
    (tmp_path / "en.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_catalogue(tmp_path / "en.yaml")
    with pytest.raises(InputMissing, match="no catalogue"):
        load_catalogues(tmp_path / "nowhere")
    with pytest.raises(InputMissing, match="bank.yaml"):
        load_bank(tmp_path / "bank.yaml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("domains: [https://x.com]", "domains.0: "),
        ("domains: [xn--bnk-0na.com]", "domains.0: "),
        ("phones: [call us]", "phones.0: "),
        ("region: XX", "region XX"),
        ("profile: mars", "profile: "),
        ("profile: hong_kong", "begin with #"),
        ("unsubscribe: https://elsewhere.com/out", "none of the bank's domains"),
        ("colour: blue", "colour: "),
        ("[1]", "not a YAML mapping"),
    ],
)
def test_a_faulty_bank_is_refused_in_one_line(tmp_path, text, fault):
    (tmp_path / "bank.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=fault) as refused:
        load_bank(tmp_path / "bank.yaml")
    assert "\n" not in str(refused.value)


LINK = "【芬睿银行】新卡见https://finrec-bank.example/cards或手机银行。回复TD退订"


@pytest.mark.parametrize(
    ("profile", "channel", "codes"),
    [
        ("strict", "sms", ("M301",)),
        ("singapore", "sms", ("M301",)),
        ("singapore", "email", ("M301",)),
        ("singapore", "app", ()),
        ("china", "sms", ()),
        ("one_link", "email", ()),
    ],
)
def test_a_market_says_where_a_link_may_stand(profile, channel, codes):
    assert Linter(Bank(profile=profile), channel).codes(LINK) == codes


def test_in_hong_kong_no_link_leads_to_a_login():
    linter = Linter(Bank(profile="hong_kong", sender_ids=("#FinrecBank",)), "sms")
    assert linter.codes(LINK) == ()
    assert linter.codes(LINK.replace("cards", "login")) == ("M310",)


def test_in_china_an_sms_is_signed_in_brackets():
    linter = Linter(Bank(profile="china"), "sms")
    assert linter.codes("芬睿银行:新卡见手机银行。回复TD退订") == ("M403",)
    assert linter.codes("新卡见手机银行。回复TD退订【芬睿银行】") == ()
