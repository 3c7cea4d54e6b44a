"""What made a score, in codes, weights and sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finrec_spark.arrays import Floats, Ints
from finrec_spark.messages import Language, texts
from finrec_spark.models.scorer import Explanation

CODES = (
    "popular_in_segment",
    "similar_taste",
    "holders_also_hold",
    "often_next",
    "close_product",
    "similar_content",
    "own_interest",
    "similar_customers",
    "fits_profile",
    "similar_profile",
    "next_step",
    "in_demand",
    "fits_risk",
    "best_of_rest",
    "kind_in_use",
)
"""Every reason's code. Its texts are ``reason.<code>.plain`` and, where one can name something, ``.particular``."""

_OWN = CODES.index("own_interest")
_MARKS = ("{count}", "{product}", "{feature}", "{words}")


def feature_label(feature: str, language: Language) -> str:
    """What a sentence calls a profile feature: its own name where no catalogue has a label.

    >>> feature_label("numbers:income_yuan", "en"), feature_label("risk_level", "zh")
    ('income', '风险等级')
    """
    name = feature.partition(":")[2] or feature
    return texts(language).get(f"feature.{name}", name.replace("_", " "))


@dataclass(frozen=True)
class _Sentences:
    """One language's sentences; every array is as long as ``CODES``.

    Attributes:
        mark: place in ``_MARKS`` of what the particular sentence is filled with; -1 where there is no such sentence.
        plain: the sentence without particulars.
        head, tail: what stands before and after the filling of the other one.
    """

    mark: Ints
    plain: pa.Array
    head: pa.Array
    tail: pa.Array


@cache
def _sentences(language: Language) -> _Sentences:
    found = texts(language)
    particular = [found.get(f"reason.{code}.particular", "") for code in CODES]
    mark = [next((place for place, mark in enumerate(_MARKS) if mark in text), -1) for text in particular]
    parts = [text.partition(_MARKS[place]) for text, place in zip(particular, mark, strict=True)]
    return _Sentences(
        mark=np.array(mark),
        plain=pa.array([found[f"reason.{code}.plain"] for code in CODES]),
        head=pa.array([head for head, _, _ in parts]),
        tail=pa.array([tail for _, _, tail in parts]),
    )


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
        code, product, count, feature: B × N × R; see ``Explanation``. ``code`` is a position in ``CODES``.
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
    parts that would be told in the same words are one reason; where nothing speaks for the product, the one reason is
    ``best_of_rest``.

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
    product = np.stack([e.product for e in told], axis=-1)
    codes = np.array([CODES.index(explanation.code) for explanation in told])
    own = (product == products[..., None]) | (codes == _OWN)
    code, product = np.where(own, _OWN, codes), np.where(own, products[..., None], product)
    shares = _told_once(np.concatenate([shares, alone], axis=-1), code, product)
    order = np.argsort(-shares, axis=-1, kind="stable")[..., :n]
    nothing = np.full(products.shape, -1, dtype=np.int64)
    return Reasons(
        weight=np.round(np.maximum(np.take_along_axis(shares, order, axis=-1), 0.0), 6),
        code=np.take_along_axis(code, order, axis=-1),
        product=np.take_along_axis(product, order, axis=-1),
        count=_picked([e.count for e in told], order),
        feature=_picked([nothing if e.feature is None else e.feature for e in told], order),
    )


def _told_once(shares: Floats, code: Ints, product: Ints) -> Floats:
    """The shares, B × N × G, those of one code and product added up in the first of them."""
    shares = shares.copy()
    for later in range(1, shares.shape[-1]):
        for earlier in range(later):
            same = (code[..., later] == code[..., earlier]) & (product[..., later] == product[..., earlier])
            moved = np.where(same & (shares[..., earlier] > 0), np.maximum(shares[..., later], 0.0), 0.0)
            shares[..., earlier] += moved
            shares[..., later] -= moved
    return shares


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
    codes = pa.array(CODES).take(pa.array(code[used]))
    structs = pa.StructArray.from_arrays([codes, pa.array(weight[used]), texts], names=["code", "weight", "text"])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)


def _texts(code: Ints, product: Ints, count: Ints, feature: Ints, recommended: Ints, wording: Wording) -> pa.Array:
    """Sentences: the template of the code, its placeholder filled where there is something to fill it with."""
    sentences = _sentences(wording.language)
    mark = sentences.mark[code]
    words = _named(recommended if wording.words else np.full_like(recommended, -1), wording.words)
    fillings = (
        (pa.array(count).cast(pa.string()), count > 0),
        (_named(product, wording.products), product >= 0),
        (_named(feature, wording.features), feature >= 0),
        (words, pc.greater(pc.utf8_length(words), 0).to_numpy(zero_copy_only=False)),
    )
    filling, particular = pa.array([""] * len(code), pa.string()), np.zeros(len(code), dtype=bool)
    for place, (values, there) in enumerate(fillings):
        asked = mark == place
        filling, particular = pc.if_else(pa.array(asked), values, filling), particular | (asked & there)
    plain, head, tail = (column.take(pa.array(code)) for column in (sentences.plain, sentences.head, sentences.tail))
    return pc.if_else(pa.array(particular), pc.binary_join_element_wise(head, filling, tail, ""), plain)


def _named(position: Ints, names: Sequence[str]) -> pa.Array:
    """Names by position; any name where there is none."""
    return pa.array([*names, ""], pa.string()).take(pa.array(np.where(position >= 0, position, len(names))))


def _picked(values: Sequence[Ints], order: Ints) -> Ints:
    return np.take_along_axis(np.stack(values, axis=-1), order, axis=-1)
