"""What every source gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from pyspark.sql import DataFrame

from finrec_spark.sources.delivery import Delivery


@dataclass(frozen=True)
class Landing:
    """Landing tables of one delivery, as ``tables.landing`` declares them; None: not delivered.

    Attributes:
        deliveries: by table, the files that it is read from, where it is read from those of the same name.
    """

    customers: DataFrame
    products: DataFrame
    interactions: DataFrame
    consents: DataFrame | None = None
    contacts: DataFrame | None = None
    campaign_responses: DataFrame | None = None
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, DataFrame]:
        """The delivered tables by name."""
        named = (each.name for each in fields(self) if each.name != "deliveries")
        return {name: rows for name in named if (rows := getattr(self, name)) is not None}
