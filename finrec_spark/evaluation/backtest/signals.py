"""Sums up to a date → the plain signals of that date: what each product scores, whoever asks and whatever he bought.

With X the customers × products matrix of what was bought, n products' buyers and D the customers' counts:

===================== ===================================================================================
popularity            n
popularity_60_days    first buys of the last 60 days; ties by popularity
popularity_fading     first buys, each counting half as much every ``fading_half_life_days``
newcomers_60_days     first buys of the last 60 days by customers who had bought nothing before
kind_180_days         first buys of the last 180 days by customers who had bought most of the same kind
cosine                X'X ÷ √(n n')
pearson_item          the product's Pearson over X, the nearest ``neighbours`` of each product
walk                  three steps customer → product → customer → product: n⁻¹ X' D⁻¹ X
ease                  EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", 2019): −P ÷ diag P with
                      P = (X'X + λ)⁻¹, 0 on the diagonal
bought_next           ridge from what was held to what was bought next: (H + λ)⁻¹ N
===================== ===================================================================================
"""

from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.evaluation.backtest.catalogue import Catalogue
from finrec_spark.evaluation.backtest.params import SignalParams
from finrec_spark.evaluation.backtest.pasts import Pasts, main_kind
from finrec_spark.evaluation.backtest.sums import NEWCOMER, WALK_STEPS, Sums, faded_weights, totals
from finrec_spark.models.neighbours.linear import ease_weights, next_weights, walk_weights
from finrec_spark.models.neighbours.pearson_item import PearsonItemParams
from finrec_spark.models.neighbours.similarity import PairSums, largest, similar_pairs

FALLBACK = "popularity_fading"
"""Ranks for customers of whom a signal knows nothing."""

PRODUCT_SIGNALS = (
    *("popularity", "popularity_fading"),
    *(f"popularity_{days}_days" for days in (15, 30, 60, 180, 365)),
    *(f"newcomers_{days}_days" for days in (60, 180)),
    *(f"buys_{days}_days" for days in (30, 60, 180)),
)
"""Signals that are the same for everyone."""

_TIE = 1e-5  # orders what was bought equally often, changes nothing else
_KIND_DAYS = 180


@dataclass(frozen=True)
class DateSignals:
    """The signals of one date.

    Attributes:
        by_product: signal → scores that are the same for everyone, P, each summing to 1 where there is any.
        by_history: signal → P × P; a customer's scores are the sum of the rows of what was bought.
        by_kind: first buys of the last 180 days by main kind of the buyer, kinds × P.
        kind: of each product, P.
    """

    by_product: dict[str, Floats]
    by_history: dict[str, Floats]
    by_kind: Floats
    kind: Ints

    def shares(self, pasts: Pasts) -> dict[str, Floats]:
        """Every signal's scores as shares over what the customer has not bought, B × P.

        Args:
            pasts: as they were known at the date.
        """
        owned = pasts.owned()
        open_ = owned.toarray() == 0
        own = {name: owned @ weights for name, weights in self.by_history.items()}
        kinds = main_kind(owned, self.kind)
        own["kind_180_days"] = np.where(kinds[:, None] >= 0, self.by_kind[np.maximum(kinds, 0)], 0.0)
        same = {name: shares_of(scores[None, :], open_) for name, scores in self.by_product.items()}
        return {**{name: shares_of(scores, open_) for name, scores in own.items()}, **same}


def shares_of(scores: Floats, eligible: Bools) -> Floats:
    """Scores divided by the row's sum; what is negative or not eligible becomes 0.

    >>> shares_of(np.array([[3.0, 1.0, -2.0]]), np.array([[True, True, True], [False, True, True]])).tolist()
    [[0.75, 0.25, 0.0], [0.0, 1.0, 0.0]]
    """
    kept = np.where(eligible, np.maximum(scores, 0.0), 0.0)
    total = kept.sum(axis=1, keepdims=True)
    return np.divide(kept, total, out=np.zeros_like(kept), where=total > 0)


