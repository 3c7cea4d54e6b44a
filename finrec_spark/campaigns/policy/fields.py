"""What a rule may read: the columns of one option, that is of one product for one customer over one channel."""

from finrec_spark.columns import CHANNEL, CUSTOMER_ID, MONTH, PRODUCT_ID, SEGMENT, Column

FIELDS = (
    MONTH,
    SEGMENT,
    Column("profile", "map<string,string>", "The customer's delivered profile columns, such as profile['age']"),
    Column("customer_risk_level", "int", "Highest product risk that suits the customer", nullable=True),
    PRODUCT_ID,
    Column("category", "string", "The product's category"),
    Column("product_risk_level", "int", "Product risk, 1 (lowest) to 5", nullable=True),
    Column("price", "decimal(18,2)", "Price, rate or minimum amount", nullable=True),
    Column(
        "attributes", "map<string,string>", "Further delivered columns of the product, such as attributes['min_age']"
    ),
    Column("on_sale", "boolean", "Whether the product may be taken in the month"),
    Column("owned", "boolean", "Whether the customer holds it"),
    CHANNEL,
    Column("reachable", "boolean", "Whether the customer agreed to messages over the channel, and is on no list"),
    Column("touches", "double", "Weighted messages of the window over all channels"),
    Column("channel_touches", "double", "Weighted messages of the window over this channel"),
    Column("weight", "double", "What one more message over this channel weighs"),
    Column("days_since_contact", "int", "Days since the last message over any channel", nullable=True),
    Column("days_since_refusal", "int", "Days since an offer of the category was declined", nullable=True),
)

KEY = (CUSTOMER_ID, PRODUCT_ID, CHANNEL)
"""What tells one option from all others; a rule cannot read who the customer is."""

FIELDS_DDL = ", ".join(f"{field.name} {field.type}" for field in FIELDS)
