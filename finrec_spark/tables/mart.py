"""What the bank's readers see. ``minReaderVersion=1``, every column with a comment."""

from finrec_spark.columns import CUSTOMER_ID, MODEL_VERSION, MONTH, PRODUCT_ID, RUN_ID, SEGMENT, Column
from finrec_spark.tables.declaration import Table
from finrec_spark.tables.silver import PRODUCTS

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
    checks={"rank_from_one": "rank >= 1", "score_not_negative": "score >= 0"},
    references={"product_id": (PRODUCTS, "product_id")},
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
    checks={"customers_counted": "customers > 0"},
    references={"product_id": (PRODUCTS, "product_id")},
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
        Column("origin", "date", "First day of the month that was held out; null where none was", nullable=True),
        Column("value", "double", "The figure"),
        Column("low", "double", "Lower end of its 95 % interval", nullable=True),
        Column("high", "double", "Upper end of its 95 % interval", nullable=True),
    ),
    key=("run_id", "protocol", "origin", "model", "metric", "k", "segment"),
    partition_by=("protocol",),
)

_SLICE = "slice:map<string,string>"
_CONTENT = f"struct<table:string,{_SLICE},version:bigint,digest:string"

RUNS = Table(
    name="mart.runs",
    grain="One attempt at one step of one month; rows are only ever added",
    columns=(
        Column("attempt_id", "string", "The attempt"),
        RUN_ID,
        Column("step", "string", "The step's name"),
        MONTH,
        Column("status", "string", "done, failed, or killed: it ended without a word"),
        Column("why", "string", "Why the step ran"),
        Column("fingerprint", "string", "Digest of parameters, code, declared tables and inputs; equal: nothing to do"),
        Column("parameters", "string", "The parameters that it used, as JSON"),
        Column("code_digest", "string", "Digest of the modules that it imports"),
        Column("modules", "map<string,string>", "Digest of each of these modules"),
        Column(
            "inputs",
            f"array<{_CONTENT},attempt_id:string>>",
            "What it read: table, rows of it, Delta version, digest of the content as of the month, who wrote it",
        ),
        Column("outputs", f"array<{_CONTENT},rows:bigint>>", "What it wrote, and how it left it"),
        Column("rows", "bigint", "Rows written", nullable=True),
        Column("seconds", "double", "Wall seconds"),
        Column("peak_memory_bytes", "bigint", "Most execution memory of one of Spark's stages", nullable=True),
        Column("shuffle_bytes", "bigint", "Bytes that Spark wrote to shuffle", nullable=True),
        Column("spill_bytes", "bigint", "Bytes that Spark spilled to disk", nullable=True),
        Column("started_at", "timestamp", "When it began"),
        Column("finished_at", "timestamp", "When it ended; of a killed one, when that was noticed"),
    ),
    key=("attempt_id",),
    checks={"status_known": "status in ('done', 'failed', 'killed')"},
)

CHECKS = Table(
    name="mart.checks",
    grain="One check of what a run had made, before a reader saw it",
    columns=(
        RUN_ID,
        MONTH,
        Column("table", "string", "The table that was checked"),
        Column("check", "string", "What was checked, such as unique_key or ranks_contiguous"),
        Column("value", "double", "What was found: rows that break it, or a number to compare"),
        Column("limit", "double", "The highest value that passes"),
        Column("passed", "boolean", "Whether it passed"),
        Column("checked_at", "timestamp", "When"),
    ),
    key=("run_id", "month", "table", "check", "checked_at"),
)

PUBLICATIONS = Table(
    name="mart.publications",
    grain="One publication of one month's mart tables",
    columns=(
        MONTH,
        Column("published_at", "timestamp", "When; of a month the newest counts"),
        RUN_ID,
        Column("versions", "map<string,bigint>", "Delta version of every mart table at that moment"),
        Column("why", "string", "Why it was published"),
    ),
    key=("month", "published_at"),
)
