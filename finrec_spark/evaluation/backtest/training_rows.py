"""Candidates of earlier dates with what came of them: what a date's trees learn from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.evaluation.backtest.params import LearningParams

NEVER = np.iinfo(np.int32).max
"""Days to a purchase that nobody has seen."""


@dataclass(frozen=True)
class TrainingRows:
    """R candidates, ascending by date, customer's draw and product.

    Attributes:
        day: the date, R.
        draw: the customer's place in the date's sample, a hash; the customer's only name here, R.
        wait: days from the date to the customer's first new buy, R.
        taken_after: days from the date until the customer's buy of the candidate was known, or ``NEVER``, R.
        drawn: whether the row stays even where the candidate was not taken, R.
        features: R × F.
    """

    day: Ints
    draw: Ints
    wait: Ints
    taken_after: Ints
    drawn: Bools
    features: NDArray[np.float32]

    def where(self, kept: Bools) -> "TrainingRows":
        """The rows at which ``kept`` is true."""
        whole = (self.day[kept], self.draw[kept], self.wait[kept], self.taken_after[kept])
        return TrainingRows(*whole, self.drawn[kept], self.features[kept])


_NO_NUMBERS = np.zeros(0, dtype=np.int64)
NO_ROWS = TrainingRows(*(_NO_NUMBERS,) * 4, np.zeros(0, dtype=bool), np.zeros((0, 0), dtype=np.float32))
"""Nothing to learn from."""

ROWS_DDL = "day int, draw bigint, product_index int, wait int, taken_after int, drawn boolean, features binary"


def collect_training_rows(rows: DataFrame) -> TrainingRows:
    """The rows of a sample: as many as dates × customers × candidates that were asked for.

    Args:
        rows: in the columns of ``ROWS_DDL``; ``features`` are F numbers of single precision, as they lie in memory.
    """
    table: pd.DataFrame = rows.toPandas()
    table = table.sort_values(["day", "draw", "product_index"])  # Spark would make the rows twice to sort them
    features = np.frombuffer(b"".join(table["features"]), dtype=np.float32).reshape(len(table), -1)
    day, draw, wait, taken_after = (table[name].to_numpy(np.int64) for name in ("day", "draw", "wait", "taken_after"))
    return TrainingRows(day, draw, wait, taken_after, table["drawn"].to_numpy(bool), features)


@dataclass(frozen=True)
class Examples:
    """What one horizon's trees learn from.

    Attributes:
        features: R × F.
        label: 1 where the candidate was taken within the horizon, R.
        weight: a customer's positives weigh their square root in all, R.
    """

    features: NDArray[np.float32]
    label: Floats
    weight: Floats


def examples(rows: TrainingRows, day: int, horizon_days: int, params: LearningParams) -> Examples:
    """What trees of a date may learn from: earlier dates whose horizon had ended by it, and nothing later.

    Args:
        rows: of any dates.
        day: the date that the trees are for.
        horizon_days: the time after each earlier date in which a purchase is a positive.
        params: how many dates and customers, at most.
    """
    ended = np.unique(rows.day[rows.day + horizon_days <= day])
    newest = rows.where(np.isin(rows.day, ended[-params.dates :]) & (rows.wait <= horizon_days))
    sampled = newest.where(_first_customers(newest, params.customers))
    label = sampled.taken_after <= horizon_days
    kept = sampled.where(label | sampled.drawn)
    positive = kept.taken_after <= horizon_days
    group = _groups(kept)
    weight = 1.0 / np.sqrt(np.maximum(np.bincount(group, positive), 1.0))
    return Examples(kept.features, positive.astype(np.float64), weight[group])


def _first_customers(rows: TrainingRows, most: int) -> Bools:
    """The rows of each date's first ``most`` customers."""
    group = _groups(rows)
    first_of_group = np.r_[True, np.diff(group) > 0][: len(group)]
    days = rows.day[first_of_group]
    place = np.arange(len(days)) - np.searchsorted(days, days)
    return np.asarray(place[group] < most)


def _groups(rows: TrainingRows) -> Ints:
    """Number of each row's date and customer."""
    starts = (np.diff(rows.day) != 0) | (np.diff(rows.draw) != 0)
    number: Ints = np.cumsum(np.r_[False, starts])[: len(rows.day)]
    return number
