"""What made a score, in codes, weights and sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.scorer import Explanation

Language = Literal["en", "zh"]

_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "popular_in_segment": (
        "popular in the customer's segment",
        "popular in the customer's segment",
        "受同类客群欢迎",
        "受同类客群欢迎",
    ),
    "similar_taste": (
        "goes with the whole history",
        "goes with an earlier choice, {product}",
        "与以往的选择相符",
        "与以往选择的{product}相配",
    ),
    "holders_also_hold": (
        "often held together with earlier choices",
        "often held together with {product}",
        "常与已有产品一同持有",
        "常与{product}一同持有",
    ),
    "close_product": (
        "chosen by much the same customers",
        "chosen by much the same customers as {product}",
        "选择它的客户与该客户相近",
        "选择它的客户也选择{product}",
    ),
    "similar_content": (
        "of the kind that the customer looked at",
        "of the same kind as {product}",
        "与关注过的产品类似",
        "与{product}属于同类产品",
    ),
    "own_interest": (
        "the customer has shown interest in it",
        "the customer has shown interest in it",
        "客户曾关注该产品",
        "客户曾关注该产品",
    ),
    "similar_customers": (
        "customers with a similar history hold it",
        "{count} customers with a similar history hold it",
        "经历相似的客户持有该产品",
        "{count}位经历相似的客户持有该产品",
    ),
    "fits_profile": (
        "fits the customer's profile",
        "fits the customer's {feature}",
        "符合客户的情况",
        "符合客户的{feature}",
    ),
    "similar_profile": (
        "customers in a like situation take it",
        "customers in a like situation take it",
        "情况相近的客户常选择该产品",
        "情况相近的客户常选择该产品",
    ),
    "next_step": (
        "likely as the next step",
        "likely as the next step; its text speaks of {words}",
        "可能是客户的下一步选择",
        "可能是客户的下一步选择，产品涉及{words}",
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

SENTENCES: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {code: words[:2] for code, words in _WORDS.items()},
    "zh": {code: words[2:] for code, words in _WORDS.items()},
}
"""Language → reason's code → its sentence without and with the particulars."""

_LABELS: Mapping[str, tuple[str, str]] = {
    "segment": ("segment", "客群"),
    "risk_level": ("risk level", "风险等级"),
    "risk_age_days": ("last risk assessment", "最近一次风险测评"),
    "tenure_days": ("time with the bank", "开户时长"),
    "age": ("age", "年龄"),
    "income_yuan": ("income", "收入"),
    "occupation": ("occupation", "职业"),
    "region": ("region", "地区"),
    "owns_home": ("housing", "住房情况"),
    "housing": ("housing", "住房情况"),
}

_CODES = list(_WORDS)
_MARKS = ("{count}", "{product}", "{feature}", "{words}")


def feature_label(feature: str, language: Language) -> str:
    """What a sentence calls a profile feature.

    >>> feature_label("numbers:income_yuan", "en"), feature_label("risk_level", "zh")
    ('income', '风险等级')
    """
    name = feature.partition(":")[2] or feature
    return _LABELS.get(name, (name.replace("_", " "),) * 2)[0 if language == "en" else 1]


def _template(plain: str, particular: str) -> tuple[str, str, str]:
    """The plain sentence, and what stands before and after the other one's placeholder."""
    for mark in _MARKS[1:]:
        particular = particular.replace(mark, _MARKS[0])
    head, _, tail = particular.partition(_MARKS[0])
    return plain, head, tail


REASONS_TYPE = pa.list_(pa.struct([("code", pa.string()), ("weight", pa.float64()), ("text", pa.string())]))


@dataclass(frozen=True)
class Wording:
    """What the sentences are made with.

    Attributes:
        language: of the templates.
        products: names by position.
        features: labels by place in the profile vector.
        words: telling words of each product's text, by position; empty where no network read them.
    """

    language: Language
    products: Sequence[str]
    features: Sequence[str] = ()
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Reasons:
    """Reasons of B × N recommendations: R a recommendation, heaviest first.

    Attributes:
        weight: B × N × R, share of the score; 0 marks an unused place.
        code, product, count, feature: B × N × R; see ``Explanation``. ``code`` is a position in the list of codes.
    """

    weight: Floats
    code: Ints
    product: Ints
    count: Ints
    feature: Ints


