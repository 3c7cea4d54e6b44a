"""Typed, checked and deduplicated: what the rest of the project reads."""

from finrec_spark.columns import (
    CHANNEL,
    CURRENCY,
    CUSTOMER_ID,
    EVENT_TIME,
    PRODUCT_ID,
    Column,
)
from finrec_spark.tables.declaration import Table
from finrec_spark.vocabulary import ARMS, sql_list
from finrec_spark.vocabulary import RESPONSES as _ANSWERS

_MONEY = "decimal(18,2)"
EVENT_MONTH = Column("event_month", "date", "First day of the month that it happened in; the partition")
_VALID_FROM = Column("valid_from", "date", "First day on which the row holds; 1900-01-01 where it was not delivered")
_VALID_TO = Column("valid_to", "date", "Last day on which the row holds; null: still holds", nullable=True)
_RISK_CHECK = {"risk_level_range": "risk_level is null or risk_level between 1 and 5"}

CUSTOMERS = Table(
    name="silver.customers",
    grain="One version of one customer's profile",
    columns=(
        CUSTOMER_ID,
        _VALID_FROM,
        _VALID_TO,
        Column("risk_level", "int", "Highest product risk that suits the customer, 1 (lowest) to 5", nullable=True),
        Column("profile", "map<string,string>", "Profile columns by name, such as segment or region"),
    ),
    key=("customer_id", "valid_from"),
    known_from="valid_from",
    ended_at="valid_to",
    checks=_RISK_CHECK,
)

PRODUCTS = Table(
    name="silver.products",
    grain="One product",
    columns=(
        PRODUCT_ID,
        Column("category", "string", "loan, credit_card, deposit, investment, insurance or the bank's own"),
        Column("name", "string", "Name shown to customers"),
        Column("text", "string", "Description", nullable=True),
        Column("tags", "array<string>", "Tags"),
        Column("risk_level", "int", "Product risk, 1 (lowest) to 5", nullable=True),
        Column("price", _MONEY, "Price, rate or minimum amount", nullable=True),
        _VALID_FROM,
        _VALID_TO,
        Column("attributes", "map<string,string>", "Further delivered columns by name"),
    ),
    key=("product_id",),
    known_from="valid_from",
    ended_at="valid_to",
    checks=_RISK_CHECK,
)

INTERACTIONS = Table(
    name="silver.interactions",
    grain="One thing that a customer did with a product",
    columns=(
        Column("event_id", "string", "The event's ID, delivered or derived from the row's content"),
        CUSTOMER_ID,
        PRODUCT_ID,
        Column("event_type", "string", "What was done, such as open, view, buy or rating"),
        EVENT_TIME,
        EVENT_MONTH,
        Column("value", _MONEY, "Amount of money, or an explicit rating rounded to hundredths", nullable=True),
        Column("rating", "double", "The value as delivered: what an explicit rating is read from", nullable=True),
        CURRENCY.optional(),
        Column("fold", "int", "Fold of a cross-validation; read by evaluation only", nullable=True),
    ),
    key=("event_id",),
    partition_by=("event_month",),
    known_from="event_time",
    checks={"value_not_negative": "value is null or value >= 0"},
)

EVENT_MONTHS = Table(
    name="silver.event_months",
    grain="One month of interactions: what the month's plan asks of them",
    columns=(
        EVENT_MONTH,
        Column("events", "bigint", "Interactions of the month"),
        Column("acquisitions", "bigint", "Products that a customer acquired in it for the first time"),
    ),
    key=("event_month",),
)

CONSENTS = Table(
    name="silver.consents",
    grain="One customer's word on one purpose and channel from a day on",
    columns=(
        CUSTOMER_ID,
        Column("channel", "string", "sms, email, phone, app, branch or all"),
        Column("purpose", "string", "marketing: messages; personalisation: offers of one's own; profiling: any use"),
        Column("consented", "boolean", "Whether the customer agrees"),
        _VALID_FROM,
    ),
    key=("customer_id", "channel", "purpose", "valid_from"),
    partition_by=("purpose",),
    known_from="valid_from",
)

CONTACTS = Table(
    name="silver.contacts",
    grain="One message sent, or kept back by a control group",
    columns=(
        Column("contact_id", "string", "The contact's ID"),
        CUSTOMER_ID,
        PRODUCT_ID,
        CHANNEL,
        Column("contact_time", "timestamp", "When it was sent"),
        Column("campaign_id", "string", "Campaign that the contact belonged to", nullable=True),
        Column("arm", "string", "treatment, control or holdout"),
    ),
    key=("contact_id",),
    known_from="contact_time",
    checks={"arm_known": f"arm in {sql_list(ARMS)}"},
)

RESPONSES = Table(
    name="silver.campaign_responses",
    grain="How the customer of one contact answered",
    columns=(
        Column("contact_id", "string", "The contact that is answered"),
        Column("response", "string", "accepted, declined or none"),
        Column(
            "response_time",
            "timestamp",
            "When it was given; the contact's time where that was not delivered; null: no answer",
            nullable=True,
        ),
        Column("value", _MONEY, "Amount of money that the customer took the product with", nullable=True),
        CURRENCY.optional(),
    ),
    key=("contact_id",),
    known_from="response_time",
    checks={"response_known": f"response in {sql_list(_ANSWERS)}"},
)
