"""What the bank's readers see. ``minReaderVersion=1``, every column with a comment."""

from finrec_spark.columns import CHANNEL, CUSTOMER_ID, MODEL_VERSION, MONTH, PRODUCT_ID, RUN_ID, SEGMENT, Column
from finrec_spark.tables.declaration import Table
from finrec_spark.tables.silver import PRODUCTS
from finrec_spark.vocabulary import ARMS, sql_list

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
        Column("decided_by", "string", "recommend: out of every list; campaign: out of the month's campaigns alone"),
        Column("rule", "string", "The first that applies: not_on_sale, owned, risk_too_high or one of the policy's"),
        Column("customers", "bigint", "How many customers the row stands for"),
        RUN_ID,
    ),
    key=("month", "decided_by", "customer_id", "product_id", "rule"),
    partition_by=("month", "decided_by"),
    checks={"customers_counted": "customers > 0"},
    references={"product_id": (PRODUCTS, "product_id")},
)

_CAMPAIGN_ID = Column("campaign_id", "string", "The campaign's ID")

CAMPAIGN_TARGETS = Table(
    name="mart.campaign_targets",
    grain="One customer whom one campaign would contact, and the arm that chance gave it; written before any export",
    columns=(
        MONTH,
        _CAMPAIGN_ID,
        CUSTOMER_ID,
        PRODUCT_ID,
        CHANNEL,
        SEGMENT,
        Column("stratum", "string", "Who is compared with whom: controls are an exact share of each stratum"),
        Column("exploration", "boolean", "Whether chance, within the rules, chose the offer, and not the allocation"),
        Column(
            "offer_probability",
            "double",
            "Probability of this product and channel where chance chose them",
            nullable=True,
        ),
        Column("arm", "string", "treatment: contacted; control: not by this campaign; holdout: by none in any month"),
        Column("probability", "double", "Probability of that arm, as it was drawn with"),
        Column("control_share", "double", "The control's share of those of the stratum who are not held out"),
        Column("expected_value", "double", "Yuan that the contact is expected to bring, net of its cost"),
        Column(
            "value_source",
            "string",
            "What that rests on: relative (lift of all alike), uplift, pooled (uplift of all alike), response or score",
        ),
        RUN_ID,
    ),
    key=("month", "campaign_id", "customer_id"),
    partition_by=("month",),
    checks={
        "arm_known": f"arm in {sql_list(ARMS)}",
        "probability_range": "probability > 0 and probability < 1",
        "control_share_range": "control_share > 0 and control_share < 1",
        "offer_of_chance": "exploration = (offer_probability is not null)",
    },
    references={"product_id": (PRODUCTS, "product_id")},
)

CAMPAIGN_FUNNEL = Table(
    name="mart.campaign_funnel",
    grain="How many customers are left behind one stage of the month's campaigns",
    columns=(
        MONTH,
        Column("place", "int", "Place of the stage, from 1"),
        Column("stage", "string", "known, offered, the policy's stages, worth_it, allocated, treatment, messages"),
        Column("customers", "bigint", "Customers"),
        RUN_ID,
    ),
    key=("month", "place"),
    partition_by=("month",),
)

CAMPAIGN_LIMITS = Table(
    name="mart.campaign_limits",
    grain="One limit of the month's campaigns: how far it was used, and what one more would bring",
    columns=(
        MONTH,
        Column("name", "string", "contacts, budget, channel …, branch … or product …"),
        Column("kind", "string", "maximum or minimum"),
        Column("limit", "double", "Offers, or yuan of the budget"),
        Column("used", "double", "Likewise"),
        Column("price_yuan", "double", "Expected yuan that one more offer, or yuan of the budget, would bring"),
        RUN_ID,
    ),
    key=("month", "name", "kind"),
    partition_by=("month",),
)

CAMPAIGN_EXPORTS = Table(
    name="mart.campaign_exports",
    grain="One file of messages, as it was handed to a channel",
    columns=(
        MONTH,
        CHANNEL,
        Column("format", "string", "csv or parquet"),
        Column("path", "string", "Where it lies, below the lake"),
        Column("messages", "bigint", "Messages in it"),
        Column("bytes", "bigint", "Its size"),
        Column("sha256", "string", "Its checksum"),
        RUN_ID,
    ),
    key=("month", "channel", "format"),
    partition_by=("month",),
)

CAMPAIGN_OUTCOMES = Table(
    name="mart.campaign_outcomes",
    grain="What one campaign, or one part of it, brought beyond what there would have been without it",
    columns=(
        MONTH,
        Column(
            "campaign_id",
            "string",
            "The campaign, its month first; …-programme: all of them, hold-out against everyone",
        ),
        Column("dimension", "string", "all, product, channel or segment"),
        Column("part", "string", "Which product, channel or segment; all is the whole campaign"),
        Column("measure", "string", "yuan, yuan_winsorised (the largest amounts cut to a limit) or takers"),
        Column("method", "string", "welch, welch_cuped or welch_cuped_shared; the last is the one to believe"),
        Column("treated", "bigint", "Customers of the arm treatment, contacted or not"),
        Column("control", "bigint", "Customers that they are compared with"),
        Column("left_out", "bigint", "Treated customers without anyone to compare with; in no figure"),
        Column("treated_takers", "bigint", "Treated customers who took the product in the window"),
        Column("control_takers", "bigint", "The same of the controls"),
        Column("treated_mean", "double", "What one treated customer brought", nullable=True),
        Column("control_mean", "double", "What one control brought, strata weighed as the treated", nullable=True),
        Column("incremental", "double", "What all treated brought beyond the controls, adjusted", nullable=True),
        Column("low", "double", "Lower end of its interval", nullable=True),
        Column("high", "double", "Upper end of its interval", nullable=True),
        Column("p_value", "double", "Probability of so much by chance alone, two-sided", nullable=True),
        Column(
            "p_adjusted",
            "double",
            "Benjamini and Hochberg's, over the dimension's parts",
            nullable=True,
        ),
        Column("sound", "boolean", "Whether sample ratio, balance and contamination passed"),
        Column("verdict", "string", "more, less, not_distinguishable (from zero), too_few or not_sound"),
        Column("sentence", "string", "The verdict in words"),
        RUN_ID,
    ),
    key=("month", "campaign_id", "dimension", "part", "measure", "method"),
    partition_by=("month",),
    checks={
        "interval_ordered": "low is null or low <= high",
        "verdict_known": "verdict in ('more', 'less', 'not_distinguishable', 'too_few', 'not_sound')",
    },
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
        Column("segment", "string", "Customer segment, all is everyone; of protocol tuning the trial, such as trial 7"),
        Column(
            "origin",
            "date",
            "First day of what was held out, a month or the time after a date; null: none",
            nullable=True,
        ),
        Column("value", "double", "The figure"),
        Column("low", "double", "Lower end of its 95 % interval", nullable=True),
        Column("high", "double", "Upper end of its 95 % interval", nullable=True),
    ),
    key=("run_id", "protocol", "origin", "model", "metric", "k", "segment"),
    partition_by=("protocol",),
)

REPORTS = Table(
    name="mart.reports",
    grain="The report of what was measured up to one month, as it was written",
    columns=(
        MONTH,
        Column("path", "string", "Where it lies, below the lake"),
        Column("bytes", "bigint", "Its size"),
        Column("sha256", "string", "Its checksum"),
        RUN_ID,
    ),
    key=("month",),
    partition_by=("month",),
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
