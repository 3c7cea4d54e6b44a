"""Features made from silver, one partition a month."""

from finrec_spark.columns import CUSTOMER_ID, CUSTOMER_INDEX, MONTH, PRODUCT_ID, PRODUCT_INDEX, Column
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
