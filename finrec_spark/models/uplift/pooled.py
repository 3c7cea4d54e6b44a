"""Kernel: the pooled uplift of one category over one channel, whoever the customer is.

What offers with too few trials get, and what a learner has to beat. A cell's own difference counts n ÷ (n + k), the
estimate of its category the rest, and so that of everything in the category's; n are the trials of the smaller arm, k
is ``least``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.models.offer_features import Words
from finrec_spark.tables import UPLIFT_CELLS

_DECIMALS = 12  # beyond them a sum depends on its order
_ARMS = ("contacted", "control")
_SUMS = tuple(f"{arm}{of}" for arm in _ARMS for of in ("", "_taken", "_weight", "_weight_taken"))


@dataclass(frozen=True)
class Cell:
    """One category over one channel.

    Attributes:
        uplift: its pooled uplift.
        own: whether both arms have enough trials for estimates of single customers.
    """

    uplift: float
    own: bool


@dataclass(frozen=True)
class PooledUplift:
    """The cells by category and channel; no channel stands for all of a category, no category for everything."""

    cells: Mapping[tuple[str | None, str | None], Cell]

    def score(self, profile: Floats, category: Words, channel: Words) -> Floats:
        """Pooled uplift, B; of an offer that was never made that of its category, or of everything."""
        cells, place = self._cells(category, channel)
        return np.array([cell.uplift for cell in cells], np.float64)[place]

    def own(self, category: Words, channel: Words) -> Bools:
        """Which offers have enough trials for estimates of single customers, B."""
        cells, place = self._cells(category, channel)
        return np.array([cell.own for cell in cells], np.bool_)[place]

    def _cells(self, category: Words, channel: Words) -> tuple[list[Cell], Ints]:
        """The cells of the offers that occur, and which of them each row's is, B."""
        (of, categories), (over, channels) = (pd.factorize(words) for words in (category, channel))
        pairs, place = np.unique(of * (len(channels) + 1) + over, return_inverse=True)
        words = [(categories[pair // (len(channels) + 1)], channels[pair % (len(channels) + 1)]) for pair in pairs]
        return [self._cell(*pair) for pair in words], place

    def _cell(self, category: str, channel: str) -> Cell:
        """The offer's own cell; of an offer that was never made its category's, or everything's, and never its own."""
        if (category, channel) in self.cells:
            return self.cells[category, channel]
        return replace(self.cells.get((category, None), self.cells[None, None]), own=False)


def collect_sums(trials: DataFrame) -> pd.DataFrame:
    """One row: a category and channel with trials, acquisitions and both weighed by 1 ÷ probability, of either arm.

    As many rows as categories × channels; in the order of their names.

    Args:
        trials: see ``trials``; rows whose ``contacted`` is null do not count.
    """
    sums = [total.alias(name) for arm in _ARMS for name, total in _arm_sums(arm).items()]
    found = trials.where(F.col("contacted").isNotNull()).groupBy("category", "channel").agg(*sums)
    table: pd.DataFrame = found.toPandas()
    return table.sort_values(["category", "channel"], ignore_index=True)


def pooled_rows(sums: pd.DataFrame, least: int) -> pd.DataFrame:
    """One row: the shrunken uplift of one category and channel; ``model.uplift_cells`` without month.

    Args:
        sums: from ``collect_sums``; not empty.
        least: trials of the smaller arm that count as much as what is shrunk to, and that single customers need.
    """
    everything = _shrunk(sums.groupby(lambda _: 0)[list(_SUMS)].sum(), 0.0, least, strength=0)
    categories = sums.groupby("category")[list(_SUMS)].sum().reset_index()
    categories = _shrunk(categories, everything["uplift"].iloc[0], least, strength=least)
    parents = sums["category"].map(categories.set_index("category")["uplift"])
    cells = _shrunk(sums, parents, least, strength=least)
    table = pd.concat([everything.assign(category=None, channel=None), categories.assign(channel=None), cells])
    columns = [name for name in UPLIFT_CELLS.column_names if name != "month"]
    return table[columns].reset_index(drop=True).astype({"contacted": np.int64, "control": np.int64})


def stored_cells(spark: SparkSession, table: pd.DataFrame) -> DataFrame:
    """The rows of ``pooled_rows`` as they are stored."""
    return spark.createDataFrame(table.to_dict("records"), UPLIFT_CELLS.ddl_without("month"))


def pooled_of(table: pd.DataFrame) -> PooledUplift:
    """The scorer of rows of ``pooled_rows``, or of one month in ``model.uplift_cells``."""
    rows = table[["category", "channel", "uplift", "own"]].itertuples(index=False)
    return PooledUplift({(category, channel): Cell(uplift, own) for category, channel, uplift, own in rows})


def _arm_sums(arm: str) -> dict[str, Column]:
    """Sums over the trials of one arm."""
    of_arm = F.col("contacted") if arm == "contacted" else ~F.col("contacted")
    weight = F.when(of_arm, 1 / F.col("contact_probability" if arm == "contacted" else "control_probability"))
    taken = F.when(of_arm, F.col("taken"))
    return {
        arm: F.count_if(of_arm),
        f"{arm}_taken": F.coalesce(F.sum(taken), F.lit(0.0)),
        f"{arm}_weight": F.coalesce(F.sum(weight), F.lit(0.0)),
        f"{arm}_weight_taken": F.coalesce(F.sum(weight * taken), F.lit(0.0)),
    }


def _shrunk(sums: pd.DataFrame, parent: "float | pd.Series", least: int, strength: int) -> pd.DataFrame:
    """The sums with ``uplift`` and ``own``."""
    n = sums[list(_ARMS)].min(axis=1)
    rate = {arm: sums[f"{arm}_weight_taken"] / sums[f"{arm}_weight"].where(sums[f"{arm}_weight"] > 0) for arm in _ARMS}
    difference = (rate["contacted"] - rate["control"]).fillna(0.0)
    share = n / (n + strength).where(n + strength > 0, 1)
    uplift = (share * difference + (1 - share) * parent).round(_DECIMALS)
    return sums.assign(uplift=uplift, own=n >= least)
