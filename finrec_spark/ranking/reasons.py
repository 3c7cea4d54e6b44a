"""What made a score, in codes, weights and sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finrec_spark.models.scorer import Explanation, Floats, Ints

SENTENCES: Mapping[str, tuple[str, str]] = {
    "popular_in_segment": ("popular in the customer's segment", "popular in the customer's segment"),
    "similar_taste": ("goes with the whole history", "goes with an earlier choice, {product}"),
    "holders_also_hold": ("often held together with earlier choices", "often held together with {product}"),
    "close_product": ("chosen by much the same customers", "chosen by much the same customers as {product}"),
    "own_interest": ("the customer has shown interest in it", "the customer has shown interest in it"),
    "similar_customers": (
        "customers with a similar history hold it",
        "{count} customers with a similar history hold it",
    ),
}
"""Reason's code → its sentence without and with the particulars."""

_CODES = list(SENTENCES)
_MARKS = ("{count}", "{product}")


def _template(plain: str, particular: str) -> tuple[str, str, str]:
    """The plain sentence, and what stands before and after the other one's placeholder."""
    head, _, tail = particular.replace(_MARKS[1], _MARKS[0]).partition(_MARKS[0])
    return plain, head, tail


_TEMPLATES = [_template(*pair) for pair in SENTENCES.values()]

REASONS_TYPE = pa.list_(pa.struct([("code", pa.string()), ("weight", pa.float64()), ("text", pa.string())]))


@dataclass(frozen=True)
class Reasons:
    """Reasons of B × N recommendations: R a recommendation, heaviest first.

    Attributes:
        weight: B × N × R, share of the score; 0 marks an unused place.
        code, product, count: B × N × R; see ``Explanation``. ``code`` is a position in ``SENTENCES``.
    """

    weight: Floats
    code: Ints
    product: Ints
    count: Ints


def heaviest(contributions: Sequence[Floats], explanations: Sequence[Explanation], products: Ints, n: int) -> Reasons:
    """The ``n`` heaviest parts of each score.

    A part's weight is its model's share of the blended score. Equal weights keep the models' order. Where the
    recommended product's own history carried a part, the code is ``own_interest``.

    Args:
        contributions: each model's part of the score, B × N.
        explanations: the same models' explanations.
        products: the recommended products, B × N.
    """
    parts = np.stack(contributions, axis=-1)
    total = parts.sum(axis=-1, keepdims=True)
    shares = np.round(np.divide(parts, total, out=np.zeros_like(parts), where=total > 0), 6)
    order = np.argsort(-shares, axis=-1, kind="stable")[..., :n]
    codes = np.array([_CODES.index(explanation.code) for explanation in explanations])
    product = _picked([e.product for e in explanations], order)
    return Reasons(
        weight=np.take_along_axis(shares, order, axis=-1),
        code=np.where(product == products[..., None], _CODES.index("own_interest"), codes[order]),
        product=product,
        count=_picked([e.count for e in explanations], order),
    )


def reasons_array(reasons: Reasons, kept: Ints, product_names: pa.Array) -> pa.Array:
    """One list of reasons for each recommendation in ``kept`` (positions in the flattened B × N).

    Args:
        reasons: B × N × R.
        product_names: names by position.
    """
    width = reasons.weight.shape[-1]
    weight = reasons.weight.reshape(-1, width)[kept]
    code, product, count = (v.reshape(-1, width)[kept] for v in (reasons.code, reasons.product, reasons.count))
    used = weight > 0
    offsets = np.concatenate(([0], np.cumsum(used.sum(axis=1))))
    texts = _texts(code[used], product[used], count[used], product_names)
    codes = pa.array(_CODES).take(pa.array(code[used]))
    structs = pa.StructArray.from_arrays([codes, pa.array(weight[used]), texts], names=["code", "weight", "text"])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)


def _texts(code: Ints, product: Ints, count: Ints, product_names: pa.Array) -> pa.Array:
    """Sentences: the template of the code, its placeholders filled."""
    asks_count, asks_product = (np.array([mark in text for _, text in SENTENCES.values()]) for mark in _MARKS)
    particular = np.where(asks_count[code], count > 0, asks_product[code] & (product >= 0))
    name = product_names.take(pa.array(np.maximum(product, 0)))
    filling = pc.if_else(pa.array(asks_product[code]), name, pa.array(count).cast(pa.string()))
    plain, heads, tails = (pa.array(column).take(pa.array(code)) for column in zip(*_TEMPLATES, strict=True))
    return pc.if_else(pa.array(particular), pc.binary_join_element_wise(heads, filling, tails, ""), plain)


def _picked(values: Sequence[Ints], order: Ints) -> Ints:
    return np.take_along_axis(np.stack(values, axis=-1), order, axis=-1)
