"""Small banks of a backtest: five products of two kinds, a handful of customers."""

import numpy as np
from hypothesis import strategies as st

from finrec_spark.evaluation.backtest.catalogue import GROUPINGS, Catalogue
from finrec_spark.evaluation.backtest.params import BacktestParams
from finrec_spark.evaluation.backtest.pasts import Pasts
from finrec_spark.evaluation.backtest.sums import added, sums_of

CATALOGUE = Catalogue(
    ("bond", "card", "fund", "gold", "loan"), dict.fromkeys(GROUPINGS, np.array([0, 1, 0, 0, 1], dtype=np.int64))
)
DATES = np.array([10, 20, 30], dtype=np.int64)
PARAMS = BacktestParams()

histories = st.lists(
    st.dictionaries(st.integers(0, 4), st.lists(st.integers(1, 35), min_size=1, max_size=3, unique=True), max_size=5),
    min_size=1,
    max_size=6,
)
"""Customers: product → days on which it was bought."""


def pasts_from(customers):
    rows = sorted(
        (place, day, product, day == min(days))
        for place, bought in enumerate(customers)
        for product, days in bought.items()
        for day in days
    )
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Pasts(len(customers), *columns[:3], columns[3].astype(bool), CATALOGUE.n_products)


def sums_from(pasts, dates=DATES):
    keys = ["measure", "at", "row", "column"]
    entries = added(pasts, CATALOGUE, dates).groupby(keys, as_index=False)["value"].sum()
    return sums_of(entries[entries["value"] != 0].sort_values(keys))


def events_of(customers):
    """Rows of ``customer_id`` and ``events``."""
    rows = []
    for place, bought in enumerate(customers):
        events = sorted((d, p, d == min(days)) for p, days in bought.items() for d in days)
        rows.append((f"c{place}", events))
    return rows
