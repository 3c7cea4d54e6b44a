"""A synthetic bank as landing tables, and the truth about it.

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
    EFFECT_SCHEMA,
    HISTORY_SCHEMA,
    PROFILE_SCHEMA,
    SPENDING_SCHEMA,
    consent_batch,
    effect_batch,
    history_batch,
    in_chunks,
    profile_batch,
    spending_batch,
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
from finrec_spark.sources.generator.contacts import CHANNELS, TREATMENT, campaign_category, campaign_months
from finrec_spark.sources.generator.history import EVENT_TYPES
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
_CUSTOMERS_PER_PARTITION = 100_000


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
    numbers = _numbers(spark, params, partitions)
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
    numbers = _numbers(spark, params, partitions).withColumnRenamed("id", "number")
    if targets is None:
        with_played = numbers.withColumn("played", F.lit(None).cast(PLAYED_TYPE))
    else:
        with_played = numbers.join(played_by_number(targets, params), "number", "left")
    return with_played.mapInArrow(in_chunks(make), HISTORY_SCHEMA)


def true_propensities(histories: DataFrame, params: GeneratorParams) -> DataFrame:
    """One row: how likely one customer truly was to open each product in one month. Only evaluation may read it.

    The month is one of the ``truth_months`` newest, the month to decide included. The probability is that of
    opening in the month if no campaign contacts the customer, given the state at its start: products held,
    life events, earlier views; 0 where the product is held or not on sale, or the customer not yet one.

    Returns:
        ``customer_id``, ``month`` (date), ``propensities`` (array<float>, in ascending order of product_id).
    """
    first = params.month(params.known + 1 - params.truth_months)
    return histories.select("number", F.posexplode("propensities").alias("position", "propensities")).select(
        _customer_id(), F.add_months(F.lit(first), F.col("position")).alias("month"), "propensities"
    )


def true_effects(spark: SparkSession, params: GeneratorParams, partitions: int | None = None) -> DataFrame:
    """One row: what a contact on one channel truly does to one customer. Only evaluation may read it.

    It is the same in every month.

    Returns:
        ``customer_id``, ``channel``, ``log_odds`` (map<string,double>: category → what a contact adds to the
        log-odds of opening the offered product in its month; see ``contacted_propensity``).
    """
    numbers = _numbers(spark, params, partitions)
    effects = numbers.mapInArrow(in_chunks(partial(effect_batch, params=params)), EFFECT_SCHEMA)
    categories = F.array(*map(F.lit, CATEGORIES))
    by_category = F.map_from_arrays(categories, F.col("log_odds"))
    return effects.select(_customer_id(), _label(CHANNELS, "channel"), by_category.alias("log_odds"))


def true_amounts(spark: SparkSession, params: GeneratorParams) -> DataFrame:
    """One row: the yuan that a product is typically taken with, by whoever earns 100,000. Only evaluation may read it.

    Returns:
        ``product_id``, ``amount_yuan``.
    """
    made = catalogue(params)
    typical = market(made, params).amount_yuan
    rows = [(product.product_id, float(amount)) for product, amount in zip(made, typical, strict=True)]
    return spark.createDataFrame(rows, "product_id string, amount_yuan double")


def true_spending(spark: SparkSession, params: GeneratorParams, partitions: int | None = None) -> DataFrame:
    """One row: by which factor one customer takes products with more than their typical amounts, on average.

    Returns:
        ``customer_id``, ``factor``.
    """
    factors = _numbers(spark, params, partitions).mapInArrow(
        in_chunks(partial(spending_batch, params=params)), SPENDING_SCHEMA
    )
    return factors.select(_customer_id(), "factor")


def contacted_propensity(propensity: Column, log_odds: Column) -> Column:
    """Probability of opening with a contact, from that without: p·eᵟ / (1 − p + p·eᵟ).

    >>> rows = spark.createDataFrame([(0.5, 0.0), (0.1, 1.0), (0.0, 1.0)], "p double, effect double")
    >>> rows.select(F.round(contacted_propensity(F.col("p"), F.col("effect")), 3).alias("contacted")).show()
    +---------+
    |contacted|
    +---------+
    |      0.5|
    |    0.232|
    |      0.0|
    +---------+
    <BLANKLINE>
    """
    raised = propensity * F.exp(log_odds)
    return raised / (1 - propensity + raised)


def _numbers(spark: SparkSession, params: GeneratorParams, partitions: int | None) -> DataFrame:
    default = max(spark.sparkContext.defaultParallelism, -(-params.customers // _CUSTOMERS_PER_PARTITION))
    return spark.range(1, params.customers + 1, 1, partitions or min(default, params.customers))


def _customers(numbers: DataFrame, params: GeneratorParams) -> DataFrame:
    versions = numbers.mapInArrow(in_chunks(partial(profile_batch, params=params)), PROFILE_SCHEMA)
    labels = {
        "gender": GENDERS, "region": REGIONS, "occupation": OCCUPATIONS, "segment": SEGMENTS,
        "marital_status": MARITAL, "housing": HOUSING,
    }  # fmt: skip
    profile = [_label(labels[name], name) if name in labels else _text(name) for name in PROFILE_COLUMNS]
    known = versions.select(
        _customer_id(), _day_of_month(params, F.col("month")).alias("valid_from"), _text("risk_level"), *profile
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
        _label(EVENT_TYPES, "type").alias("event_type"),
        _moment(params, "day", "minute").alias("event_time"),
        _yuan("value"),
    )
    month = F.substring("event_time", 1, 7)
    event_id = F.concat_ws("-", F.concat(F.lit("E"), _digits("number")), month, "product_id", "event_type")
    return LANDING_INTERACTIONS.conform(
        events.select(
            event_id.alias("event_id"), _customer_id(), "product_id", "event_type", "event_time", "value",
            _currency(), F.lit(None).cast("string").alias("fold"),
        )
    )  # fmt: skip


def _consents(numbers: DataFrame, params: GeneratorParams) -> DataFrame:
    said = numbers.mapInArrow(in_chunks(partial(consent_batch, params=params)), CONSENT_SCHEMA)
    return LANDING_CONSENTS.conform(
        said.select(
            _customer_id(),
            _label(CHANNELS, "channel"),
            _text("consented"),
            F.lit(MARKETING).alias("purpose"),
            _day_of_month(params, F.col("month")).alias("valid_from"),
        )
    )


def _contacts(histories: DataFrame, params: GeneratorParams) -> DataFrame:
    return LANDING_CONTACTS.conform(
        histories.select("number", F.inline("contacts")).select(
            _contact_id(params),
            _customer_id(),
            _product_id(params),
            _label(CHANNELS, "channel"),
            _moment(params, "day", "minute").alias("contact_time"),
            F.coalesce("campaign", _label(_campaign_ids(params), "month")).alias("campaign_id"),
            _label(ARMS, "arm"),
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
            _label(RESPONSES, "response"),
            answered.alias("response_time"),
            _yuan("value"),
        ).withColumn("currency", _currency())
    )


def _digits(number: str) -> Column:
    return F.lpad(F.col(number).cast("string"), 10, "0")


def _customer_id() -> Column:
    return F.concat(F.lit("C"), _digits("number")).alias("customer_id")


def _contact_id(params: GeneratorParams) -> Column:
    month = F.substring(_day_of_month(params, F.col("month")), 1, 7)
    return F.concat(F.lit("K"), _digits("number"), F.lit("-"), month).alias("contact_id")


def _product_id(params: GeneratorParams) -> Column:
    return _label([product.product_id for product in catalogue(params)], "product").alias("product_id")


def _label(labels: Sequence[str], position: str) -> Column:
    return F.array(*map(F.lit, labels))[F.col(position)].alias(position)


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