def date_signals(sums: Sums, day: int, catalogue: Catalogue, params: SignalParams) -> DateSignals:
    """The signals as of ``day``, from what was known then."""
    return DateSignals(
        by_product=product_shares(sums, day, catalogue.n_products, params),
        by_history=history_weights(sums, day, catalogue.n_products, params),
        by_kind=_bought_by_kind(sums, day, catalogue),
        kind=catalogue.kind,
    )


def product_shares(sums: Sums, day: int, n_products: int, params: SignalParams) -> dict[str, Floats]:
    """How popular each product was at a date by several measures, P each; the shares of one measure sum to 1."""

    def count(measure: str, window_days: float = np.inf) -> Floats:
        _, product, number, _ = sums.buys(measure, day, window_days)
        return totals(product, number, n_products)

    counts = {
        "popularity": count("first_buys"),
        "popularity_fading": _faded(sums, day, n_products, params.fading_half_life_days),
        **{f"popularity_{days}_days": count("first_buys", days) for days in (15, 30, 60, 180, 365)},
        **{f"newcomers_{days}_days": _by_newcomers(sums, day, n_products, days) for days in (60, 180)},
        **{f"buys_{days}_days": count("buys", days) for days in (30, 60, 180)},
    }
    shares = {name: _share(number) for name, number in counts.items()}
    return {name: _share(share + _TIE * shares["popularity"]) for name, share in shares.items()}


def history_weights(sums: Sums, day: int, n_products: int, params: SignalParams) -> dict[str, Floats]:
    """Signal → P × P at a date: what each product in a history adds to each product's score."""
    support, walk = sums.matrix("support", day, n_products), sums.matrix("walk", day, n_products) / WALK_STEPS
    holders, customers = np.diag(support), np.round(np.trace(walk))
    half_life = params.next_half_life_days
    held, bought_next = (sums.matrix(name, day, n_products, half_life) for name in ("held", "next"))
    return {
        "cosine": support / np.sqrt(np.maximum(np.outer(holders, holders), 1.0)),
        "pearson_item": _pearson_weights(support, float(customers)),
        "walk": walk_weights(walk, holders),
        "ease": ease_weights(support, params.ease_ridge),
        "bought_next": next_weights(held, bought_next, params.next_ridge),
    }


def _pearson_weights(support: Floats, customers: float) -> Floats:
    """Pearson over all customers as the month fits it, over what was bought; the nearest neighbours of each product."""
    params, holders = PearsonItemParams(), np.diag(support)
    left, right = np.nonzero(np.triu(support, 1) + np.tril(support, -1))
    both, x, y = support[left, right], holders[left], holders[right]
    pairs = similar_pairs(
        PairSums(left, right, both, np.full(len(left), customers), x, y, x, y, both), "pearson", params
    )
    kept = largest(pairs.left, pairs.similarity, pairs.right, params.neighbours)
    weights = np.zeros_like(support)
    weights[pairs.right[kept], pairs.left[kept]] = pairs.similarity[kept]
    return weights


def _bought_by_kind(sums: Sums, day: int, catalogue: Catalogue) -> Floats:
    kind, product, number, _ = sums.buys("first_buys", day, _KIND_DAYS)
    known, shape = kind != NEWCOMER, (int(catalogue.kind.max()) + 1, catalogue.n_products)
    flat = totals(kind[known] * shape[1] + product[known], number[known], shape[0] * shape[1])
    return flat.reshape(shape)


def _by_newcomers(sums: Sums, day: int, n_products: int, window_days: float) -> Floats:
    kind, product, number, _ = sums.buys("first_buys", day, window_days)
    return totals(product, np.where(kind == NEWCOMER, number, 0.0), n_products)


def _faded(sums: Sums, day: int, n_products: int, half_life_days: float) -> Floats:
    _, product, number, age_days = sums.buys("first_buys", day)
    return totals(product, number * faded_weights(age_days, half_life_days), n_products)


def _share(values: Floats) -> Floats:
    total = values.sum()
    return values / total if total > 0 else values
