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
        Column("changed_days", "map<string,int>", "Days since a delivered column last became another, where it did"),
    ),
    key=("month", "customer_id"),
    partition_by=("month",),
)

SCORING_ROWS = Table(
    name="gold.scoring_rows",
    grain="One customer as the scoring pass reads it",
    columns=(
        MONTH,
        CUSTOMER_ID,
        Column("key", "bigint", "64-bit hash of the customer's ID, for seeded draws"),
        SEGMENT,
        Column("risk_level", "int", "Highest product risk that suits the customer, 1 to 5; 0 where unknown"),
        Column("product_index", "array<int>", "Products that the customer dealt with, ascending"),
        Column("strength", "array<double>", "Interactions with each of them, weighted and halved every half-life"),
        Column("rating", "array<double>", "Newest explicit rating of each of them, null inside where there is none"),
        Column("owned", "array<boolean>", "Whether the customer holds each of them"),
        Column("days", "array<int>", "Days since the newest interaction with each of them, at the month's first day"),
        Column(
            "profile",
            "array<double>",
            "The profile's features by position, NaN where missing; without later ones",
        ),
    ),
    key=("month", "customer_id"),
    partition_by=("month",),
)

OFFERS = Table(
    name="gold.offers",
    grain="One product that the month's campaigns may offer to one customer",
    columns=(
        MONTH,
        CUSTOMER_ID,
        Column(
            "rank", "int", "From 1: the greatest score × the product's expected amount first, then the list's others"
        ),
        PRODUCT_ID,
        Column("score", "double", "Probability that the customer takes it in the month, as in mart.recommendations"),
        Column("listed", "boolean", "Whether it is on the customer's list"),
    ),
    key=("month", "customer_id", "rank"),
    partition_by=("month",),
    checks={"rank_from_one": "rank >= 1", "score_not_negative": "score >= 0"},
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

PRODUCT_TEXT = Table(
    name="gold.product_text",
    grain="One product's text as the bank delivered it before the month",
    columns=(
        MONTH,
        PRODUCT_ID,
        Column("version", "string", "Digest of the text and of the pipeline's parameters; a new text has a new one"),
        Column("tokens", "array<string>", "First tokens in their order: words, Chinese by characters"),
        Column("vector", "array<float>", "Mean of the tokens' vectors; 0 where there is no token"),
    ),
    key=("month", "product_id"),
    partition_by=("month",),
)

TOKEN_VECTORS = Table(
    name="gold.token_vectors",
    grain="One token of the product texts",
    columns=(
        MONTH,
        Column("token", "string", "The token"),
        Column("vector", "array<float>", "What was learned of it from the month's texts"),
    ),
    key=("month", "token"),
    partition_by=("month",),
)

PRODUCT_SERIES = Table(
    name="gold.product_series",
    grain="One product in each of the last calendar months before the month",
    columns=(
        MONTH,
        PRODUCT_ID,
        Column(
            "series",
            "array<struct<month:date,price:double,change:double,rate:double,buys:int,sells:int,holders:int,amount:double>>",
            "Oldest month first: the median amount taken (newest one, else the delivered price), its return since the "
            "month before, the delivered rate, how often it was taken and given back, customers who hold it at the "
            "end, money put in; null where the source has none",
        ),
    ),
    key=("month", "product_id"),
    partition_by=("month",),
)

SEQUENCES = Table(
    name="gold.sequences",
    grain="One customer's last events before a cut: the month itself, or an earlier one whose acquisitions are known",
    columns=(
        MONTH,
        Column("cut", "date", "First day of the month that the sequence ends before; targets were taken in it"),
        CUSTOMER_ID,
        CUSTOMER_INDEX,
        Column("product", "array<int>", "Products of the last events, position + 1, oldest first; 0: padding"),
        Column("event_type", "array<int>", "Kind of each event, from 1 in the configuration's order; last: other"),
        Column("amount", "array<int>", "Bucket of each event's amount, doubling; 1: none"),
        Column("gap", "array<int>", "Bucket of the days since the event before, doubling; 1: it was the first"),
        Column("event_month", "array<int>", "Month of the year of each event, 1 to 12"),
        Column("length", "int", "Events in the lists; what follows is padding"),
        Column("target", "array<int>", "Products taken from the cut on, position + 1; 0: padding, or not known"),
        Column("owned", "array<int>", "Products held before the cut, position + 1, newest first; 0: padding"),
        Column("profile", "array<float>", "The customer's profile before the cut, standardised; 0: missing"),
        Column("rating", "array<float>", "Explicit rating of each target; NaN where there is none", nullable=True),
    ),
    key=("month", "cut", "customer_id"),
    partition_by=("month",),
    checks={"events": "length >= 0 and length <= size(product)"},
)
