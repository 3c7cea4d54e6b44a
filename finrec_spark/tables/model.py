"""Fitted models: each is the rows of one month in its table, so any reader can look at them."""

from finrec_spark.columns import CUSTOMER_ID, MODEL, MODEL_VERSION, MONTH, PRODUCT_ID, RUN_ID, SEGMENT, Column
from finrec_spark.tables.declaration import Table

REGISTRY = Table(
    name="model.registry",
    grain="One fitted model",
    columns=(
        MONTH,
        MODEL,
        MODEL_VERSION,
        Column("params", "string", "Parameters that it was fitted with, as JSON"),
        RUN_ID,
    ),
    key=("month", "model"),
    partition_by=("month", "model"),
)

POPULARITY = Table(
    name="model.popularity",
    grain="How popular one product is in one segment",
    columns=(MONTH, SEGMENT, PRODUCT_ID, Column("score", "double", "Decayed strength, as a share of the segment's")),
    key=("month", "segment", "product_id"),
    partition_by=("month",),
)

PRODUCT_FACTORS = Table(
    name="model.product_factors",
    grain="One product's latent factors (als)",
    columns=(MONTH, PRODUCT_ID, Column("factors", "array<double>", "Coordinates; as many as the rank")),
    key=("month", "product_id"),
    partition_by=("month",),
)

PRODUCT_NEIGHBOURS = Table(
    name="model.product_neighbours",
    grain="One of the most similar products of one product (pearson_item, euclidean)",
    columns=(
        MONTH,
        MODEL,
        PRODUCT_ID,
        Column("neighbour_id", "string", "The similar product"),
        Column("similarity", "double", "Shrunk similarity, in (0, 1]"),
        Column("support", "bigint", "Customers that the similarity rests on"),
    ),
    key=("month", "model", "product_id", "neighbour_id"),
    partition_by=("month", "model"),
    checks={"similarity_range": "similarity > 0 and similarity <= 1.000001"},
)

CUSTOMER_NEIGHBOURS = Table(
    name="model.customer_neighbours",
    grain="One customer, with the most similar customers and what they hold (pearson_user)",
    columns=(
        MONTH,
        CUSTOMER_ID,
        Column(
            "neighbours",
            "array<struct<customer_index:int,similarity:double>>",
            "Most similar customers, nearest first, ties by index",
        ),
        Column(
            "evidence",
            "array<struct<product_index:int,score:double,holders:int>>",
            "Σ similarity · strength over the neighbours, and how many of them hold the product; the largest scores",
        ),
    ),
    key=("month", "customer_id"),
    partition_by=("month",),
)

BLEND_WEIGHTS = Table(
    name="model.blend_weights",
    grain="One model's weight in the ensemble of the month, validated on the month before",
    columns=(
        MONTH,
        MODEL,
        Column("weight", "double", "Share of the ensemble's score, in [0, 1]; the weights of a month sum to 1"),
    ),
    key=("month", "model"),
    partition_by=("month",),
)
