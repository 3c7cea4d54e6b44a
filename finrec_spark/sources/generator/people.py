"""The customers of the synthetic bank: who they are, what happens to them, and what the bank knows of it."""

from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.sampling import choice, normal, uniform
from finrec_spark.sources.generator.market import FACTORS, LIFE_EVENTS, RISK_LEVELS, SEGMENTS
from finrec_spark.sources.generator.params import GeneratorParams

GENDERS = ("female", "male")
MARITAL = ("single", "married")
HOUSING = ("rents", "owns")
OCCUPATIONS = (
    "employee", "professional", "civil servant", "self-employed", "entrepreneur", "student", "homemaker", "retired",
)  # fmt: skip
REGIONS = (
    "Guangdong", "Jiangsu", "Shandong", "Zhejiang", "Henan", "Sichuan", "Hubei", "Fujian", "Hunan", "Shanghai",
    "Beijing", "Liaoning",
)  # fmt: skip
NEVER = 10_000  # a month after every history

_MARRIAGE, _CHILD, _HOUSE, _PROMOTION, _RETIREMENT = range(len(LIFE_EVENTS))
_RETIRED = OCCUPATIONS.index("retired")
_SENIOR = SEGMENTS.index("senior")
_KEEP_SEGMENT = np.array([segment in ("affluent", "private") for segment in SEGMENTS])

_SEGMENT_WEIGHT = np.array([0.42, 0.18, 0.14, 0.12, 0.03, 0.11])
_AGE_LOW = np.array([25, 18, 30, 60, 38, 26])
_AGE_HIGH = np.array([60, 29, 62, 84, 74, 60])
_INCOME_YUAN = np.array([90_000, 60_000, 260_000, 60_000, 900_000, 180_000])
_RISK_MEAN = np.array([2.4, 3.2, 3.6, 1.8, 4.0, 3.1])
_REGION_WEIGHT = np.array([14, 12, 11, 10, 9, 9, 7, 6, 6, 6, 5, 5], dtype=float)
_OCCUPATION_WEIGHT = np.array(
    [
        [0.60, 0.15, 0.12, 0.08, 0.00, 0.00, 0.05, 0.00],
        [0.45, 0.10, 0.05, 0.05, 0.00, 0.35, 0.00, 0.00],
        [0.30, 0.45, 0.12, 0.05, 0.05, 0.00, 0.03, 0.00],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00],
        [0.05, 0.25, 0.05, 0.10, 0.50, 0.00, 0.05, 0.00],
        [0.00, 0.05, 0.00, 0.45, 0.50, 0.00, 0.00, 0.00],
    ]
)
_ESTABLISHED = 0.8  # share of customers who joined before the history
_LONGEST_TENURE_MONTHS = 300


@dataclass(frozen=True)
class People:
    """A batch of B customers; months are positions in the history and may lie before or after it.

    Attributes:
        number: the customer's number, from 1.
        age_months, tenure_months: at the start of the history; tenure is negative before joining.
        joined: first month of the history in which they are customers.
        life: B × life events, the month of each; NEVER.
        reviewed: month in which the risk level moves by ``risk_step``.
        affinity: B × FACTORS.
        activity: log of how much more than others they do.
    """

    number: Ints
    segment: Ints
    gender: Ints
    region: Ints
    occupation: Ints
    age_months: Ints
    tenure_months: Ints
    joined: Ints
    income_yuan: Floats
    married: Bools
    children: Ints
    owns_home: Bools
    risk: Ints
    life: Ints
    reviewed: Ints
    risk_step: Ints
    affinity: Floats
    activity: Floats

    @property
    def size(self) -> int:
        """Number of customers."""
        return len(self.number)

    def risk_level(self, month: Ints | int, rows: Ints | None = None) -> Ints:
        """Highest product risk that suits everyone, or only ``rows``, at the end of ``month``: 1 to 5."""
        chosen = np.arange(self.size) if rows is None else rows
        stepped = self.risk[chosen] + np.where(self.reviewed[chosen] <= month, self.risk_step[chosen], 0)
        return np.asarray(np.clip(stepped, 1, RISK_LEVELS))


def people(number: Ints, params: GeneratorParams) -> People:
    """The customers with these numbers; each depends on its own number alone."""
    seed = params.seed
    segment = choice(_SEGMENT_WEIGHT, uniform(seed, "segment", number))
    low, high = _AGE_LOW[segment] * 12, (_AGE_HIGH[segment] + 1) * 12
    age_months = low + np.floor(uniform(seed, "age", number) * (high - low)).astype(np.int64)
    tenure_months, joined = _joining(number, age_months, params)
    age = age_months / 12
    married = uniform(seed, "married", number) < np.clip((age - 22) / 14, 0, 0.85)
    parent = married & (uniform(seed, "parent", number) < np.clip((age - 24) / 14, 0, 0.85))
    return People(
        number=number,
        segment=segment,
        gender=choice(np.array([0.5, 0.5]), uniform(seed, "gender", number)),
        region=choice(_REGION_WEIGHT, uniform(seed, "region", number)),
        occupation=_occupation(segment, uniform(seed, "occupation", number)),
        age_months=age_months,
        tenure_months=tenure_months,
        joined=joined,
        income_yuan=_INCOME_YUAN[segment] * np.exp(0.45 * normal(seed, "income", number)),
        married=married,
        children=np.where(parent, 1 + (uniform(seed, "children", number) < 0.25), 0),
        owns_home=uniform(seed, "owns home", number) < np.clip((age - 24) / 25, 0, 0.8),
        risk=np.clip(np.rint(_RISK_MEAN[segment] + normal(seed, "risk", number)), 1, RISK_LEVELS).astype(np.int64),
        life=_life_months(number, age_months, married, segment, params),
        reviewed=_waiting_months(uniform(seed, "risk review", number), np.full(len(number), 0.006)),
        risk_step=np.where(uniform(seed, "risk step", number) < 0.55, 1, -1),
        affinity=_affinity(number, segment, seed),
        activity=0.7 * normal(seed, "activity", number),
    )


