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
    grain="One of the most similar products of one product (pearson_item, euclidean, content)",
    columns=(
        MONTH,
        MODEL,
        PRODUCT_ID,
        Column("neighbour_id", "string", "The similar product"),
        Column("similarity", "double", "Shrunk similarity, in (0, 1]"),
        Column("support", "bigint", "Customers, or for content common features, that the similarity rests on"),
    ),
    key=("month", "model", "product_id", "neighbour_id"),
    partition_by=("month", "model"),
    checks={"similarity_range": "similarity > 0 and similarity <= 1.000001"},
)

PRODUCT_WEIGHTS = Table(
    name="model.product_weights",
    grain="What one product in a customer's history adds to the score of one product (walk, ease)",
    columns=(
        MONTH,
        MODEL,
        PRODUCT_ID,
        Column("neighbour_id", "string", "The product in the history"),
        Column("weight", "double", "What it adds; below 0 it speaks against the product"),
        Column("support", "bigint", "Customers who hold both"),
    ),
    key=("month", "model", "product_id", "neighbour_id"),
    partition_by=("month", "model"),
)

TRANSITION_WEIGHTS = Table(
    name="model.transition_weights",
    grain="What one product in a customer's history adds to the score of the product that is met next (slit)",
    columns=(
        MONTH,
        PRODUCT_ID,
        Column("neighbour_id", "string", "The product in the history"),
        Column("met", "double", "What it adds where the customer met it, over the root of how many products were met"),
        Column("held", "double", "What it adds beside that where the customer holds it"),
        Column("support", "bigint", "How often the product was met in a month before which the other had been"),
    ),
    key=("month", "product_id", "neighbour_id"),
    partition_by=("month",),
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
            "Most similar customers, nearest first, ties by the hash of the ID",
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

NAIVE_BAYES = Table(
    name="model.naive_bayes",
    grain="What one value of one profile feature says about liking one product (naive_bayes), or offer (response)",
    columns=(
        MONTH,
        MODEL,
        Column("product_id", "string", "The bank's product ID; of response: product ID and channel, as P017 by sms"),
        Column("feature", "string", "Profile feature; prior for the odds before any feature is known"),
        Column("bin", "int", "Bin of a number, code of a category; -1 where the value is missing"),
        Column("low", "double", "Lower end of a number's bin, inclusive; null: open, or no number", nullable=True),
        Column("high", "double", "Upper end of a number's bin, exclusive; null: open, or no number", nullable=True),
        Column("value", "string", "The category's value; null for numbers, missing and rare values", nullable=True),
        Column("log_like", "double", "log p(value | like); for prior log p(like)"),
        Column("log_dislike", "double", "log p(value | dislike); for prior log p(dislike)"),
    ),
    key=("month", "model", "product_id", "feature", "bin"),
    partition_by=("month", "model"),
)

TREES = Table(
    name="model.trees",
    grain="One node of one tree (decision_tree, random_forest, boosted_trees, response, uplift, spending)",
    columns=(
        MONTH,
        MODEL,
        Column("tree", "int", "The tree, from 0"),
        Column("node", "int", "The node, from 0, which is the root"),
        Column("left", "int", "Node for values up to the threshold; -1 in a leaf"),
        Column("right", "int", "Node for values above the threshold; -1 in a leaf"),
        Column("feature", "string", "Feature that is asked for; null in a leaf", nullable=True),
        Column("threshold", "double", "Value that it is held against; null in a leaf", nullable=True),
        Column(
            "probability",
            "double",
            "Share of the positive class among the node's training rows, in [0, 1]; of uplift: (1 + effect) / 2; of"
            " boosted_trees: what it adds to the log-odds, as a probability",
        ),
        Column("weight", "double", "Weighted training rows that came to the node; of boosted_trees: sum of p (1 - p)"),
    ),
    key=("month", "model", "tree", "node"),
    partition_by=("month", "model"),
    checks={"probability_range": "probability between 0 and 1"},
)

CALIBRATION = Table(
    name="model.calibration",
    grain="One point of the curve from a model's score to a probability",
    columns=(
        MONTH,
        MODEL,
        Column("point", "int", "Place on the curve, from 0"),
        Column("score", "double", "The model's score; between two points the curve is straight"),
        Column("probability", "double", "Calibrated probability, not falling along the curve"),
    ),
    key=("month", "model", "point"),
    partition_by=("month", "model"),
)

UPLIFT_CELLS = Table(
    name="model.uplift_cells",
    grain="What contact adds for one category over one channel, whoever the customer is",
    columns=(
        MONTH,
        Column("category", "string", "The products' category; null: all of them", nullable=True),
        Column("channel", "string", "Channel of the contact; null: all of them", nullable=True),
        Column("contacted", "bigint", "Randomised trials in which the offer was made"),
        Column("control", "bigint", "Those in which none was"),
        Column(
            "uplift", "double", "Probability of taking it with contact minus without; of few trials near the rest's"
        ),
        Column("lift", "double", "What a contact multiplies that probability by; of few acquisitions near the rest's"),
        Column("own", "boolean", "Whether the trials of both arms suffice for estimates of single customers"),
    ),
    key=("month", "category", "channel"),
    partition_by=("month",),
    checks={"uplift_range": "uplift between -1 and 1", "lift_range": "lift > 0"},
)

EXPECTED_AMOUNTS = Table(
    name="model.expected_amounts",
    grain="The money that one product is expected to be taken with",
    columns=(
        MONTH,
        PRODUCT_ID,
        Column("category", "string", "The product's category"),
        Column("acquisitions", "bigint", "Acquisitions with a known amount that it is learned from"),
        Column("amount", "double", "Yuan; of few acquisitions near the mean of its category"),
    ),
    key=("month", "product_id"),
    partition_by=("month",),
    checks={"amount_not_negative": "amount >= 0"},
)

NETWORK_WEIGHTS = Table(
    name="model.network_weights",
    grain="One array of a trained network (gru)",
    columns=(
        MONTH,
        MODEL,
        Column("name", "string", "Name of the array in the network"),
        Column("shape", "array<int>", "Its shape; empty for a single number"),
        Column("values", "array<float>", "Its values, the last axis running fastest"),
    ),
    key=("month", "model", "name"),
    partition_by=("month", "model"),
)

PRODUCT_STATES = Table(
    name="model.product_states",
    grain="One product as the trained network sees it (gru)",
    columns=(
        MONTH,
        PRODUCT_ID,
        Column("state", "array<float>", "Coordinates; the product with a customer's state is the customer's interest"),
        Column("bias", "double", "Interest of everyone; 0 for a product without a history"),
        Column("words", "array<string>", "Words of its text, those that move its scores most first"),
    ),
    key=("month", "product_id"),
    partition_by=("month",),
)

CUSTOMER_STATES = Table(
    name="model.customer_states",
    grain="One customer's latest events as the trained network sees them (gru)",
    columns=(MONTH, CUSTOMER_ID, Column("state", "array<float>", "Coordinates, as many as a product has")),
    key=("month", "customer_id"),
    partition_by=("month",),
)
