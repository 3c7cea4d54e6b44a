"""A bank of a few dozen rows, as every model's fit is given it and as its scorer sees it."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from scipy.sparse import csr_matrix

from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.spec import ScorerInputs
from finrec_spark.tables import (
    CONTACTS,
    CUSTOMER_INDEX_TABLE,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMERS,
    INTERACTIONS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_PROFILE,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    RESPONSES,
    SCORING_ROWS,
    Table,
)
from finrec_spark.transforms.profiles.vector import ProfileFeature

JUNE = date(2022, 6, 1)
APRIL_10, MAY_10, JUNE_2 = datetime(2022, 4, 10), datetime(2022, 5, 10), datetime(2022, 6, 2)
HISTORIES = ["ABc", "ABd", "AbC", "DEf", "DEF", "dEF", "AEg", "aEG", "AEG", "ABC", "BCf", "DFg"] * 2 + [""]
"""What each customer holds (capital) and only looked at; the last one is new, and nobody ever dealt in H."""
IDS = tuple("ABCDEFGH")
CUSTOMER_IDS = [f"c{n:02}" for n in range(len(HISTORIES))]
CATEGORIES = dict(zip(IDS, ("fund", "fund", "fund", "loan", "loan", "loan", "card", "fund"), strict=True))
PROFILE = (ProfileFeature("segment", "category", ("retail", "private")), ProfileFeature("numbers:age", "number"))
N_CUSTOMERS, N_PRODUCTS = len(HISTORIES), len(IDS)
NEWCOMER, NEW_PRODUCT = N_CUSTOMERS - 1, N_PRODUCTS - 1

ENTRIES = [
    (customer, IDS.index(letter.upper()), letter.isupper())
    for customer, letters in enumerate(HISTORIES)
    for letter in sorted(letters, key=str.upper)
]


def strength(customer: int, product: int, owned: bool) -> float:
    """A different one for nearly every entry."""
    return (1.0 if owned else 0.2) * (1 + (7 * customer + 3 * product) % 10 / 10)


def profile(customer: int) -> list[float]:
    """Segment's code and age; one age is not known."""
    return [1.0 + customer % 2, float("nan") if customer == 3 else 20.0 + 7 * customer % 50]


class Inputs:
    """The bank as a fit is given it; ``asked`` names the tables that were asked for."""

    month, opening_types, closing_types, checkpoints = JUNE, ("open",), ("close",), ""

    def __init__(self, spark: SparkSession, partitions: int) -> None:
        self.asked: set[str] = set()
        self._spark, self._partitions = spark, partitions

    @property
    def product_ids(self) -> tuple[str, ...]:
        self.asked.add(PRODUCT_INDEX_TABLE.name)
        return IDS

    @property
    def profile(self) -> tuple[ProfileFeature, ...]:
        self.asked |= {PROFILE_FEATURES.name, PROFILE_VALUES.name}
        return PROFILE

    def read(self, table: Table) -> DataFrame:
        self.asked.add(table.name)
        rows = self._spark.createDataFrame(ROWS[table.name](), table.ddl)
        return rows.repartition(self._partitions)

    read_if_there = read

    def count(self, table: Table) -> int:
        return self.read(table).count()


def _matrix():
    return [
        (JUNE, CUSTOMER_IDS[c], IDS[p], c, p, strength(c, p, owned), None, MAY_10, owned) for c, p, owned in ENTRIES
    ]


def _scoring_rows():
    return [(JUNE, name, n, "all", 0, *_lists(n), profile(n)) for n, name in enumerate(CUSTOMER_IDS)]


def _lists(customer):
    own = [entry for entry in ENTRIES if entry[0] == customer]
    strengths, held = [strength(*entry) for entry in own], [held for *_, held in own]
    return [p for _, p, _ in own], strengths, [None] * len(own), held, [22] * len(own)


def _interactions():
    known = [(c, p, "open" if owned else "view", APRIL_10 if p % 3 == 0 else MAY_10) for c, p, owned in ENTRIES]
    future = [(0, NEW_PRODUCT, "open", JUNE_2)]
    return [
        (f"e{n}", CUSTOMER_IDS[c], IDS[p], kind, when, when.date().replace(day=1), None, None, None, None)
        for n, (c, p, kind, when) in enumerate(known + future)
    ]


ROWS = {
    CUSTOMER_PRODUCT_MATRIX.name: _matrix,
    SCORING_ROWS.name: _scoring_rows,
    INTERACTIONS.name: _interactions,
    PRODUCT_INDEX_TABLE.name: lambda: list(zip(IDS, range(N_PRODUCTS), strict=True)),
    CUSTOMER_INDEX_TABLE.name: lambda: list(zip(CUSTOMER_IDS, range(N_CUSTOMERS), strict=True)),
    CUSTOMERS.name: lambda: [
        (name, date(1900, 1, 1), None, None, {"segment": PROFILE[0].values[n % 2]})
        for n, name in enumerate(CUSTOMER_IDS)
    ],
    PRODUCTS.name: lambda: [
        (name, kind, name, f"{kind} {name * 2}", [], None, None, date(1900, 1, 1), None, {})
        for name, kind in CATEGORIES.items()
    ],
    PRODUCT_PROFILE.name: lambda: [
        (JUNE, name, place, CATEGORIES[name], None, None, None, 0, 0, 0, 0, 0, True) for place, name in enumerate(IDS)
    ],
    CONTACTS.name: lambda: [("k1", "c00", "D", "sms", MAY_10, None, "treatment")],
    RESPONSES.name: lambda: [("k1", "declined", MAY_10, None, None)],
}


@dataclass(frozen=True)
class Bank:
    """The bank, by position.

    Attributes:
        ids: product IDs.
        entries: customer, product, and whether the customer holds it.
        newcomer: the customer without a history.
        new_product: the product that nobody dealt in.
    """

    spark: SparkSession
    ids = IDS
    entries = tuple(ENTRIES)
    newcomer, new_product = NEWCOMER, NEW_PRODUCT
    customers, products = N_CUSTOMERS, N_PRODUCTS
    scorer_inputs = ScorerInputs(IDS, PROFILE)

    def inputs(self, partitions: int = 1) -> Inputs:
        """What a fit is given."""
        return Inputs(self.spark, partitions)

    def batch(self, evidence: list | None = None, state: np.ndarray | None = None) -> CustomerBatch:
        """All customers, as the scoring pass has them.

        Args:
            evidence: rows of ``model.customer_neighbours``.
            state: customers × width.
        """
        found = [(CUSTOMER_IDS.index(row.customer_id), *entry) for row in evidence or [] for entry in row.evidence]
        return CustomerBatch(
            strength=_sparse([(c, p, strength(c, p, owned)) for c, p, owned in ENTRIES]),
            owned=_sparse([(c, p, 1.0) for c, p, owned in ENTRIES if owned]),
            evidence=_sparse([(c, p, score) for c, p, score, _ in found]),
            holders=_sparse([(c, p, float(holders)) for c, p, _, holders in found]),
            segment=np.array([PROFILE[0].values[n % 2] for n in range(N_CUSTOMERS)], dtype=object),
            risk_level=np.zeros(N_CUSTOMERS, np.int64),
            key=np.arange(N_CUSTOMERS, dtype=np.uint64),
            profile=np.array([profile(n) for n in range(N_CUSTOMERS)]),
            state=state,
        )


@pytest.fixture(scope="session")
def bank(spark):
    return Bank(spark)


def _sparse(entries):
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_matrix((np.array(values, float), (rows, columns)), shape=(N_CUSTOMERS, N_PRODUCTS))