def _joining(number: Ints, age_months: Ints, params: GeneratorParams) -> tuple[Ints, Ints]:
    """Tenure at the start of the history, and the first month of the history as a customer."""
    draw = uniform(params.seed, "joined", number)
    longest = np.minimum(age_months - 17 * 12, _LONGEST_TENURE_MONTHS)
    tenure = np.floor((draw / _ESTABLISHED) ** 2 * longest).astype(np.int64)
    joined = 1 + np.floor((draw - _ESTABLISHED) / (1 - _ESTABLISHED) * (params.months - 1)).astype(np.int64)
    established = draw < _ESTABLISHED
    return np.where(established, tenure, -joined), np.where(established, 0, joined)


def _occupation(segment: Ints, draws: Floats) -> Ints:
    bounds = np.cumsum(_OCCUPATION_WEIGHT, axis=1)[segment, :-1]
    return np.asarray((draws[:, None] >= bounds).sum(axis=1), dtype=np.int64)


def _waiting_months(draws: Floats, monthly: Floats) -> Ints:
    """Month of an event that happens with probability ``monthly`` each month; NEVER where it is 0."""
    with np.errstate(divide="ignore"):
        months = np.floor(np.log1p(-draws) / np.log1p(-monthly))
    return np.where(months < NEVER, months, NEVER).astype(np.int64)


def _life_months(number: Ints, age_months: Ints, married: Bools, segment: Ints, params: GeneratorParams) -> Ints:
    age = age_months / 12
    monthly = np.stack(
        [
            np.where(married | (age > 45), 0.0, 0.010),
            np.where((age > 44) | ~married, 0.001 * (age <= 44), 0.008),
            np.where((age > 60), 0.0005, 0.005),
            np.where((age > 56), 0.0, 0.007),
            np.zeros(len(number)),
        ],
        axis=1,
    )
    months = _waiting_months(uniform(params.seed, "life", number[:, None], np.arange(len(LIFE_EVENTS))), monthly)
    retires = 60 * 12 - age_months + np.floor(36 * uniform(params.seed, "retires", number)).astype(np.int64)
    months[:, _RETIREMENT] = np.where((segment == _SENIOR) | (retires < 0), NEVER, retires)
    return months


def _affinity(number: Ints, segment: Ints, seed: int) -> Floats:
    dimension = np.arange(FACTORS)
    own = normal(seed, "affinity", number[:, None], dimension)
    shared = normal(seed, "segment's affinity", np.arange(len(SEGMENTS))[:, None], dimension)
    affinity: Floats = 0.85 * own + 0.5 * shared[segment]
    return affinity


@dataclass(frozen=True)
class Profiles:
    """Versions of the customers' profiles, each holding from ``month`` on; ``row`` is the customer in the batch."""

    row: Ints
    month: Ints
    age: Ints
    tenure_months: Ints
    income_yuan: Ints
    occupation: Ints
    segment: Ints
    married: Ints
    children: Ints
    owns_home: Ints
    risk_level: Ints


def profiles(batch: People, params: GeneratorParams) -> Profiles:
    """One version when a customer is first seen, and one from every change of the profile in the history on."""
    row, month = _version_months(batch, params)
    life = batch.life[row] <= month[:, None]
    retired = life[:, _RETIREMENT] | (batch.occupation[row] == _RETIRED)
    raised = np.where(life[:, _PROMOTION], 1.3, 1.0) * np.where(life[:, _RETIREMENT], 0.55, 1.0)
    keeps_segment = ~retired | _KEEP_SEGMENT[batch.segment[row]]
    return Profiles(
        row=row,
        month=month,
        age=(batch.age_months[row] + month) // 12,
        tenure_months=batch.tenure_months[row] + month,
        income_yuan=(np.rint(batch.income_yuan[row] * raised / 100) * 100).astype(np.int64),
        occupation=np.where(retired, _RETIRED, batch.occupation[row]),
        segment=np.where(keeps_segment, batch.segment[row], _SENIOR),
        married=(batch.married[row] | life[:, _MARRIAGE]).astype(np.int64),
        children=batch.children[row] + life[:, _CHILD],
        owns_home=(batch.owns_home[row] | life[:, _HOUSE]).astype(np.int64),
        risk_level=batch.risk_level(month, row),
    )


def _version_months(batch: People, params: GeneratorParams) -> tuple[Ints, Ints]:
    changes = np.concatenate([batch.life, batch.reviewed[:, None]], axis=1)
    counts = (changes > batch.joined[:, None]) & (changes < params.known)
    months = np.sort(np.concatenate([batch.joined[:, None], np.where(counts, changes, NEVER)], axis=1), axis=1)
    again = np.zeros(months.shape, dtype=bool)
    again[:, 1:] = months[:, 1:] == months[:, :-1]
    row, version = np.nonzero((months != NEVER) & ~again)
    return row, months[row, version]
