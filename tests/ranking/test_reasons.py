import numpy as np
import pytest

from finrec_spark.models.scorer import Explanation
from finrec_spark.ranking.reasons import CODES, Reasons, Wording, feature_label, heaviest, reasons_array

# code: plain and with particulars, in English, then in Chinese.
TEXTS = {
    "popular_in_segment": (
        "popular in the customer's segment",
        "popular in the customer's segment",
        "受同类客群欢迎",
        "受同类客群欢迎",
    ),
    "similar_taste": (
        "goes with the whole history",
        "goes with an earlier choice, Card",
        "与以往的选择相符",
        "与以往选择的Card相配",
    ),
    "holders_also_hold": (
        "often chosen by customers with the same interests",
        "often chosen by customers interested in Card",
        "兴趣相同的客户常选",
        "对Card感兴趣的客户常选",
    ),
    "often_next": (
        "often chosen next by customers with the same interests",
        "often chosen next by customers interested in Card",
        "兴趣相同的客户接下来常选",
        "对Card感兴趣的客户接下来常选",
    ),
    "close_product": (
        "chosen by much the same customers",
        "chosen by much the same customers as Card",
        "选择它的客户与该客户相近",
        "选择它的客户也选择Card",
    ),
    "similar_content": (
        "of the kind that the customer looked at",
        "of the same kind as Card",
        "与关注过的产品类似",
        "与Card属于同类产品",
    ),
    "own_interest": (
        "the customer has shown interest in it",
        "the customer has shown interest in it",
        "客户曾关注该产品",
        "客户曾关注该产品",
    ),
    "similar_customers": (
        "customers with a similar history hold it",
        "7 customers with a similar history hold it",
        "经历相似的客户持有该产品",
        "7位经历相似的客户持有该产品",
    ),
    "fits_profile": (
        "fits the customer's profile",
        "fits the customer's income",
        "符合客户的情况",
        "符合客户的收入",
    ),
    "similar_profile": (
        "customers in a like situation take it",
        "customers in a like situation take it",
        "情况相近的客户常选择该产品",
        "情况相近的客户常选择该产品",
    ),
    "next_step": (
        "likely as the next step",
        "likely as the next step; its text speaks of fuel, groceries",
        "可能是客户的下一步选择",
        "可能是客户的下一步选择，产品涉及fuel, groceries",
    ),
    "in_demand": (
        "many customers take it at this time",
        "many customers take it at this time",
        "近期选择该产品的客户较多",
        "近期选择该产品的客户较多",
    ),
    "fits_risk": (
        "fits the customer's risk level",
        "fits the customer's risk level",
        "符合客户的风险等级",
        "符合客户的风险等级",
    ),
    "best_of_rest": (
        "the best of what is left",
        "the best of what is left",
        "其余可选产品中相对合适",
        "其余可选产品中相对合适",
    ),
    "kind_in_use": (
        "the customer uses products of this kind",
        "the customer uses products of this kind",
        "客户使用过此类产品",
        "客户使用过此类产品",
    ),
}


@pytest.mark.parametrize("code", CODES)
def test_the_sentences_of_every_code(code):
    assert tuple(told(code, language, full) for language in ("en", "zh") for full in (False, True)) == TEXTS[code]


@pytest.mark.parametrize(
    ("feature", "english", "chinese"),
    [
        ("segment", "segment", "客群"),
        ("risk_level", "risk level", "风险等级"),
        ("numbers:risk_age_days", "last risk assessment", "最近一次风险测评"),
        ("numbers:tenure_days", "time with the bank", "开户时长"),
        ("numbers:age", "age", "年龄"),
        ("numbers:income_yuan", "income", "收入"),
        ("categories:occupation", "occupation", "职业"),
        ("categories:region", "region", "地区"),
        ("categories:owns_home", "housing", "住房情况"),
        ("categories:housing", "housing", "住房情况"),
        ("numbers:card_spend_yuan", "card spend yuan", "card spend yuan"),
    ],
)
def test_the_labels_of_features(feature, english, chinese):
    assert (feature_label(feature, "en"), feature_label(feature, "zh")) == (english, chinese)


def test_what_would_be_told_in_the_same_words_is_one_reason_that_weighs_as_much_as_both():
    """Two models that rest on the customer's own look at the product, two that name the same other product."""
    assert reasons_of(
        own=("holders_also_hold", 0, 0.1), first=("holders_also_hold", 2, 0.2), again=("own_interest", -1, 0.15),
        second=("holders_also_hold", 2, 0.25), other=("holders_also_hold", 1, 0.1),
    ) == [("holders_also_hold", 2, 0.45), ("own_interest", 0, 0.25), ("holders_also_hold", 1, 0.1)]  # fmt: skip


def test_what_speaks_against_a_product_is_added_to_nothing():
    assert reasons_of(against=("holders_also_hold", 2, -0.5), speaks=("holders_also_hold", 2, 0.3)) == [
        ("holders_also_hold", 2, 0.375)  # .3 of a score of .3 and of the .5 that was taken off it
    ]


def reasons_of(**groups):
    """Code, product and weight of the reasons for product 0, given each group's code, product and part of the score."""
    cell = np.ones((1, 1), dtype=np.int64)
    parts = {name: cell * part for name, (_, _, part) in groups.items()}
    explanations = {name: Explanation(code, cell * of, cell, cell * 0) for name, (code, of, _) in groups.items()}
    total = cell * (0.3 if "against" in groups else 1.0)
    found = heaviest(parts, explanations, total, cell * 0, n=5)
    rows = zip(found.code.ravel(), found.product.ravel(), found.weight.ravel(), strict=True)
    return [(CODES[code], int(product), round(float(weight), 6)) for code, product, weight in rows if weight > 0]


def told(code, language, full):
    """The sentence of one code; full: product, count, feature and words are known."""
    place = np.full((1, 1, 1), 0 if full else -1)
    count = np.full((1, 1, 1), 7 if full else 0)
    reasons = Reasons(np.ones((1, 1, 1)), np.full((1, 1, 1), CODES.index(code)), place, count, place)
    words = ["fuel, groceries"] if full else []
    wording = Wording(language, ["Card"], [feature_label("numbers:income_yuan", language)], words)
    return reasons_array(reasons, np.zeros((1, 1), int), np.array([0]), wording).to_pylist()[0][0]["text"]
