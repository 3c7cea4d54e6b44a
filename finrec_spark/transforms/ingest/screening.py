"""Bronze → silver: each delivered row is typed, or rejected with all its faults.

Each function takes what was landed, in the columns of its landing table (those that were not delivered may be
missing) and perhaps ``malformed``, and gives every row back once, in ``Screened.valid`` or in ``Screened.rejected``.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.tables import (
    LANDING_CONSENTS,
    LANDING_CONTACTS,
    LANDING_CUSTOMERS,
    LANDING_INTERACTIONS,
    LANDING_PRODUCTS,
    LANDING_RESPONSES,
)
from finrec_spark.transforms.ingest.faults import (
    Identity,
    Screened,
    as_delivered,
    fault,
    screen,
    typed,
    unknown_fault,
    with_known,
)
from finrec_spark.transforms.ingest.parsing import (
    Parsed,
    needed,
    or_default,
    parsed_amount,
    parsed_choice,
    parsed_currency,
    parsed_day,
    parsed_last_day,
    parsed_list,
    parsed_map,
    parsed_rating,
    parsed_risk_level,
    parsed_text,
    parsed_time,
    parsed_whole_number,
    parsed_word,
    parsed_yes_or_no,
)
from finrec_spark.vocabulary import (
    ACCEPTED,
    ARMS,
    CHANNELS,
    DECLINED,
    EVERY_CHANNEL,
    MARKETING,
    PURPOSES,
    RESPONSES,
    TREATMENT,
)

_EVENT_CONTENT = ("customer_id", "product_id", "event_type", "event_time", "value")


def screened_customers(landed: DataFrame) -> Screened:
    """One row: one delivered customer row.

    Valid rows: ``customer_id``, ``valid_from`` (null where it was not delivered: ``customer_versions`` decides),
    ``risk_level``, ``profile``. Key: customer and ``valid_from``.
    """
    return screen(
        as_delivered(landed, LANDING_CUSTOMERS),
        LANDING_CUSTOMERS,
        {
            "customer_id": _id("customer_id"),
            "valid_from": parsed_day("valid_from"),
            "risk_level": parsed_risk_level(),
            "profile": parsed_map("extra"),
        },
        Identity(key=("customer_id", "valid_from")),
    )


def screened_products(landed: DataFrame) -> Screened:
    """One row: one delivered product row; valid rows as ``silver.products``.

    ``valid_from`` is null where it was not delivered (``products.dated_products`` decides); category is in lower case.
    """
    return screen(
        as_delivered(landed, LANDING_PRODUCTS),
        LANDING_PRODUCTS,
        {
            "product_id": _id("product_id"),
            "category": needed(parsed_word("category")),
            "name": needed(parsed_text("name")),
            "text": parsed_text("text"),
            "tags": parsed_list("tags"),
            "risk_level": parsed_risk_level(),
            "price": parsed_amount("price"),
            "valid_from": parsed_day("valid_from"),
            "valid_to": parsed_last_day("valid_to"),
            "attributes": parsed_map("extra"),
        },
        Identity(key=("product_id",)),
        row_faults=[fault(typed("valid_to") < typed("valid_from"), "valid_to is before valid_from")],
    )


def screened_interactions(landed: DataFrame, products: DataFrame, customers: DataFrame) -> Screened:
    """One row: one delivered event; valid rows as ``silver.interactions``.

    Where ``event_id`` is missing it is made from customer, product, type, time and value and from the event's
    number among equal ones, so real repeats stay and a second delivery gives the same IDs. A delivered
    ``event_id`` must be unique: the earliest event stays.

    Args:
        landed: the delivered events.
        products: ``product_id`` of every known product; small, it is broadcast.
        customers: ``customer_id`` of every known customer; repeats do no harm.
    """
    return screen(
        _with_customers_and_products(as_delivered(landed, LANDING_INTERACTIONS), products, customers),
        LANDING_INTERACTIONS,
        {
            "event_id": parsed_text("event_id"),
            "customer_id": _id("customer_id"),
            "product_id": _id("product_id"),
            "event_type": needed(parsed_word("event_type")),
            "event_time": needed(parsed_time("event_time")),
            "value": parsed_amount("value"),
            "rating": parsed_rating("value"),
            "currency": parsed_currency(),
            "fold": parsed_whole_number("fold"),
        },
        Identity(key=("event_id",), content=_EVENT_CONTENT, first=("event_time",)),
        row_faults=_unknown_customer_or_product(),
        derived={"event_month": F.trunc(typed("event_time"), "month")},
    )


def screened_consents(landed: DataFrame, customers: DataFrame) -> Screened:
    """One row: one delivered word on a purpose and channel; valid rows as ``silver.consents``.

    Of two words on the same and one day, the refusal stays. A missing ``valid_from`` is 1900-01-01, a missing
    ``purpose`` is ``marketing``.
    """
    return screen(
        with_known(as_delivered(landed, LANDING_CONSENTS), customers, "customer_id"),
        LANDING_CONSENTS,
        {
            "customer_id": _id("customer_id"),
            "channel": needed(parsed_choice("channel", (*CHANNELS, EVERY_CHANNEL))),
            "purpose": or_default(parsed_choice("purpose", PURPOSES), F.lit(MARKETING)),
            "consented": needed(parsed_yes_or_no("consented")),
            "valid_from": _since_ever("valid_from"),
        },
        Identity(key=("customer_id", "channel", "purpose", "valid_from"), first=("consented",)),
        row_faults=[unknown_fault("customer_id", "customer")],
    )


def screened_contacts(landed: DataFrame, products: DataFrame, customers: DataFrame) -> Screened:
    """One row: one delivered contact; valid rows as ``silver.contacts``. A missing ``arm`` is ``treatment``."""
    return screen(
        _with_customers_and_products(as_delivered(landed, LANDING_CONTACTS), products, customers),
        LANDING_CONTACTS,
        {
            "contact_id": _id("contact_id"),
            "customer_id": _id("customer_id"),
            "product_id": _id("product_id"),
            "channel": needed(parsed_choice("channel", CHANNELS)),
            "contact_time": needed(parsed_time("contact_time")),
            "campaign_id": parsed_text("campaign_id"),
            "arm": or_default(parsed_choice("arm", ARMS), F.lit(TREATMENT)),
        },
        Identity(key=("contact_id",)),
        row_faults=_unknown_customer_or_product(),
    )


def screened_responses(landed: DataFrame, contacts: DataFrame) -> Screened:
    """One row: one delivered answer to a contact; valid rows as ``silver.campaign_responses``.

    An answer without a time is taken for one of the contact's moment, the earliest that it can be of. That there was
    none keeps no time: it is known of no day.

    Args:
        landed: the delivered answers.
        contacts: ``contact_id`` and ``contact_time`` of every known contact.
    """
    at_contact = F.when(F.lower("response").isin(ACCEPTED, DECLINED), F.col("contact_time"))
    return screen(
        with_known(as_delivered(landed, LANDING_RESPONSES), contacts, "contact_id", "contact_time"),
        LANDING_RESPONSES,
        {
            "contact_id": _id("contact_id"),
            "response": needed(parsed_choice("response", RESPONSES)),
            "response_time": or_default(parsed_time("response_time"), at_contact),
            "value": parsed_amount("value"),
            "currency": parsed_currency(),
        },
        Identity(key=("contact_id",)),
        row_faults=[unknown_fault("contact_id", "contact")],
    )


def _id(name: str) -> Parsed:
    return needed(parsed_text(name))


def _since_ever(name: str) -> Parsed:
    return or_default(parsed_day(name), F.lit("1900-01-01").cast("date"))


def _with_customers_and_products(delivered: DataFrame, products: DataFrame, customers: DataFrame) -> DataFrame:
    with_products = with_known(delivered, F.broadcast(products), "product_id")
    return with_known(with_products, customers, "customer_id")


def _unknown_customer_or_product() -> list[Column]:
    return [unknown_fault("product_id", "product"), unknown_fault("customer_id", "customer")]
