"""The landing contract: what a bank delivers, every value still a string.

Nullable columns are optional in a file; a column that is not declared joins ``extra`` in the
customers' and products' tables and becomes a profile feature.
"""

from finrec_spark.columns import CUSTOMER_ID, PRODUCT_ID, Column
from finrec_spark.tables.declaration import Table

_EXTRA = Column("extra", "map<string,string>", "Further delivered columns by name", nullable=True)


def _optional(name: str, comment: str) -> Column:
    return Column(name, "string", comment, nullable=True)


def _needed(name: str, comment: str) -> Column:
    return Column(name, "string", comment)


_VALID_FROM = _optional("valid_from", "First day on which the row holds, YYYY-MM-DD")
_VALID_TO = _optional("valid_to", "Last day on which the row holds, YYYY-MM-DD; empty: still holds")
_CAMPAIGN_ID = _optional("campaign_id", "Campaign that the contact belonged to")

LANDING_CUSTOMERS = Table(
    name="landing.customers",
    grain="One customer's profile from a day on",
    columns=(
        CUSTOMER_ID,
        _VALID_FROM,
        _optional("risk_level", "Highest product risk that suits the customer, 1 (lowest) to 5"),
        _EXTRA,
    ),
    key=("customer_id", "valid_from"),
)

LANDING_PRODUCTS = Table(
    name="landing.products",
    grain="One product",
    columns=(
        PRODUCT_ID,
        _needed("category", "loan, credit_card, deposit, investment, insurance or the bank's own"),
        _needed("name", "Name shown to customers"),
        _optional("text", "Description"),
        _optional("tags", "Tags, separated by |"),
        _optional("risk_level", "Product risk, 1 (lowest) to 5"),
        _optional("price", "Price, rate or minimum amount"),
        _VALID_FROM,
        _VALID_TO,
        _EXTRA,
    ),
    key=("product_id",),
)

LANDING_INTERACTIONS = Table(
    name="landing.interactions",
    grain="One thing that a customer did with a product",
    columns=(
        _optional("event_id", "The event's ID; derived from the row's content where it is missing"),
        CUSTOMER_ID,
        PRODUCT_ID,
        _optional("event_type", "What was done, such as open, view, buy or rating"),
        _needed("event_time", "When it happened, YYYY-MM-DD[ HH:MM:SS]"),
        _optional("value", "Amount of money, or an explicit rating"),
        _optional("currency", "ISO 4217 code of the amount's currency"),
        _optional("fold", "Fold of a cross-validation; read by evaluation only"),
    ),
    key=("event_id",),
)

LANDING_CONSENTS = Table(
    name="landing.consents",
    grain="One customer's word on one purpose and channel from a day on",
    columns=(
        CUSTOMER_ID,
        _needed("channel", "sms, email, phone, app, branch or all"),
        _needed("consented", "true or false"),
        _optional("purpose", "marketing, personalisation or profiling; marketing where it is missing"),
        _VALID_FROM,
    ),
    key=("customer_id", "channel", "purpose", "valid_from"),
)

LANDING_CONTACTS = Table(
    name="landing.contacts",
    grain="One message sent, or kept back by a control group",
    columns=(
        _needed("contact_id", "The contact's ID"),
        CUSTOMER_ID,
        PRODUCT_ID,
        _needed("channel", "sms, email, phone, app or branch"),
        _needed("contact_time", "When it was sent, YYYY-MM-DD[ HH:MM:SS]"),
        _CAMPAIGN_ID,
        _optional("arm", "treatment, control or holdout; treatment where it is missing"),
    ),
    key=("contact_id",),
)

LANDING_RESPONSES = Table(
    name="landing.campaign_responses",
    grain="How the customer of one contact answered",
    columns=(
        _needed("contact_id", "The contact that is answered"),
        _needed("response", "accepted, declined or none"),
        _optional("response_time", "When it was given, YYYY-MM-DD[ HH:MM:SS]; the contact's time where it is missing"),
        _optional("value", "Amount of money that the customer took the product with"),
        _optional("currency", "ISO 4217 code of the amount's currency"),
    ),
    key=("contact_id",),
)
LANDING = (
    LANDING_CUSTOMERS,
    LANDING_PRODUCTS,
    LANDING_INTERACTIONS,
    LANDING_CONSENTS,
    LANDING_CONTACTS,
    LANDING_RESPONSES,
)
