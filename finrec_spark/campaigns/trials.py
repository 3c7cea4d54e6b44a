"""The bank's own campaigns as randomised trials: what uplift is learned from.

Chance alone decided who was contacted and who was kept back: in ``mart.campaign_targets`` by a probability that was
stored, of explorers as of all other targets; in contacts that the bank delivered with their arms by a share of each
campaign that is read off the arms' sizes. The hold-out is left out: it has had no campaign for months, and so differs
from a control by more than one contact.
"""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.campaigns.measurement.outcomes import purchases, window_is_over
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.transforms.acceptances import profiles_at_contact
from finrec_spark.transforms.splits import before
from finrec_spark.vocabulary import CONTROL, HOLDOUT, TREATMENT

_ASSIGNED = (
    "contact_id",
    "customer_id",
    "product_id",
    "channel",
    "contact_time",
    "contacted",
    "contact_probability",
    "control_probability",
)


def finished_months(months: Iterable[date], month: date, params: MeasureParams) -> tuple[date, ...]:
    """The campaigns' months of which everything that counts was known when ``month`` began, oldest first."""
    return tuple(sorted(start for start in months if window_is_over(start, month, params)))


def assigned_targets(targets: DataFrame) -> DataFrame:
    """One row: one target that was not held out, with the stored probabilities of both arms that it could have had.

    Assignment counts, not whether a message arrived (intention to treat).

    Args:
        targets: ``mart.campaign_targets`` of months whose campaigns are finished.

    Returns:
        ``contact_id``, ``customer_id``, ``product_id``, ``channel``, ``contact_time`` (the month's first day),
        ``contacted``, ``contact_probability``, ``control_probability``.
    """
    assigned = targets.where(F.col("arm") != HOLDOUT)
    added = {
        "contact_id": F.concat_ws("/", F.col("month").cast("string"), "campaign_id", "customer_id"),
        "contact_time": F.to_timestamp("month"),
        "contacted": F.col("arm") == TREATMENT,
        "contact_probability": _stored_probability(1 - F.col("control_share")),
        "control_probability": _stored_probability(F.col("control_share")),
    }
    return assigned.withColumns(added).select(*_ASSIGNED)


def assigned_contacts(contacts: DataFrame, targets: DataFrame | None, month: date, params: MeasureParams) -> DataFrame:
    """One row: one delivered contact of a campaign that had controls, sent or kept back.

    The probability of contact is the share of the campaign that was sent, hold-out apart.

    Args:
        contacts: silver contacts; those whose window was not over before ``month`` are not read.
        targets: ``mart.campaign_targets``, whose campaigns are left out: their probabilities are stored.
        month: first day of the month that is decided.
        params: the window.

    Returns:
        The columns of ``assigned_targets``.
    """
    over = F.col("contact_time") < F.date_sub(F.lit(month), params.window_days)
    assigned = contacts.where(over & F.col("campaign_id").isNotNull() & F.col("arm").isin(TREATMENT, CONTROL))
    if targets is not None:
        assigned = assigned.join(F.broadcast(targets.select("campaign_id").distinct()), "campaign_id", "left_anti")
    contacted = F.col("arm") == TREATMENT
    share = F.avg(contacted.cast("double")).over(Window.partitionBy("campaign_id"))
    shared = assigned.withColumns(
        {"contacted": contacted, "contact_probability": share, "control_probability": 1 - share}
    )
    return shared.where((F.col("contact_probability") > 0) & (F.col("control_probability") > 0)).select(*_ASSIGNED)


def randomised_trials(
    assigned: DataFrame,
    interactions: DataFrame,
    products: DataFrame,
    profiles: DataFrame,
    month: date,
    params: MeasureParams,
) -> DataFrame:
    """One row: one customer who was contacted or kept back by chance, with what it took of the product in the window.

    Args:
        assigned: from ``assigned_targets`` and ``assigned_contacts``.
        interactions: silver interactions; nothing of ``month`` or later is read.
        products: ``product_id``, ``category``; contacts of another product are left out.
        profiles: ``month``, ``customer_id``, ``profile``; a contact of a customer without a profile is left out.
        month: first day of the month that is decided.
        params: the window, and which interactions bring money.

    Returns:
        The columns of ``models.uplift.trials``, and ``known_before``: whether the profile is from before the contact,
        as measuring, other than learning, needs it.
    """
    offered = assigned.join(F.broadcast(products.select("product_id", "category")), "product_id", "inner")
    brought = _brought(assigned, before(purchases(interactions, params), month), params.window_days)
    rows = profiles_at_contact(offered.join(brought, "contact_id", "left"), profiles)
    return rows.select(
        F.xxhash64("contact_id").alias("key"),
        F.xxhash64("customer_id").alias("customer_key"),
        F.xxhash64("contact_id").alias("decision"),
        "profile",
        "category",
        "channel",
        "contacted",
        "contact_probability",
        "control_probability",
        F.col("amount").isNotNull().cast("double").alias("taken"),
        F.coalesce(F.col("amount").cast("double"), F.lit(0.0)).alias("amount"),
        "known_before",
    )


def _brought(assigned: DataFrame, bought: DataFrame, window_days: int) -> DataFrame:
    """One row: a contact in whose window the customer took the product, with the ``amount``.

    The window is of whole days, the contact's among them, in both arms: where the bank dates purchases by the day, one
    of that day seems to come before the contact.
    """
    contacts = assigned.select("contact_id", "customer_id", "product_id", "contact_time")
    events = bought.select("customer_id", "product_id", "event_time", "amount")
    in_window = F.datediff("event_time", "contact_time").between(0, window_days - 1)
    pairs = contacts.join(events, ["customer_id", "product_id"], "inner").where(in_window)
    return pairs.groupBy("contact_id").agg(F.sum("amount").alias("amount"))


def _stored_probability(share: Column) -> Column:
    """Of an arm with this share of those who are not held out, from the stored probability of the row's own arm."""
    own_share = F.when(F.col("arm") == TREATMENT, 1 - F.col("control_share")).otherwise(F.col("control_share"))
    return F.col("probability") * share / own_share
