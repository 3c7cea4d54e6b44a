"""The products of a backtest by position, with the groups that they fall into."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints

GROUPINGS = ("asset_category", "asset_subcategory", "market")
"""Attributes of products that group them; the first one tells a product's kind."""


@dataclass(frozen=True)
class Catalogue:
    """The P products.

    Attributes:
        product_ids: ascending, P.
        groups: grouping → each product's group, from 0 in the groups' order, P; products without one share one.
    """

    product_ids: tuple[str, ...]
    groups: Mapping[str, Ints]

    @property
    def n_products(self) -> int:
        """P."""
        return len(self.product_ids)

    @property
    def kind(self) -> Ints:
        """Group of each product in the first grouping, P."""
        return self.groups[GROUPINGS[0]]


def collect_catalogue(products: DataFrame) -> Catalogue:
    """The catalogue of the products: a row each.

    Args:
        products: ``product_id`` (null: left out) and ``extra`` (map of text), as a source lands them.
    """
    known = products.where("product_id is not null")
    rows = pd.DataFrame(
        known.select("product_id", *(F.col("extra")[name].alias(name) for name in GROUPINGS)).toPandas()
    )
    rows = rows.drop_duplicates("product_id").sort_values("product_id")
    attributes = rows[list(GROUPINGS)].fillna("")
    groups = {name: pd.factorize(attributes[name], sort=True)[0].astype("int64") for name in GROUPINGS}
    return Catalogue(tuple(rows["product_id"]), groups)
