"""Sums over all customers, kept by the date from which on they count: those of a date are those up to it, added up.

A customer's past changes when a new product is bought. What the change adds to every sum is counted at the first date
that knows it:

============ ===============================================================================================
support      customers who have bought both products
walk         Σ 1/d over those customers, d being how many products each has bought, in steps of 2⁻²⁴
held         how often a customer who had bought both bought something new
next         how often a customer who had bought the first then bought the second as something new
============ ===============================================================================================

All are whole numbers: no order of the rows changes a bit. Beside them stand the buys themselves, by day.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import coo_matrix, csr_matrix, diags, triu

from finrec_spark.arrays import Floats, Ints
from finrec_spark.evaluation.backtest.catalogue import Catalogue
from finrec_spark.evaluation.backtest.pasts import Changes, Pasts, changes_of, main_kind, pasts_of

MEASURES = ("support", "walk", "held", "next", "first_buys", "buys")
_SYMMETRIC = ("support", "walk", "held")  # entries tell a pair once: row ≤ column
WALK_STEPS = float(1 << 24)
NEWCOMER = -1
"""Instead of a kind of products: the buyer had bought nothing before."""

_KEYS = ["measure", "at", "row", "column"]
_SUMS_DDL = "measure int, at int, row int, column int, value bigint"
_SUMS_SCHEMA = pa.schema([*((name, pa.int32()) for name in ("measure", "at", "row", "column")), ("value", pa.int64())])

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Sums:
    """Entries of all measures, each ascending by ``at``.

    Attributes:
        at: measure → the date (pairs of products) or known day (buys) from which on an entry counts.
        row: measure → first product; of buys the kind that the buyer had bought most of, or ``NEWCOMER``.
        column: measure → second product; of buys the product.
        value: measure → what is added.
    """

    at: dict[str, Ints]
    row: dict[str, Ints]
    column: dict[str, Ints]
    value: dict[str, Floats]

    def matrix(self, measure: str, day: int, n_products: int, half_life_days: float | None = None) -> Floats:
        """A measure of pairs as of a date, P × P; where a half-life is named, older entries count less."""
        row, column, value, at = self._until(measure, day)
        faded = value if half_life_days is None else value * faded_weights(day - at, half_life_days)
        matrix = totals(row * n_products + column, faded, n_products * n_products).reshape(n_products, n_products)
        return matrix + np.triu(matrix, 1).T if measure in _SYMMETRIC else matrix

    def buys(self, measure: str, day: int, window_days: float = np.inf) -> tuple[Ints, Ints, Floats, Ints]:
        """Kind, product, number and age in days of the buys that were known at a date for less than a window."""
        kind, product, value, at = self._until(measure, day)
        kept = at > day - window_days
        return kind[kept], product[kept], value[kept], day - at[kept]

    def _until(self, measure: str, day: int) -> tuple[Ints, Ints, Floats, Ints]:
        stop = int(np.searchsorted(self.at[measure], day, side="right"))
        kept = slice(0, stop)
        return self.row[measure][kept], self.column[measure][kept], self.value[measure][kept], self.at[measure][kept]


def totals(place: Ints, value: Floats, size: int) -> Floats:
    """Sum of the values at each of ``size`` places.

    >>> totals(np.array([0, 2, 0]), np.array([1.0, 2.0, 0.5]), 3).tolist()
    [1.5, 0.0, 2.0]
    """
    return np.bincount(place, value, minlength=size).astype(np.float64, copy=False)


def faded_weights(age_days: Ints, half_life_days: float) -> Floats:
    """½ to the power of the age in half-lives."""
    weights: Floats = 0.5 ** (age_days / half_life_days)
    return weights


def collect_sums(histories: DataFrame, catalogue: Catalogue, dates: Ints) -> Sums:
    """The sums of all customers, from one pass: at most dates × products² entries, in fact few.

    Args:
        histories: ``events``, as ``histories.buy_histories`` returns them.
        catalogue: the products.
        dates: every date for which sums will be asked, ascending.
    """
    gathered = histories.select("events").coalesce(histories.sparkSession.sparkContext.defaultParallelism)
    partial = gathered.mapInArrow(_partial_sums(catalogue, dates), _SUMS_DDL)
    entries: pd.DataFrame = partial.groupBy(*_KEYS).agg(F.sum("value").alias("value")).where("value != 0").toPandas()
    return sums_of(entries.sort_values(_KEYS))


def sums_of(entries: pd.DataFrame) -> Sums:
    """Sums from their entries, sorted by measure and ``at``."""
    of = {name: entries[entries["measure"] == place] for place, name in enumerate(MEASURES)}

    def whole(column: str) -> dict[str, Ints]:
        return {name: part[column].to_numpy(np.int64) for name, part in of.items()}

    return Sums(
        whole("at"), whole("row"), whole("column"), {n: v.astype(np.float64) for n, v in whole("value").items()}
    )


def _partial_sums(catalogue: Catalogue, dates: Ints) -> Callable[[Batches], Batches]:
    """Added up within a task, so that each entry is handed on once."""

    def sums(batches: Batches) -> Iterator[pa.RecordBatch]:
        parts = [added(pasts_of(batch["events"], catalogue.n_products), catalogue, dates) for batch in batches]
        if parts:
            of_task = pd.concat(parts).groupby(_KEYS, as_index=False, sort=False)["value"].sum()
            yield pa.RecordBatch.from_pandas(of_task.astype("int64"), schema=_SUMS_SCHEMA, preserve_index=False)

    return sums


def added(pasts: Pasts, catalogue: Catalogue, dates: Ints) -> pd.DataFrame:
    """What customers add to the sums: ``measure``, ``at``, ``row``, ``column``, ``value`` (not 0)."""
    changes = changes_of(pasts)
    date = np.searchsorted(dates, changes.known_day)
    grew = np.diff(changes.new.indptr) > 0
    parts = _buys(pasts, changes, catalogue)
    for place, at in enumerate(dates):
        of_date = np.flatnonzero(grew & (date == place))
        if of_date.size:
            parts += _pair_entries(changes.before[of_date], changes.new[of_date], at)
    return pd.concat(parts, ignore_index=True)


def _buys(pasts: Pasts, changes: Changes, catalogue: Catalogue) -> list[pd.DataFrame]:
    """The buys by day, main kind of what the buyer owned before, and product; the first ones, and all."""
    kind = main_kind(changes.before, catalogue.kind)[changes.of_buy]
    buys = pd.DataFrame({"at": pasts.known_day, "row": kind, "column": pasts.product, "value": 1})
    counted = {"first_buys": buys[pasts.first], "buys": buys}
    return [part.assign(measure=MEASURES.index(name)) for name, part in counted.items()]


def _pair_entries(before: csr_matrix, new: csr_matrix, at: int) -> list[pd.DataFrame]:
    after = before + new
    by_measure = {
        "support": triu(after.T @ after - before.T @ before),
        "walk": triu(after.T @ _steps(after) - before.T @ _steps(before)),
        "held": triu(before.T @ before),
        "next": before.T @ new,
    }
    return [_entries(MEASURES.index(name), at, matrix.tocoo()) for name, matrix in by_measure.items()]


def _steps(owned: csr_matrix) -> csr_matrix:
    """Each row divided by its sum, in steps of 1 / ``WALK_STEPS``."""
    size = np.asarray(owned.sum(axis=1)).ravel()
    steps = np.rint(np.divide(WALK_STEPS, size, out=np.zeros_like(size), where=size > 0))
    return diags(steps) @ owned


def _entries(measure: int, at: int, matrix: coo_matrix) -> pd.DataFrame:
    kept = matrix.data != 0
    columns = {"row": matrix.row[kept], "column": matrix.col[kept], "value": matrix.data[kept]}
    return pd.DataFrame(columns).assign(measure=measure, at=at)
