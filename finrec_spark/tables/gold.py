"""Features made from silver, one partition a month."""

from finrec_spark.columns import CUSTOMER_ID, CUSTOMER_INDEX, MONTH, PRODUCT_ID, PRODUCT_INDEX, SEGMENT, Column
from finrec_spark.tables.declaration import Table

CUSTOMER_PRODUCT_MATRIX = Table(
    name="gold.customer_product_matrix",
    grain="How one customer stands to one product before the month",
    columns=(
        MONTH,
        CUSTOMER_ID,
        PRODUCT_ID,
        CUSTOMER_INDEX,
        PRODUCT_INDEX,
        Column("strength", "double", "Interactions weighted by type and halved every half-life"),
        Column("rating", "double", "Newest explicit rating", nullable=True),
        Column("last_event", "timestamp", "Newest interaction"),
        Column("owned", "boolean", "Whether the customer holds the product"),
    ),
    key=("month", "customer_id", "product_id"),
    partition_by=("month",),
    checks={"strength_not_negative": "strength >= 0"},
)

CUSTOMER_INDEX_TABLE = Table(
    name="gold.customer_index",
    grain="One customer's position, given once and kept",
    columns=(CUSTOMER_ID, CUSTOMER_INDEX),
    key=("customer_id",),
)

PRODUCT_INDEX_TABLE = Table(
    name="gold.product_index",
    grain="One product's position, given once and kept",
    columns=(PRODUCT_ID, PRODUCT_INDEX),
    key=("product_id",),
)

CUSTOMER_PROFILE = Table(
    name="gold.customer_profile",
    grain="One customer as the bank knew it before the month",
    columns=(
        MONTH,
        CUSTOMER_ID,
        SEGMENT,
        Column("risk_level", "int", "Highest product risk that suits the customer, 1 to 5", nullable=True),
        Column("risk_age_days", "int", "Days since the risk level was set", nullable=True),
        Column("tenure_days", "int", "Days since the first profile or interaction", nullable=True),
        Column("recency_days", "int", "Days since the newest interaction", nullable=True),
        Column("events_30d", "int", "Interactions in the last 30 days"),
        Column("events_90d", "int", "Interactions in the last 90 days"),
        Column("events_365d", "int", "Interactions in the last 365 days"),
        Column("taken_30d", "int", "Products opened or bought in the last 30 days"),
        Column("taken_90d", "int", "Products opened or bought in the last 90 days"),
        Column("taken_365d", "int", "Products opened or bought in the last 365 days"),
        Column("inflow_90d", "double", "Money put into products in the last 90 days, in the bank's currency"),
        Column("inflow_365d", "double", "Money put into products in the last 365 days"),
        Column("outflow_90d", "double", "Money taken out of products in the last 90 days"),
        Column("outflow_365d", "double", "Money taken out of products in the last 365 days"),
        Column("balance", "double", "All money put into products less all taken out, not below 0"),
        Column("largest_amount", "double", "Largest amount of one interaction", nullable=True),
        Column("held", "int", "Products held"),
        Column("held_by_category", "map<string,int>", "Products held, by product category"),
        Column("events_by_category", "map<string,int>", "Interactions of the last 365 days, by product category"),
        Column("contacts_365d", "int", "Messages sent in the last 365 days"),
        Column("contact_recency_days", "int", "Days since the newest message", nullable=True),
        Column("accepted_365d", "int", "Messages of the last 365 days that were accepted"),
        Column("declined_365d", "int", "Messages of the last 365 days that were declined"),
        Column("channel", "string", "Channel of most of the messages ever accepted, ties by name", nullable=True),
        Column("numbers", "map<string,double>", "Delivered numeric, ordinal and date columns (dates as days before)"),
        Column("categories", "map<string,string>", "Delivered categorical columns"),
    ),
    key=("month", "customer_id"),
    partition_by=("month",),
)

PRODUCT_PROFILE = Table(
    name="gold.product_profile",
    grain="One product as the bank knew it before the month",
    columns=(
        MONTH,
        PRODUCT_ID,
        PRODUCT_INDEX,
        Column("category", "string", "Product category"),
        Column("risk_level", "int", "Product risk, 1 to 5", nullable=True),
        Column("price", "double", "Price, rate or minimum amount", nullable=True),
        Column("age_days", "int", "Days since it was first on sale or first dealt in", nullable=True),
        Column("holders", "int", "Customers who hold it"),
        Column("takers_30d", "int", "Customers who opened or bought it in the last 30 days"),
        Column("takers_90d", "int", "Customers who opened or bought it in the last 90 days"),
        Column("takers_365d", "int", "Customers who opened or bought it in the last 365 days"),
        Column("takers_same_month", "int", "Customers who took it in the same calendar month a year before"),
        Column("on_sale", "boolean", "Whether it may be taken in the month"),
    ),
    key=("month", "product_id"),
    partition_by=("month",),
)

PROFILE_FEATURES = Table(
    name="gold.profile_features",
    grain="One feature of the customers' profile, at a position given once and kept",
    columns=(
        Column("feature", "string", "A column of gold.customer_profile, or column:key of one of its maps"),
        Column("kind", "string", "number or category"),
        Column("position", "int", "Place in the profile vector, from 0"),
    ),
    key=("feature",),
)

PROFILE_VALUES = Table(
    name="gold.profile_values",
    grain="One value of a categorical feature, with a code given once and kept",
    columns=(
        Column("feature", "string", "The categorical feature"),
        Column("value", "string", "The value; what has no row is rare or new and has code 0"),
        Column("code", "int", "Its number in the profile vector, from 1 in each feature"),
    ),
    key=("feature", "value"),
)
