"""Kernel: the pooled uplift and lift of one category over one channel, whoever the customer is.

Uplift is the difference of the probabilities with contact and without, lift their ratio. A cell's own uplift counts
n ÷ (n + k), the estimate of its category the rest, and so that of everything in the category's; n are the trials of the
smaller arm, k is ``least``. The logarithm of the lift is shrunk likewise, n being the acquisitions of the arm that has
fewer and k ``least_taken``, as it is they that its error depends on; what a cell's is shrunk to is the lift of its
category times that of its channel in proportion to everything's, as a call moves more than a mail whatever it offers.
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
        lift: what a contact multiplies the probability of taking by.
        own: whether both arms have enough trials for estimates of single customers.
    """

    uplift: float
    lift: float
    own: bool


@dataclass(frozen=True)
class PooledUplift:
    """The cells by category and channel; no channel stands for all of a category, no category for everything."""

    cells: Mapping[tuple[str | None, str | None], Cell]

    def score(self, profile: Floats, category: Words, channel: Words) -> Floats:
        """Pooled uplift, B; of an offer that was never made that of its category, or of everything."""
        cells, place = self._cells(category, channel)
        return np.array([cell.uplift for cell in cells], np.float64)[place]

    def lift(self, category: Words, channel: Words) -> Floats:
        """Pooled lift, B, likewise."""
        cells, place = self._cells(category, channel)
        return np.array([cell.lift for cell in cells], np.float64)[place]

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


def pooled_rows(sums: pd.DataFrame, least: int, least_taken: int) -> pd.DataFrame:
    """One row: the shrunken uplift and lift of one category and channel; ``model.uplift_cells`` without month.

    Args:
        sums: from ``collect_sums``; not empty.
        least: trials of the smaller arm that count as much as what is shrunk to, and that single customers need.
        least_taken: acquisitions of the arm with fewer that count as much as what the lift is shrunk to, of a cell the
            lift of its category × that of its channel ÷ that of everything.
    """
    nothing = pd.DataFrame({"uplift": [0.0], "lift": [1.0]})
    everything = _shrunk(sums.groupby(lambda _: 0)[list(_SUMS)].sum(), nothing, least, (0, 0))
    categories = sums.groupby("category")[list(_SUMS)].sum().reset_index()
    of_all = everything[["uplift", "lift"]].iloc[[0] * len(categories)].reset_index(drop=True)
    categories = _shrunk(categories, of_all, least, (least, least_taken))
    parents = categories.set_index("category")[["uplift", "lift"]].loc[sums["category"]].reset_index(drop=True)
    parents["lift"] *= _channel_factors(sums, everything, least, least_taken).loc[sums["channel"]].to_numpy()
    cells = _shrunk(sums, parents, least, (least, least_taken))
    table = pd.concat([everything.assign(category=None, channel=None), categories.assign(channel=None), cells])
    columns = [name for name in UPLIFT_CELLS.column_names if name != "month"]
    return table[columns].reset_index(drop=True).astype({"contacted": np.int64, "control": np.int64})


def _channel_factors(sums: pd.DataFrame, everything: pd.DataFrame, least: int, least_taken: int) -> pd.Series:
    """Channel → its lift over all categories, shrunk, in proportion to everything's."""
    channels = sums.groupby("channel")[list(_SUMS)].sum()
    parents = everything[["uplift", "lift"]].iloc[[0] * len(channels)]
    shrunk = _shrunk(channels, parents, least, (least, least_taken))
    factors: pd.Series = shrunk["lift"] / everything["lift"].iloc[0]
    return factors


def stored_cells(spark: SparkSession, table: pd.DataFrame) -> DataFrame:
    """The rows of ``pooled_rows`` as they are stored."""
    return spark.createDataFrame(table.to_dict("records"), UPLIFT_CELLS.ddl_without("month"))


def pooled_of(table: pd.DataFrame) -> PooledUplift:
    """The scorer of rows of ``pooled_rows``, or of one month in ``model.uplift_cells``."""
    rows = table[["category", "channel", "uplift", "lift", "own"]].itertuples(index=False)
    return PooledUplift({(category, channel): Cell(*figures) for category, channel, *figures in rows})


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


def _shrunk(sums: pd.DataFrame, parents: pd.DataFrame, least: int, strengths: tuple[int, int]) -> pd.DataFrame:
    """The sums with ``uplift``, ``lift`` and ``own``.

    Args:
        parents: ``uplift`` and ``lift`` that each row is shrunk to, in the order of the sums.
        strengths: trials, and acquisitions, that count as much as these.
    """
    trials, taken = (sums[[f"{arm}{of}" for arm in _ARMS]].min(axis=1) for of in ("", "_taken"))
    rate = {arm: sums[f"{arm}_weight_taken"] / sums[f"{arm}_weight"].where(sums[f"{arm}_weight"] > 0) for arm in _ARMS}
    difference = (rate["contacted"] - rate["control"]).fillna(0.0)
    ratio = (rate["contacted"] / rate["control"]).where(taken > 0, 1.0)
    uplift = _mixed(difference, parents["uplift"], trials, strengths[0])
    lift = np.exp(_mixed(np.log(ratio), np.log(parents["lift"]), taken, strengths[1]))
    return sums.assign(uplift=uplift.round(_DECIMALS), lift=lift.round(_DECIMALS), own=trials >= least)


def _mixed(own: pd.Series, parent: pd.Series, n: pd.Series, strength: int) -> pd.Series:
    """``own`` by the share n ÷ (n + strength) and ``parent`` by the rest."""
    share = n / (n + strength).where(n + strength > 0, 1)
    mixed: pd.Series = share * own + (1 - share) * parent.set_axis(own.index)
    return mixed
