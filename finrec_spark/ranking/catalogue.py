"""The products, by position, as the scoring pass needs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.messages import Language
from finrec_spark.ranking.exclusions import ProductRules, product_rules
from finrec_spark.sampling import keys_of
from finrec_spark.transforms.eligibility import on_sale


@dataclass(frozen=True)
class Catalogue:
    """The P products, by position.

    Attributes:
        names: names for the reasons' sentences.
        keys: hashes of the product IDs, for seeded draws.
        id_rank: each product's place in the order of the product IDs, which breaks ties.
        rules: what the exclusions know of them.
    """

    names: Sequence[str]
    keys: Ints
    id_rank: Ints
    rules: ProductRules


def collect_product_rows(products: DataFrame, positions: DataFrame, month: date) -> list[Row]:
    """The products in the order of their positions: as many rows as the bank has products.

    Returns:
        rows of ``product_id``, ``name``, ``names`` (delivered as ``name_<language>``), ``risk_level``, ``on_sale``.
    """
    names = F.map_filter("attributes", lambda column, _: column.startswith("name_")).alias("names")
    rows = products.select("product_id", "name", names, "risk_level", on_sale(month).alias("on_sale"))
    placed = positions.join(rows, "product_id", "left").orderBy("product_index")
    return placed.select("product_id", "name", "names", "risk_level", "on_sale").collect()


def product_catalogue(products: Sequence[Row], risk_where_unknown: int, language: Language) -> Catalogue:
    """Names, order and rules from rows by position."""
    ids = np.array([row["product_id"] for row in products])
    return Catalogue(
        names=[_name(row, language) for row in products],
        keys=keys_of([row["product_id"] for row in products]),
        id_rank=np.argsort(np.argsort(ids, kind="stable"), kind="stable").astype(np.int64),
        rules=product_rules(products, risk_where_unknown),
    )


def _name(product: Row, language: Language) -> str:
    """The product's name in the language where it was delivered, else its name, else its ID."""
    return (product["names"] or {}).get(f"name_{language}") or product["name"] or str(product["product_id"])
