"""What draws customers to products: the numbers behind the synthetic bank, as arrays over its products.

The log-odds that a customer opens a product that is on sale and not held, in a month:
appeal + latent affinity + segment + risk + life events + products held + earlier views + season (+ contact).
"""

from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.sampling import normal
from finrec_spark.sources.generator.catalogue import Product
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.words import CARD, CATEGORIES, DEPOSIT, INSURANCE, INVESTMENT, KINDS, LOAN

FACTORS = 6
SEGMENTS = ("mass", "young", "affluent", "senior", "private", "business")
LIFE_EVENTS = ("marriage", "child", "house", "promotion", "retirement")
RISK_LEVELS = 5

_BASE = -9.15
_SEASON = 0.45
_AFFINITY = 1.5
_RISK_PENALTY = -3.0
_MADE_FOR, _NOT_MADE_FOR = 1.5, -2.0

_APPEAL = {CARD: 0.3, DEPOSIT: 0.4, INSURANCE: 0.0, INVESTMENT: 0.2, LOAN: -0.5}
_SAME_KIND = {CARD: -1.0, DEPOSIT: -0.3, INSURANCE: -2.0, INVESTMENT: 0.2, LOAN: -1.5}
CLOSE_RATE = {CARD: 0.004, DEPOSIT: 0.010, INSURANCE: 0.008, INVESTMENT: 0.012, LOAN: 0.004}
TRANSACTION_RATE = {CARD: 0.10, DEPOSIT: 0.06, INSURANCE: 0.03, INVESTMENT: 0.05, LOAN: 0.06}
TRANSACTION_SHARE = {CARD: 0.05, DEPOSIT: 0.20, INSURANCE: 1.0, INVESTMENT: 0.30, LOAN: 0.02}

_SEGMENT_CATEGORY = {  # in the order of CATEGORIES: card, deposit, insurance, investment, loan
    "mass": (0.2, 0.3, 0.1, -0.5, 0.2),
    "young": (0.7, -0.2, -0.5, -0.2, 0.2),
    "affluent": (0.2, 0.1, 0.2, 0.7, -0.1),
    "senior": (-1.0, 0.9, 0.3, -0.1, -2.0),
    "private": (-0.2, 0.2, 0.3, 1.2, -1.0),
    "business": (0.3, 0.0, 0.0, 0.1, 0.8),
}
_SEGMENT_VARIANT = {
    "mass": {"classic": 0.3, "family": 0.3, "premium": -1.0},
    "young": {"digital": 0.8, "starter": 0.8, "premium": -1.5, "family": -0.5},
    "affluent": {"plus": 0.5, "premium": 0.8, "starter": -0.8},
    "senior": {"classic": 0.6, "digital": -1.0},
    "private": {"premium": 1.6, "select": 1.4, "starter": -1.5},
    "business": {"flexible": 0.6, "plus": 0.3},
}
_LIFE = {
    "marriage": {"mortgage": 1.0, "renovation_loan": 0.6, "life_insurance": 1.0, "travel_insurance": 0.6},
    "child": {"child_savings": 2.5, "education_plan": 2.5, "health_insurance": 0.9, "life_insurance": 0.8},
    "house": {"mortgage": 2.5, "home_insurance": 2.2, "renovation_loan": 2.2, "energy_loan": 1.2},
    "promotion": {"platinum_card": 1.6, "equity_fund": 0.8, "index_fund": 0.8, "car_loan": 0.9},
    "retirement": {
        "three_year_deposit": 1.2, "large_certificate": 1.0, "annuity": 1.0, "bond_fund": 0.7,
        "mortgage": -3.0, "car_loan": -1.5, "personal_loan": -2.0, "business_card": -2.0, "business_loan": -3.0,
    },
}  # fmt: skip
_HOLDING = (  # who holds a product of the first kind is drawn to one of the second
    ("mortgage", "home_insurance", 2.5),
    ("mortgage", "renovation_loan", 1.2),
    ("mortgage", "life_insurance", 0.8),
    ("car_loan", "car_insurance", 2.5),
    ("car_insurance", "car_card", 1.5),
    ("car_card", "car_insurance", 1.0),
    ("everyday_account", "cashback_card", 1.2),
    ("everyday_account", "money_fund", 1.0),
    ("cashback_card", "shopping_card", 0.8),
    ("shopping_card", "instalment_card", 1.0),
    ("travel_card", "travel_insurance", 2.0),
    ("travel_card", "currency_deposit", 1.0),
    ("platinum_card", "travel_insurance", 0.8),
    ("half_year_deposit", "three_year_deposit", 1.0),
    ("three_year_deposit", "large_certificate", 1.0),
    ("money_fund", "bond_fund", 1.2),
    ("bond_fund", "balanced_fund", 1.2),
    ("balanced_fund", "index_fund", 1.2),
    ("index_fund", "equity_fund", 1.5),
    ("equity_fund", "structured_note", 1.2),
    ("gold_plan", "pension_fund", 0.8),
    ("pension_fund", "annuity", 1.2),
    ("child_savings", "education_plan", 2.0),
    ("health_insurance", "accident_insurance", 1.0),
    ("life_insurance", "health_insurance", 1.2),
    ("business_account", "business_card", 1.8),
    ("business_account", "business_loan", 1.5),
    ("student_loan", "student_card", 1.5),
)


