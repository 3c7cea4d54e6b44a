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
    "similar_customers": (
        "customers with a similar history hold it",
        "{count} customers with a similar history hold it",
    ),
}
"""Reason's code → its sentence without and with the particulars."""

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


def heaviest(contributions: Sequence[Floats], explanations: Sequence[Explanation], n: int) -> Reasons:
    """The ``n`` heaviest parts of each score.

    A part's weight is its model's share of the blended score. Equal weights keep the models' order.

    Args:
        contributions: each model's part of the score, B × N.
        explanations: the same models' explanations.
    """
    parts = np.stack(contributions, axis=-1)
    total = parts.sum(axis=-1, keepdims=True)
    shares = np.round(np.divide(parts, total, out=np.zeros_like(parts), where=total > 0), 6)
    order = np.argsort(-shares, axis=-1, kind="stable")[..., :n]
    codes = np.array([list(SENTENCES).index(explanation.code) for explanation in explanations])
    return Reasons(
        weight=np.take_along_axis(shares, order, axis=-1),
        code=codes[order],
        product=_picked([e.product for e in explanations], order),
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
    codes = pa.array(list(SENTENCES)).take(pa.array(code[used]))
    structs = pa.StructArray.from_arrays([codes, pa.array(weight[used]), texts], names=["code", "weight", "text"])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)


def _texts(code: Ints, product: Ints, count: Ints, product_names: pa.Array) -> pa.Array:
    """Sentences: the template of the code, its placeholders filled."""
    particular = (product >= 0) | (count > 0)
    templates = pa.array([sentence for pair in SENTENCES.values() for sentence in pair])
    chosen = templates.take(pa.array(2 * code + particular))
    heads, tails = _around(templates)
    filling = pc.if_else(
        pa.array(product >= 0), product_names.take(pa.array(np.maximum(product, 0))), pa.array(count).cast(pa.string())
    )
    at = pa.array(2 * code + particular)
    filled = pc.binary_join_element_wise(heads.take(at), filling, tails.take(at), "")
    return pc.if_else(pa.array(particular), filled, chosen)


def _around(templates: pa.Array) -> tuple[pa.Array, pa.Array]:
    """What stands before and after each template's placeholder."""
    pieces = [text.replace("{product}", "{count}").partition("{count}") for text in templates.to_pylist()]
    return pa.array([head for head, _, _ in pieces]), pa.array([tail for _, _, tail in pieces])


def _picked(values: Sequence[Ints], order: Ints) -> Ints:
    return np.take_along_axis(np.stack(values, axis=-1), order, axis=-1)
