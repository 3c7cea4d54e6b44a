"""Columns that several tables share: one name, one type, one meaning."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Column:
    """A declared column: its name, Spark SQL type, meaning, and whether it may be null."""

    name: str
    type: str
    comment: str
    nullable: bool = False

    def optional(self) -> "Column":
        """The same column where a value may be missing."""
        return replace(self, nullable=True)


MONTH = Column("month", "date", "First day of the month that is decided; only what was known before it is read")
RUN_ID = Column("run_id", "string", "Run that wrote the row; key of mart.runs")
CUSTOMER_ID = Column("customer_id", "string", "The bank's customer ID")
PRODUCT_ID = Column("product_id", "string", "The bank's product ID")
CUSTOMER_INDEX = Column("customer_index", "int", "Position of the customer, the same in every month")
PRODUCT_INDEX = Column("product_index", "int", "Position of the product, the same in every month")
CURRENCY = Column("currency", "string", "ISO 4217 code of the amount's currency")
CHANNEL = Column("channel", "string", "Channel of a contact: sms, email, phone, app or branch")
MODEL = Column("model", "string", "Model's name, such as als or pearson_item")
MODEL_VERSION = Column("model_version", "string", "Fitted model: name, month and fingerprint")
SEGMENT = Column("segment", "string", "Customer segment; all is everyone")
EVENT_TIME = Column("event_time", "timestamp", "When it happened, in the session's time zone")
