"""A date's signals → the candidates of each customer and what trees read of them."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.evaluation.backtest.catalogue import GROUPINGS, Catalogue
from finrec_spark.evaluation.backtest.params import BacktestParams
from finrec_spark.evaluation.backtest.pasts import Pasts, main_kind
from finrec_spark.evaluation.backtest.signals import FALLBACK, PRODUCT_SIGNALS, DateSignals, date_signals, shares_of
from finrec_spark.evaluation.backtest.sums import Sums

FUSION_WEIGHTS = {"walk": 1.0, "ease": 1.0, "buys_180_days": 0.5}
COLD_FUSION_WEIGHTS = {"popularity_fading": 1.0, "newcomers_180_days": 0.1}
"""For customers who have bought nothing. Both were chosen on dates whose test time ends before the first test date."""

PERSONAL = ("walk", "ease", "cosine", "bought_next", "kind_180_days")
RECENT = ("buys_60_days", "newcomers_60_days", "buys_180_days", "popularity_30_days")
NEVER_DAYS = 3_000.0
_LEAST_SHARE = 1e-4

FEATURE_NAMES = (
    *(f"log_{name}" for name in (*PERSONAL, "fusion")),
    "fusion_rank",
    *(f"log_{name}" for name in PRODUCT_SIGNALS),
    *("product_age_days", "product_idle_days"),
    *GROUPINGS,
    *(f"customer_{name}" for name in ("owned", "idle_days", "age_days", "buys_180_days", "main_kind")),
    *(f"owned_in_{name}" for name in GROUPINGS),
)
"""What trees read of a candidate."""


@dataclass(frozen=True)
class DateModel:
    """All that scoring needs of one date.

    Attributes:
        day: the date.
        signals: its plain signals.
        facts: feature → a figure of each product, P.
        catalogue: the products.
    """

    day: int
    signals: DateSignals
    facts: dict[str, Floats]
    catalogue: Catalogue


@dataclass(frozen=True)
class Scored:
    """What plain signals say of B customers; every matrix is B × P.

    Attributes:
        pasts: the customers' pasts as of the date.
        eligible: what they have not bought.
        shares: signal → scores as shares of the eligible.
        fusion: the plain fusion of signals, as shares.
    """

    pasts: Pasts
    eligible: Bools
    shares: dict[str, Floats]
    fusion: Floats


@dataclass(frozen=True)
class Pairs:
    """R candidates of B customers, ascending by customer and product.

    Attributes:
        customer: place of the customer, R.
        product: position of the product, R.
        features: R × F in single precision, in the order of ``FEATURE_NAMES``.
    """

    customer: Ints
    product: Ints
    features: np.ndarray[tuple[int, int], np.dtype[np.float32]]


def date_model(sums: Sums, day: int, catalogue: Catalogue, params: BacktestParams) -> DateModel:
    """The models of one date, from what was known then."""
    signals = date_signals(sums, day, catalogue, params.signals)
    return DateModel(day, signals, _product_facts(sums, day, catalogue, signals), catalogue)


def scored(model: DateModel, pasts: Pasts) -> Scored:
    """The plain signals of customers; one who has bought nothing gets ``FALLBACK`` of what reads histories.

    Args:
        model: the date's models.
        pasts: whatever is known of the customers; what the date did not know is not read.
    """
    past = pasts.until(model.day)
    shares = model.signals.shares(past)
    cold = past.counts() == 0
    fusion = np.where(cold[:, None], _weighed(shares, COLD_FUSION_WEIGHTS), _weighed(shares, FUSION_WEIGHTS))
    filled = {name: np.where(_is_empty(share), shares[FALLBACK], share) for name, share in shares.items()}
    eligible = past.owned().toarray() == 0
    return Scored(past, eligible, {**shares, **filled}, shares_of(fusion, eligible))


def candidate_pairs(scores: Scored, model: DateModel, params: BacktestParams) -> Pairs:
    """The products that trees look at, with their features."""
    customer, product = _candidates(scores, params).nonzero()
    columns = {
        **_share_features(scores, customer, product),
        **{name: values[product] for name, values in model.facts.items()},
        **_customer_features(scores.pasts, model, customer),
        **_group_features(scores.pasts.owned(), model.catalogue, customer, product),
    }
    return Pairs(customer, product, np.column_stack([columns[name].astype(np.float32) for name in FEATURE_NAMES]))


def _weighed(shares: dict[str, Floats], weights: dict[str, float]) -> Floats:
    total: Floats = np.sum([weight * shares[name] for name, weight in weights.items()], axis=0)
    return total


def _is_empty(share: Floats) -> Bools:
    empty: Bools = share.sum(axis=1, keepdims=True) <= 0
    return empty


def _candidates(scores: Scored, params: BacktestParams) -> Bools:
    """The best by fusion and by each kind of recent popularity, B × P."""
    chosen = np.zeros(scores.eligible.shape, dtype=bool)
    looked_at = {"fusion": (scores.fusion, params.candidates)}
    looked_at |= {name: (scores.shares[name], params.recent_candidates) for name in RECENT}
    for values, number in looked_at.values():
        n = min(number, values.shape[1])
        best = np.argsort(-values, axis=1, kind="stable")[:, :n]
        np.put_along_axis(chosen, best, True, axis=1)
    return chosen & scores.eligible


def _share_features(scores: Scored, customer: Ints, product: Ints) -> dict[str, Floats]:
    rank = np.argsort(np.argsort(-scores.fusion, axis=1, kind="stable"), axis=1, kind="stable")
    shares = {name: scores.shares[name] for name in PERSONAL} | {"fusion": scores.fusion}
    logs = {f"log_{name}": np.log(share[customer, product] + _LEAST_SHARE) for name, share in shares.items()}
    return {**logs, "fusion_rank": rank[customer, product].astype(np.float64)}


def _product_facts(sums: Sums, day: int, catalogue: Catalogue, signals: DateSignals) -> dict[str, Floats]:
    logs = {f"log_{name}": np.log(share + _LEAST_SHARE) for name, share in signals.by_product.items()}
    first, last = np.full(catalogue.n_products, NEVER_DAYS), np.full(catalogue.n_products, NEVER_DAYS)
    _, product, _, age_days = sums.buys("buys", day)
    first[product] = -np.inf
    np.maximum.at(first, product, age_days.astype(np.float64))
    np.minimum.at(last, product, age_days.astype(np.float64))
    groups = {name: group.astype(np.float64) for name, group in catalogue.groups.items()}
    return {**logs, "product_age_days": first, "product_idle_days": last, **groups}


def _customer_features(pasts: Pasts, model: DateModel, customer: Ints) -> dict[str, Floats]:
    recent = pasts.where(pasts.known_day > model.day - 180)
    features = {
        "owned": np.asarray(pasts.owned().sum(axis=1)).ravel(),
        "idle_days": np.minimum(model.day - pasts.last_day(), NEVER_DAYS),
        "age_days": np.maximum(model.day - pasts.first_day(), -1.0),
        "buys_180_days": recent.counts().astype(np.float64),
        "main_kind": main_kind(pasts.owned(), model.catalogue.kind).astype(np.float64),
    }
    return {f"customer_{name}": values[customer] for name, values in features.items()}


def _group_features(owned: csr_matrix, catalogue: Catalogue, customer: Ints, product: Ints) -> dict[str, Floats]:
    """Share of the customer's products that lie in the candidate's group, by grouping."""
    size = np.maximum(np.asarray(owned.sum(axis=1)).ravel(), 1.0)
    features = {}
    for name in GROUPINGS:
        group = catalogue.groups[name]
        members = csr_matrix((np.ones(len(group)), (np.arange(len(group)), group)))
        in_group = np.asarray((owned @ members).todense()) / size[:, None]
        features[f"owned_in_{name}"] = in_group[customer, group[product]]
    return features