@dataclass(frozen=True)
class Market:
    """Arrays over the P products; effects are in log-odds.

    Attributes:
        category: position in ``CATEGORIES``.
        risk_level: 1 to 5.
        amount_yuan: what a customer typically takes it with.
        appeal: for everyone.
        factors: P × FACTORS.
        by_segment: segments × P.
        by_risk: (RISK_LEVELS + 1) × P; row r is for customers whose highest suitable risk is r.
        by_life_event: life events × P.
        by_holding: P × P; row p is what holding p does to the others.
        by_season: 12 × P; row 0 is January.
        on_sale: (months + 1) × P.
        close_rate, transaction_rate: monthly probabilities while it is held.
        month_day: first day of every month, in days since the history's first; months + 2 entries.
    """

    category: Ints
    risk_level: Ints
    amount_yuan: Floats
    appeal: Floats
    factors: Floats
    by_segment: Floats
    by_risk: Floats
    by_life_event: Floats
    by_holding: Floats
    by_season: Floats
    on_sale: Bools
    close_rate: Floats
    transaction_rate: Floats
    transaction_yuan: Floats
    month_day: Ints

    @property
    def size(self) -> int:
        """Number of products."""
        return len(self.category)


def market(products: tuple[Product, ...], params: GeneratorParams) -> Market:
    """The market of these products; the same for every bank with these parameters but for ``customers``."""
    categories = [product.kind.category for product in products]
    amount = np.array([product.kind.amount_yuan * product.variant.price_factor for product in products])
    return Market(
        category=np.array([CATEGORIES.index(category) for category in categories]),
        risk_level=np.array([product.kind.risk_level for product in products]),
        amount_yuan=amount,
        appeal=_appeal(products, params.seed),
        factors=_factors(products, params.seed),
        by_segment=np.array([[_segment_effect(segment, product) for product in products] for segment in SEGMENTS]),
        by_risk=_by_risk(products),
        by_life_event=np.array([[_LIFE[e].get(product.kind.code, 0.0) for product in products] for e in LIFE_EVENTS]),
        by_holding=_by_holding(products),
        by_season=_by_season(products),
        on_sale=_on_sale(products, params),
        close_rate=np.array([CLOSE_RATE[category] for category in categories]),
        transaction_rate=np.array([TRANSACTION_RATE[category] for category in categories]),
        transaction_yuan=amount * np.array([TRANSACTION_SHARE[category] for category in categories]),
        month_day=_month_days(params),
    )


def _appeal(products: tuple[Product, ...], seed: int) -> Floats:
    planned = [_APPEAL[product.kind.category] + product.kind.appeal + product.variant.appeal for product in products]
    luck: Floats = 0.5 * normal(seed, "product's luck", np.arange(len(products)))
    return _BASE + np.array(planned) + luck


def _factors(products: tuple[Product, ...], seed: int) -> Floats:
    """Products of a kind lie near each other; the length makes a customer's affinity vary by ``_AFFINITY``."""
    position, dimension = np.arange(len(products)), np.arange(FACTORS)
    kind = np.array([KINDS.index(product.kind) for product in products])
    shared = normal(seed, "kind's factors", kind[:, None], dimension)
    own = normal(seed, "product's factors", position[:, None], dimension)
    factors: Floats = shared * 0.8 + own * 0.6
    factors *= _AFFINITY / np.sqrt(FACTORS)
    return factors


def _segment_effect(segment: str, product: Product) -> float:
    kind = product.kind
    made_for = 0.0 if not kind.segment else _MADE_FOR if kind.segment == segment else _NOT_MADE_FOR
    by_category = _SEGMENT_CATEGORY[segment][CATEGORIES.index(kind.category)]
    return by_category + _SEGMENT_VARIANT[segment].get(product.variant.tag, 0.0) + made_for


def _by_risk(products: tuple[Product, ...]) -> Floats:
    too_risky = [[product.kind.risk_level > level for product in products] for level in range(RISK_LEVELS + 1)]
    return np.where(too_risky, _RISK_PENALTY, 0.0)


def _by_holding(products: tuple[Product, ...]) -> Floats:
    pulls = {(held, drawn): pull for held, drawn, pull in _HOLDING}
    same = {kind.code: _SAME_KIND[kind.category] for kind in KINDS}
    pulls |= {(code, code): pull for code, pull in same.items()}
    codes = [product.kind.code for product in products]
    return np.array([[pulls.get((held, drawn), 0.0) for drawn in codes] for held in codes])


def _by_season(products: tuple[Product, ...]) -> Floats:
    peak = np.array([product.kind.peak_month - 1 for product in products])
    months_from_peak = np.arange(12)[:, None] - peak
    season: Floats = _SEASON * np.cos(2 * np.pi * months_from_peak / 12)
    return season


def _on_sale(products: tuple[Product, ...], params: GeneratorParams) -> Bools:
    month = np.arange(params.months + 1)[:, None]
    first = np.array([product.first for product in products])
    end = np.array([product.end for product in products])
    return np.asarray((first <= month) & (month < end))


def _month_days(params: GeneratorParams) -> Ints:
    return np.array([(params.month(position) - params.first_month).days for position in range(params.months + 2)])
