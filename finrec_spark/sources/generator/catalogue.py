"""The products that the synthetic bank sells."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from finrec_spark.arrays import Ints
from finrec_spark.sampling import uniform
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.words import CATEGORIES, KINDS, VARIANTS, Kind, Variant

_ID_CODES = dict(zip(CATEGORIES, ("CARD", "DEPO", "INSU", "INVE", "LOAN"), strict=True))
_SHARES = dict(zip(CATEGORIES, (0.20, 0.18, 0.22, 0.24, 0.16), strict=True))
ALWAYS = 10_000  # a month after every history


@dataclass(frozen=True)
class Product:
    """One product: on sale from month ``first`` to before month ``end``, positions in the history."""

    product_id: str
    kind: Kind
    variant: Variant
    first: int
    end: int


def catalogue(params: GeneratorParams) -> tuple[Product, ...]:
    """The products in ascending order of their IDs; a product's position in it is its number everywhere.

    Kinds are taken in turn, first all in the classic variant, then all in the next. Of the other variants
    one in five comes to market during the history and one in eight leaves it; classic ones are always on sale.
    """
    chosen = [pair for category in CATEGORIES for pair in _assortment(category, params.products)]
    first, end = _sale_months(len(chosen), params)
    return tuple(
        Product(product_id, kind, variant, *((-60, ALWAYS) if variant is VARIANTS[0] else (int(start), int(stop))))
        for (product_id, kind, variant), start, stop in zip(chosen, first, end, strict=True)
    )


def _assortment(category: str, products: int) -> list[tuple[str, Kind, Variant]]:
    pairs = [(kind, variant) for variant in VARIANTS for kind in KINDS if kind.category == category]
    wanted = _counts(products)[category]
    return [(f"P-{_ID_CODES[category]}-{n:03d}", *pair) for n, pair in enumerate(pairs[:wanted], start=1)]


def _counts(products: int) -> dict[str, int]:
    """Products of each category; they sum to ``products``.

    >>> _counts(120)
    {'credit_card': 24, 'deposit': 22, 'insurance': 26, 'investment': 29, 'loan': 19}
    """
    bounds = np.rint(products * np.cumsum([0.0, *_SHARES.values()])).astype(int)
    return dict(zip(CATEGORIES, np.diff(bounds).tolist(), strict=True))


def _sale_months(products: int, params: GeneratorParams) -> tuple[Ints, Ints]:
    position = np.arange(products)
    fate = uniform(params.seed, "product's fate", position)
    within = uniform(params.seed, "product's month", position)
    month = 1 + np.floor(within * (params.months - 1)).astype(np.int64)
    launched, withdrawn = fate < 0.2, fate > 0.875
    return np.where(launched, month, -12 - (within * 48).astype(np.int64)), np.where(withdrawn, month, ALWAYS)


def description(product: Product) -> str:
    """The English text of a product."""
    kind = product.kind
    facts = f"From {price_yuan(product):,} yuan. Risk level {kind.risk_level} of 5."
    return f"{kind.text} {product.variant.text} {facts}"


def description_zh(product: Product) -> str:
    """The Chinese text of a product."""
    facts = f"{price_yuan(product)}元起。风险等级{product.kind.risk_level}级。"
    return f"{product.kind.text_zh}{product.variant.text_zh}{facts}"


def price_yuan(product: Product) -> int:
    """Least amount, yearly fee or premium."""
    return round(product.kind.price_yuan * product.variant.price_factor)


def first_day(product: Product, params: GeneratorParams) -> date:
    """First day on sale."""
    return params.month(product.first)


def last_day(product: Product, params: GeneratorParams) -> date | None:
    """Last day on sale; None where no end is known."""
    return None if product.end == ALWAYS else params.month(product.end) - timedelta(days=1)
