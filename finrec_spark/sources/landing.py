"""What every source gives."""

from dataclasses import dataclass

from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Landing:
    """Landing tables of one delivery, as ``tables.landing`` declares them; None: not delivered."""

    customers: DataFrame
    products: DataFrame
    interactions: DataFrame
    consents: DataFrame | None = None
    contacts: DataFrame | None = None
    campaign_responses: DataFrame | None = None
