"""Targets of the bank's own campaigns → the contacts that customers live through in the months after the history."""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.sources.generator.catalogue import catalogue
from finrec_spark.sources.generator.contacts import CHANNELS, Contacts
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.transforms.lookup import looked_up
from finrec_spark.vocabulary import ARMS

PLAYED_TYPE = "array<struct<month:int,product:int,channel:int,arm:int,campaign:string>>"


def played_by_number(targets: DataFrame, params: GeneratorParams) -> DataFrame:
    """One row: a customer's number and what campaigns did with it, as ``PLAYED_TYPE``, oldest first.

    Args:
        targets: ``mart.campaign_targets``: ``month``, ``campaign_id``, ``customer_id``, ``product_id``, ``channel``,
            ``arm``; those of other banks' customers, products and channels are left out.
    """
    positions = {
        "product": ("product_id", [product.product_id for product in catalogue(params)]),
        "channel": ("channel", CHANNELS),
        "arm": ("arm", ARMS),
    }
    placed = targets.select(
        F.expr("try_cast(substring(customer_id, 2) as bigint)").alias("number"),
        F.months_between("month", F.lit(params.first_month)).cast("int").alias("month"),
        *[looked_up(column, _places(names)).alias(name) for name, (column, names) in positions.items()],
        F.col("campaign_id").alias("campaign"),
    ).dropna()
    entry = F.struct("month", "product", "channel", "arm", "campaign")
    return placed.groupBy("number").agg(F.array_sort(F.collect_list(entry)).cast(PLAYED_TYPE).alias("played"))


def contacts_by_month(played: pa.ListArray) -> Mapping[int, tuple[Contacts, list[str]]]:
    """Month → that month's contacts in a batch, and the campaign of each.

    Args:
        played: what campaigns did with each of the batch's customers; null: nothing.
    """
    row = np.repeat(np.arange(len(played)), np.asarray(played.value_lengths().fill_null(0)))
    entries = played.flatten()
    month, product, channel, arm = (_ints(entries.field(name)) for name in ("month", "product", "channel", "arm"))
    campaign = np.array(entries.field("campaign").to_pylist(), dtype=object)
    return {
        int(of): (Contacts(row[at], product[at], channel[at], arm[at]), list(campaign[at]))
        for of in np.unique(month)
        for at in [np.flatnonzero(month == of)]
    }


def _ints(values: pa.Array) -> Ints:
    return np.asarray(values).astype(np.int64)


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
