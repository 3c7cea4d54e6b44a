"""A synthetic bank as landing tables.

Spark makes it customer by customer, in parallel: nothing is shuffled, and a customer is the same whatever the
number of partitions, customers and cores. ``simulated_histories`` is the one costly pass; interactions,
contacts, responses and propensities all come from it, so whoever reads several of them persists it.
"""

from collections.abc import Sequence
from functools import partial

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.sources.generator.batches import (
    CONSENT_SCHEMA,
    HISTORY_SCHEMA,
    PROFILE_SCHEMA,
    consent_batch,
    history_batch,
    in_chunks,
    profile_batch,
)
from finrec_spark.sources.generator.catalogue import (
    Product,
    catalogue,
    description,
    description_zh,
    first_day,
    last_day,
    price_yuan,
)
from finrec_spark.sources.generator.columns import customer_id, customer_numbers, digits, label
from finrec_spark.sources.generator.contacts import CHANNELS, TREATMENT, campaign_category, campaign_months
from finrec_spark.sources.generator.lives import EVENT_TYPES
from finrec_spark.sources.generator.market import SEGMENTS, market
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.people import GENDERS, HOUSING, MARITAL, OCCUPATIONS, REGIONS
from finrec_spark.sources.generator.played import PLAYED_TYPE, played_by_number
from finrec_spark.sources.generator.words import CATEGORIES
from finrec_spark.sources.landing import Landing
from finrec_spark.tables import (
    LANDING_CONSENTS,
    LANDING_CONTACTS,
    LANDING_CUSTOMERS,
    LANDING_INTERACTIONS,
    LANDING_PRODUCTS,
    LANDING_RESPONSES,
)
from finrec_spark.vocabulary import ARMS, MARKETING, RESPONSES

PROFILE_COLUMNS = (
    "age", "gender", "region", "income_yuan", "occupation", "segment", "marital_status", "children", "housing",
    "tenure_months",
)  # fmt: skip
PRODUCT_COLUMNS = ("name_zh", "text_zh")


def generated_bank(
    spark: SparkSession, params: GeneratorParams, histories: DataFrame | None = None, partitions: int | None = None
) -> Landing:
    """The bank's landing tables, all columns as ``tables.landing`` declares them.

    Args:
        histories: ``simulated_histories`` of the same parameters, where they are persisted; else each of
            interactions, contacts and responses simulates anew when it is read.
        partitions: of Spark; changes nothing but the layout.
    """
    histories = simulated_histories(spark, params, partitions) if histories is None else histories
    numbers = customer_numbers(spark, params, partitions)
    return Landing(
        customers=_customers(numbers, params),
        products=_products(spark, params),
        interactions=_interactions(histories, params),
        consents=_consents(numbers, params),
        contacts=_contacts(histories, params),
        campaign_responses=_responses(histories, params),
    )


def simulated_histories(
    spark: SparkSession, params: GeneratorParams, partitions: int | None = None, targets: DataFrame | None = None
) -> DataFrame:
    """One row: all that one customer did, nested, as ``batches.HISTORY_SCHEMA``.

    Args:
        targets: ``mart.campaign_targets``, to which customers answer in months without campaigns of the generator.
    """
    make = partial(history_batch, market=market(catalogue(params), params), params=params)
    numbers = customer_numbers(spark, params, partitions).withColumnRenamed("id", "number")
    if targets is None:
        with_played = numbers.withColumn("played", F.lit(None).cast(PLAYED_TYPE))
    else:
        with_played = numbers.join(played_by_number(targets, params), "number", "left")
    return with_played.mapInArrow(in_chunks(make), HISTORY_SCHEMA)


def _customers(numbers: DataFrame, params: GeneratorParams) -> DataFrame:
    versions = numbers.mapInArrow(in_chunks(partial(profile_batch, params=params)), PROFILE_SCHEMA)
    labels = {
        "gender": GENDERS, "region": REGIONS, "occupation": OCCUPATIONS, "segment": SEGMENTS,
        "marital_status": MARITAL, "housing": HOUSING,
    }  # fmt: skip
    profile = [label(labels[name], name) if name in labels else _text(name) for name in PROFILE_COLUMNS]
    known = versions.select(
        customer_id(), _day_of_month(params, F.col("month")).alias("valid_from"), _text("risk_level"), *profile
    )
    return LANDING_CUSTOMERS.conform(known.withColumn("extra", _extra(PROFILE_COLUMNS)).drop(*PROFILE_COLUMNS))


def _products(spark: SparkSession, params: GeneratorParams) -> DataFrame:
    rows = [_product_row(product, params) for product in catalogue(params)]
    return LANDING_PRODUCTS.conform(spark.createDataFrame(rows, LANDING_PRODUCTS.ddl))


