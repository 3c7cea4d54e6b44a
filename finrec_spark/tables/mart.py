"""What the bank's readers see. ``minReaderVersion=1``, every column with a comment."""

from finrec_spark.columns import CUSTOMER_ID, MODEL_VERSION, MONTH, PRODUCT_ID, RUN_ID, SEGMENT, Column
from finrec_spark.tables.declaration import Table

RECOMMENDATIONS = Table(
    name="mart.recommendations",
    grain="One product recommended to one customer for the month",
    columns=(
        MONTH,
        CUSTOMER_ID,
        Column("rank", "int", "Place in the customer's list, from 1"),
        PRODUCT_ID,
        Column(
            "score",
            "double",
            "Calibrated probability that the customer takes it in the month; without trees a mean share",
        ),
        Column(
            "reasons",
            "array<struct<code:string,weight:double,text:string>>",
            "What made the score, heaviest first; weight is the share of all that speaks for the product",
        ),
        MODEL_VERSION,
        RUN_ID,
    ),
    key=("month", "customer_id", "rank"),
    partition_by=("month",),
    checks={"rank_from_one": "rank >= 1"},
)

EXCLUSIONS = Table(
    name="mart.exclusions",
    grain="Customers whom one rule kept one product from; one row a customer where pairs were asked for",
    columns=(
        MONTH,
        CUSTOMER_ID.optional(),
        PRODUCT_ID,
        Column("rule", "string", "not_on_sale, owned or risk_too_high; the first that applies"),
        Column("customers", "bigint", "How many customers the row stands for"),
        RUN_ID,
    ),
    key=("month", "customer_id", "product_id", "rule"),
    partition_by=("month",),
)

METRICS = Table(
    name="mart.metrics",
    grain="One measured figure of one model",
    columns=(
        RUN_ID,
        Column("protocol", "string", "How it was measured, such as last_month or ratings"),
        Column("model", "string", "Model's name; random is a seeded shuffle, for reference"),
        Column("metric", "string", "ndcg, recall, coverage, rmse, mae …"),
        Column("k", "int", "Length of the list that was measured; null where it has no meaning", nullable=True),
        SEGMENT,
        MONTH.optional(),
        Column("value", "double", "The figure"),
        Column("low", "double", "Lower end of its 95 % interval", nullable=True),
        Column("high", "double", "Upper end of its 95 % interval", nullable=True),
    ),
    key=("run_id", "protocol", "model", "metric", "k", "segment"),
    partition_by=("protocol",),
)

RUNS = Table(
    name="mart.runs",
    grain="One step of one run",
    columns=(
        RUN_ID,
        Column("step", "string", "The job's name"),
        MONTH,
        Column("status", "string", "done, running or failed"),
        Column("fingerprint", "string", "Digest of the step's inputs, parameters and code; equal means nothing to do"),
        Column("inputs", "map<string,bigint>", "Delta version of every table that was read"),
        Column("code_version", "string", "Version of the package and digest of its sources"),
        Column("rows", "bigint", "Rows written", nullable=True),
        Column("seconds", "double", "Wall seconds", nullable=True),
        Column("finished_at", "timestamp", "When the status was written"),
    ),
    key=("run_id", "step"),
)
