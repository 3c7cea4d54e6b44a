"""What a customer did, holds and answered, as sums a customer: the parts of a profile.

Each part is one aggregation in which a customer's rows pass one by one, so that a heavy customer needs no more memory
than another; money is summed as whole cents, the same to the bit in any order.
"""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.profiles.delivered import days_back
from finrec_spark.transforms.splits import before
from finrec_spark.vocabulary import ACCEPTED, CHANNELS, DECLINED, TREATMENT

WINDOWS = (30, 90, 365)
YEAR = 365


def interaction_sums(
    interactions: DataFrame,
    products: DataFrame,
    categories: Sequence[str],
    month: date,
    rules: MatrixParams,
    outflows: Sequence[str],
) -> DataFrame:
    """One row: a customer's interactions before ``month`` in sums.

    Args:
        interactions: silver interactions.
        products: ``product_id``, ``category``; small, it is broadcast.
        categories: those to be counted each.
        rules: types that start ownership take a product; ratings move no money.
        outflows: types that take money out beside those that end ownership.

    Returns:
        ``customer_id``, ``oldest_days``, ``recency_days``, the counts, amounts and ``events_by_category`` of
        ``gold.customer_profile``; all are there in each row but ``largest_amount``.
    """
    narrow = (
        before(interactions, month)
        .join(F.broadcast(_places(products, categories)), "product_id", "left")
        .select("customer_id", *_event(month, rules, outflows), "place")
    )
    age = F.col("age")
    counts = [F.count_if(age < days).alias(f"events_{days}d") for days in WINDOWS]
    taken = [F.count_if(F.col("taken") & (age < days)).alias(f"taken_{days}d") for days in WINDOWS]
    by_category = [
        F.count_if((F.col("place") == place) & (age < YEAR)).alias(_count_name(place))
        for place in range(len(categories))
    ]
    sums = (
        narrow.repartition("customer_id")
        .groupBy("customer_id")
        .agg(
            F.max("age").alias("oldest_days"),
            F.min("age").alias("recency_days"),
            *counts,
            *taken,
            *_flows(age),
            *by_category,
        )
    )
    amounts = [(F.col(name) / 100).alias(name) for name in (*_FLOW_COLUMNS, "largest_amount")]
    numbers = [F.col(f"{name}_{days}d").cast("int") for name in ("events", "taken") for days in WINDOWS]
    return sums.select(
        "customer_id", "oldest_days", "recency_days", *numbers, *amounts, _by_category(categories, "events_by_category")
    )


def holdings(matrix: DataFrame, products: DataFrame, categories: Sequence[str]) -> DataFrame:
    """One row: how many products a customer holds, ``held``, and ``held_by_category``.

    Args:
        matrix: ``customer_id``, ``product_id``, ``owned`` of one month.
    """
    held = matrix.where("owned").join(F.broadcast(_places(products, categories)), "product_id", "left")
    by_category = [F.count_if(F.col("place") == place).alias(_count_name(place)) for place in range(len(categories))]
    counts = held.groupBy("customer_id").agg(F.count("*").cast("int").alias("held"), *by_category)
    return counts.select("customer_id", "held", _by_category(categories, "held_by_category"))


def contact_sums(contacts: DataFrame, responses: DataFrame | None, month: date) -> DataFrame:
    """One row: a customer to whom messages were sent before ``month``, and how they were answered by then.

    What a control group was spared is no message. An answer without a time is not read: nobody can say whether it was
    known before ``month``.
    """
    sent = before(contacts, month, "contact_time").where(F.col("arm") == TREATMENT)
    sent = sent.select("contact_id", "customer_id", "channel", "contact_time")
    messages = _answered(sent, responses, month).withColumn("age", days_back(month, F.col("contact_time")))
    recent, accepted = F.col("age") < YEAR, F.col("response") == ACCEPTED
    counts = messages.groupBy("customer_id").agg(
        F.count_if(recent).cast("int").alias("contacts_365d"),
        F.min("age").alias("contact_recency_days"),
        F.count_if(recent & accepted).cast("int").alias("accepted_365d"),
        F.count_if(recent & (F.col("response") == DECLINED)).cast("int").alias("declined_365d"),
        _best_channel(accepted).alias("channel"),
    )
    columns = ("contacts_365d", "contact_recency_days", "accepted_365d", "declined_365d", "channel")
    return counts.select("customer_id", *columns)


def _places(products: DataFrame, categories: Sequence[str]) -> DataFrame:
    """One row: a product and the ``place`` of its category, -1 where that is not counted by itself."""
    counted = F.array(*map(F.lit, categories)).cast("array<string>")
    place = F.call_function("array_position", counted, F.col("category")) - 1
    return products.select("product_id", place.cast("int").alias("place"))


def _event(month: date, rules: MatrixParams, outflows: Sequence[str]) -> list[Column]:
    """What is summed of an interaction: few and narrow columns, as all of them are shuffled once."""
    opens = list(rules.opening_types)
    cents = F.rint(F.col("value").cast("double") * 100).cast("long")
    amount = F.when(~F.col("event_type").isin(list(rules.rating_types)), cents)
    moved = F.when(F.col("event_type").isin(opens), amount).when(
        F.col("event_type").isin([*rules.closing_types, *outflows]), -amount
    )
    return [
        days_back(month, F.col("event_time")).alias("age"),
        F.col("event_type").isin(opens).alias("taken"),
        amount.alias("amount"),
        moved.alias("moved"),
    ]


_FLOW_COLUMNS = ("inflow_90d", "inflow_365d", "outflow_90d", "outflow_365d", "balance")


def _flows(age: Column) -> list[Column]:
    """Cents put in and taken out, what is left of them, and the largest amount."""
    moved, nothing = F.col("moved"), F.lit(0)
    inflow, outflow = F.greatest(moved, nothing), F.greatest(-moved, nothing)
    flows = [
        F.sum(F.when(age < days, flow).otherwise(0)).alias(f"{name}_{days}d")
        for name, flow in (("inflow", inflow), ("outflow", outflow))
        for days in WINDOWS[1:]
    ]
    left = F.greatest(F.coalesce(F.sum("moved"), nothing), nothing)
    return [*flows, left.alias("balance"), F.max("amount").alias("largest_amount")]


def _by_category(categories: Sequence[str], name: str) -> Column:
    """The counts of the categories that are not 0, by category."""
    pairs = [part for i, c in enumerate(categories) for part in (F.lit(c), F.col(_count_name(i)).cast("int"))]
    counts = F.create_map(*pairs).cast("map<string,int>")
    return F.map_filter(counts, lambda _, count: count > 0).alias(name)


def _count_name(place: int) -> str:
    return f"count_{place}"


def _answered(sent: DataFrame, responses: DataFrame | None, month: date) -> DataFrame:
    if responses is None:
        return sent.withColumn("response", F.lit(None).cast("string"))
    answers = before(responses, month, "response_time").select("contact_id", "response")
    return sent.join(answers, "contact_id", "left")


def _best_channel(accepted: Column) -> Column:
    """The channel with most acceptances, the first by name of equal ones; null where nothing was accepted."""
    count = {name: F.count_if(accepted & (F.col("channel") == name)) for name in sorted(CHANNELS)}
    most = F.greatest(*count.values())
    best = [F.when(number == most, F.lit(name)) for name, number in count.items()]
    return F.when(most > 0, F.coalesce(*best))