def heaviest(
    parts: Mapping[str, Floats], explanations: Mapping[str, Explanation], total: Floats, products: Ints, n: int
) -> Reasons:
    """The ``n`` heaviest parts of each score that speak for it.

    A part's weight is its share of all that speaks for the product: the parts above 0 and the base rate. Equal weights
    keep the parts' order. Where the recommended product's own history carried a part, the code is ``own_interest``;
    where nothing speaks for the product, the one reason is ``best_of_rest``.

    Args:
        parts: reason group → its part of the score, B × N; a part below 0 is no reason.
        explanations: what stands behind the groups; a group without one is not told.
        total: the score that the parts and the base rate add up to, B × N.
        products: the recommended products, B × N.
    """
    told = [*explanations.values(), _best_of_rest(products)]
    against = np.minimum(np.stack(list(parts.values())), 0.0).sum(axis=0)
    whole = (total - against)[..., None]
    made = np.stack([parts[group] for group in explanations], axis=-1)
    shares = np.round(np.divide(made, whole, out=np.zeros_like(made), where=whole > 0), 6)
    alone = np.where((shares > 0).any(axis=-1, keepdims=True), 0.0, 1.0)
    shares = np.concatenate([shares, alone], axis=-1)
    order = np.argsort(-shares, axis=-1, kind="stable")[..., :n]
    codes = np.array([_CODES.index(explanation.code) for explanation in told])
    product = _picked([e.product for e in told], order)
    nothing = np.full(products.shape, -1, dtype=np.int64)
    return Reasons(
        weight=np.maximum(np.take_along_axis(shares, order, axis=-1), 0.0),
        code=np.where(product == products[..., None], _CODES.index("own_interest"), codes[order]),
        product=product,
        count=_picked([e.count for e in told], order),
        feature=_picked([nothing if e.feature is None else e.feature for e in told], order),
    )


def _best_of_rest(products: Ints) -> Explanation:
    """What is said of a product for which nothing speaks but that the others are worse."""
    nothing = np.zeros(products.shape, dtype=np.int64)
    return Explanation("best_of_rest", nothing - 1, np.ones(products.shape), nothing)


def reasons_array(reasons: Reasons, products: Ints, kept: Ints, wording: Wording) -> pa.Array:
    """One list of reasons for each recommendation in ``kept`` (positions in the flattened B × N).

    Args:
        reasons: B × N × R.
        products: the recommended products, B × N.
    """
    width = reasons.weight.shape[-1]
    weight = reasons.weight.reshape(-1, width)[kept]
    told = (reasons.code, reasons.product, reasons.count, reasons.feature)
    code, product, count, feature = (values.reshape(-1, width)[kept] for values in told)
    used = weight > 0
    offsets = np.concatenate(([0], np.cumsum(used.sum(axis=1))))
    recommended = np.repeat(products.reshape(-1)[kept], used.sum(axis=1))
    texts = _texts(code[used], product[used], count[used], feature[used], recommended, wording)
    codes = pa.array(_CODES).take(pa.array(code[used]))
    structs = pa.StructArray.from_arrays([codes, pa.array(weight[used]), texts], names=["code", "weight", "text"])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)


def _texts(code: Ints, product: Ints, count: Ints, feature: Ints, recommended: Ints, wording: Wording) -> pa.Array:
    """Sentences: the template of the code, its placeholder filled where there is something to fill it with."""
    sentences = SENTENCES[wording.language].values()
    words = _named(recommended if wording.words else np.full_like(recommended, -1), wording.words)
    fillings = (
        (pa.array(count).cast(pa.string()), count > 0),
        (_named(product, wording.products), product >= 0),
        (_named(feature, wording.features), feature >= 0),
        (words, pc.greater(pc.utf8_length(words), 0).to_numpy(zero_copy_only=False)),
    )
    filling, particular = pa.array([""] * len(code), pa.string()), np.zeros(len(code), dtype=bool)
    for mark, (values, there) in zip(_MARKS, fillings, strict=True):
        asked = np.array([mark in text for _, text in sentences])[code]
        filling, particular = pc.if_else(pa.array(asked), values, filling), particular | (asked & there)
    columns = zip(*(_template(*pair) for pair in sentences), strict=True)
    plain, heads, tails = (pa.array(column).take(pa.array(code)) for column in columns)
    return pc.if_else(pa.array(particular), pc.binary_join_element_wise(heads, filling, tails, ""), plain)


def _named(position: Ints, names: Sequence[str]) -> pa.Array:
    """Names by position; any name where there is none."""
    return pa.array([*names, ""], pa.string()).take(pa.array(np.where(position >= 0, position, len(names))))


def _picked(values: Sequence[Ints], order: Ints) -> Ints:
    return np.take_along_axis(np.stack(values, axis=-1), order, axis=-1)
