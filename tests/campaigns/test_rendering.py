"""Targets → messages: chosen templates, filled fields, reasons for what is left out."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.fields import samples
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.campaigns.messages.rendering import Rendering, render
from finrec_spark.campaigns.messages.templates import catalogue_of
from finrec_spark.campaigns.messages.writer import Writer

JUNE = date(2022, 6, 1)
_CLICK = {"List-Unsubscribe": "<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def template(name, channel, body, *fields, **more):
    return {"id": name, "channel": channel, "body": body, "fields": list(fields), **more}


NAMED = "{bank}: {first_name}, {product} from {price}, in our app."
PRICED = "{bank}: {product} from {price}, in our app."
DATED = "{bank}: {product}, until {until}, in our app."
SMS = "{bank}: {product}, see our app. Reply STOP to opt out."
SMS_ZH = "【{bank}】{product},{price}起,详见手机银行。回复TD退订"
TEMPLATES = [
    template("named", "app", NAMED, "first_name", "product", "price"),
    template("priced", "app", PRICED, "product", "price"),
    template("dated", "app", DATED, "product", "until", category="loan"),
    template("sms", "sms", SMS, "product"),
    template("mail", "email", SMS, "product", subject="{product}", headers=_CLICK),
]
ENGLISH = catalogue_of({"language": "en", "templates": TEMPLATES}, "en")
CHINESE = catalogue_of({"language": "zh", "templates": [template("sms", "sms", SMS_ZH, "product", "price")]}, "zh")
RENDERING = Rendering((ENGLISH, CHINESE), Bank(), "en", b"a secret")


@pytest.fixture(scope="module")
def rendered(spark):
    """Renders targets (customer, product, channel, arm, language); rows by customer."""
    products = spark.createDataFrame(
        [
            ("P1", "deposit", "Six-Month Deposit", Decimal("1000.00"), {"name_zh": "半年期定期存款"}),
            ("P2", "loan", "Car Loan", None, {}),
            ("P3", "credit_card", "You have won a prize", Decimal("1234.50"), {}),
        ],
        "product_id string, category string, name string, price decimal(18,2), attributes map<string,string>",
    )

    def build(rows, **more):
        names = "month date, campaign_id string, customer_id string, product_id string, channel string, arm string"
        kinds = "".join(f", {name} {kind}" for name, kind in more.items())
        given_rows = [(JUNE, "c1", *row) for row in rows]
        targets = spark.createDataFrame(given_rows, f"{names}, language string{kinds}")
        return {row["customer_id"]: row for row in render(targets, products, RENDERING).collect()}

    return build


def test_a_customer_is_written_to_in_the_own_language_with_formatted_amounts(rendered):
    rows = rendered([("ann", "P1", "sms", "treatment", "zh"), ("bob", "P1", "app", "treatment", None)])
    assert rows["ann"]["message"] == "【芬睿银行】半年期定期存款,¥1,000起,详见手机银行。回复TD退订"
    assert rows["bob"]["message"] == "Finrec Bank: Six-Month Deposit from CN¥1,000, in our app."
    assert (rows["bob"]["language"], rows["bob"]["template_id"], rows["bob"]["excluded"]) == ("en", "priced", None)


def test_a_missing_field_falls_back_to_a_template_without_it_or_says_so(rendered):
    given_ = [("ann", "P2", "app", "treatment", "en", date(2022, 6, 30)), ("bob", "P2", "app", "treatment", "en", None)]
    rows = rendered(given_, until="date")
    assert rows["ann"]["message"] == "Finrec Bank: Car Loan, until 30 June 2022, in our app."
    assert (rows["bob"]["message"], rows["bob"]["excluded"]) == (None, "missing_field:first_name,price")


def test_what_is_not_sent_has_a_reason(rendered):
    rows = rendered(
        [
            ("kept", "P1", "sms", "control", "en"),
            ("held", "P1", "sms", "holdout", "en"),
            ("phone", "P1", "phone", "treatment", "en"),
            ("spoken", "P1", "sms", "treatment", "fr"),
            ("unknown", "P9", "sms", "treatment", "en"),
            ("prize", "P3", "sms", "treatment", "en"),
        ]
    )
    assert {name: row["excluded"] for name, row in rows.items()} == {
        "kept": "control",
        "held": "holdout",
        "phone": "no_template",
        "spoken": "no_template",
        "unknown": "missing_field:product",
        "prize": "blocked:M204",
    }
    assert {row["message"] for row in rows.values()} == {None}


def test_an_email_has_a_subject_and_one_click_headers_with_a_code_of_its_own(rendered):
    rows = rendered([("ann", "P1", "email", "treatment", "en"), ("bob", "P1", "email", "treatment", "en")])
    links = [row["headers"]["List-Unsubscribe"] for row in rows.values()]
    assert rows["ann"]["subject"] == "Six-Month Deposit"
    assert rows["ann"]["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all(re.fullmatch("<https://finrec-bank.example/unsubscribe/[0-9a-f]{32}>", link) for link in links)
    assert len(set(links)) == 2 and "ann" not in links[0]


def test_a_personal_field_is_used_by_templates_that_allow_it_and_linted(rendered):
    rows = rendered(
        [("ann", "P1", "app", "treatment", "en", "Ann"), ("eve", "P1", "app", "treatment", "en", "call 0906 170 1461")],
        first_name="string",
    )
    assert rows["ann"]["message"] == "Finrec Bank: Ann, Six-Month Deposit from CN¥1,000, in our app."
    assert rows["eve"]["excluded"] == "blocked:M401"


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.text(min_size=1, max_size=20), st.sampled_from(["Ann", "李明", "O'Neil", "click here", "密码", "a.cn"])
    )
)
def test_the_verdict_on_a_name_is_that_on_the_whole_message(name):
    bank = Bank()
    row = {"arm": "treatment", "channel": "app", "language": "en", "product_id": "P1", "category": "deposit"}
    row |= {"product_name": "Deposit", "price": Decimal(5), "until": None, "first_name": name}
    written = Writer((ENGLISH,), bank).write(row)
    values = samples("en", bank) | {"product": "Deposit", "price": "CN¥5", "first_name": " ".join(name.split())}
    codes = Linter(bank, "app").codes(ENGLISH.templates[0].body.format(**values))
    assert written[-1] == (f"blocked:{','.join(codes)}" if codes else None)