def _product_row(product: Product, params: GeneratorParams) -> tuple[object, ...]:
    kind, variant, end = product.kind, product.variant, last_day(product, params)
    return (
        product.product_id,
        kind.category,
        f"{kind.name} {variant.name}",
        description(product),
        f"{kind.category}|{kind.tags}|{variant.tag}",
        str(kind.risk_level),
        str(price_yuan(product)),
        first_day(product, params).isoformat(),
        end and end.isoformat(),
        {"name_zh": f"{variant.name_zh}{kind.name_zh}", "text_zh": description_zh(product)},
    )


def _interactions(histories: DataFrame, params: GeneratorParams) -> DataFrame:
    events = histories.select("number", F.inline("events")).select(
        "number",
        _product_id(params),
        label(EVENT_TYPES, "type").alias("event_type"),
        _moment(params, "day", "minute").alias("event_time"),
        _yuan("value"),
    )
    month = F.substring("event_time", 1, 7)
    event_id = F.concat_ws("-", F.concat(F.lit("E"), digits("number")), month, "product_id", "event_type")
    return LANDING_INTERACTIONS.conform(
        events.select(
            event_id.alias("event_id"), customer_id(), "product_id", "event_type", "event_time", "value",
            _currency(), F.lit(None).cast("string").alias("fold"),
        )
    )  # fmt: skip


def _consents(numbers: DataFrame, params: GeneratorParams) -> DataFrame:
    said = numbers.mapInArrow(in_chunks(partial(consent_batch, params=params)), CONSENT_SCHEMA)
    return LANDING_CONSENTS.conform(
        said.select(
            customer_id(),
            label(CHANNELS, "channel"),
            _text("consented"),
            F.lit(MARKETING).alias("purpose"),
            _day_of_month(params, F.col("month")).alias("valid_from"),
        )
    )


def _contacts(histories: DataFrame, params: GeneratorParams) -> DataFrame:
    return LANDING_CONTACTS.conform(
        histories.select("number", F.inline("contacts")).select(
            _contact_id(params),
            customer_id(),
            _product_id(params),
            label(CHANNELS, "channel"),
            _moment(params, "day", "minute").alias("contact_time"),
            F.coalesce("campaign", label(_campaign_ids(params), "month")).alias("campaign_id"),
            label(ARMS, "arm"),
        )
    )


def _campaign_ids(params: GeneratorParams) -> list[str]:
    """One for each month of the history; empty in months without a campaign."""
    names = {m: f"{params.month(m):%Y-%m}-{CATEGORIES[campaign_category(m, params)]}" for m in campaign_months(params)}
    return [names.get(month, "") for month in range(params.months)]


def _responses(histories: DataFrame, params: GeneratorParams) -> DataFrame:
    """Only who was contacted can answer: the treated."""
    answered = F.when(F.col("answer_day") >= 0, _moment(params, "answer_day", "answer_minute"))
    answers = histories.select("number", F.inline("contacts")).where(F.col("arm") == TREATMENT)
    return LANDING_RESPONSES.conform(
        answers.select(
            _contact_id(params),
            label(RESPONSES, "response"),
            answered.alias("response_time"),
            _yuan("value"),
        ).withColumn("currency", _currency())
    )


def _contact_id(params: GeneratorParams) -> Column:
    month = F.substring(_day_of_month(params, F.col("month")), 1, 7)
    return F.concat(F.lit("K"), digits("number"), F.lit("-"), month).alias("contact_id")


def _product_id(params: GeneratorParams) -> Column:
    return label([product.product_id for product in catalogue(params)], "product").alias("product_id")


def _text(name: str) -> Column:
    return F.col(name).cast("string").alias(name)


def _yuan(name: str) -> Column:
    return F.col(name).cast("decimal(18,2)").cast("string").alias(name)


def _currency() -> Column:
    return F.when(F.col("value").isNotNull(), F.lit("CNY")).alias("currency")


def _day_of_month(params: GeneratorParams, month: Column) -> Column:
    """First day of the month at a position in the history, as text."""
    return F.add_months(F.lit(params.first_month), month).cast("string")


def _moment(params: GeneratorParams, day: str, minute: str) -> Column:
    """YYYY-MM-DD HH:MM:00, without going through a time zone."""
    date = F.date_add(F.lit(params.first_month), F.col(day)).cast("string")
    hour = F.lpad(F.floor(F.col(minute) / 60).cast("string"), 2, "0")
    return F.concat(
        date, F.lit(" "), hour, F.lit(":"), F.lpad((F.col(minute) % 60).cast("string"), 2, "0"), F.lit(":00")
    )


def _extra(names: Sequence[str]) -> Column:
    pairs = [column for name in names for column in (F.lit(name), F.col(name))]
    return F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())
