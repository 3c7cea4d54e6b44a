"""The customers' history: each version of a profile holds from a day on, until the next one."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.columns import CUSTOMER_ID
from finrec_spark.tables import CUSTOMERS

ALWAYS = date(1900, 1, 1)
_KNOWN, _UNDATED, _DATED = 0, 1, 2  # the later wins a day that two rows claim
_EVERYONE = "all"


def customer_versions(known: DataFrame | None, landed: DataFrame, month: date) -> DataFrame:
    """One row: one version of one customer's profile, as ``silver.customers``.

    What was known stays. A delivered ``valid_from`` is believed, and replaces what was known of that day. A row
    without one holds

    - from 1900-01-01, in the first delivery, and where the delivery dates other rows of the customer;
    - else from the eve of ``month``, where the customer is new or differs from the newest version known before: what a
      later delivery brings was not known in earlier months;
    - else it says nothing new.

    Consecutive equal versions are one. The same delivery a second time changes nothing.

    Args:
        known: ``silver.customers`` so far; None or empty at first.
        landed: ``customer_id``, ``valid_from`` (date or null), ``risk_level``, ``profile`` with ordered keys
            (``screened_customers``); at most one row a customer and ``valid_from``.
        month: first day of the month that the delivery is for.

    >>> columns = "customer_id string, valid_from date, risk_level int, profile map<string,string>"
    >>> may = spark.createDataFrame([("ann", None, 2, {"segment": "retail"})], columns)
    >>> june = spark.createDataFrame([("ann", None, 3, {"segment": "retail"})], columns)
    >>> known = customer_versions(None, may, date(2022, 5, 1))
    >>> customer_versions(known, june, date(2022, 6, 1)).drop("profile").orderBy("valid_from").show()
    +-----------+----------+----------+----------+
    |customer_id|valid_from|  valid_to|risk_level|
    +-----------+----------+----------+----------+
    |        ann|1900-01-01|2022-05-30|         2|
    |        ann|2022-05-31|      NULL|         3|
    +-----------+----------+----------+----------+
    <BLANKLINE>
    """
    is_first = known is None or known.isEmpty()
    claims = _claims(known, landed).withColumn("content", _content())
    dated = claims.withColumn("valid_from", _day(month, is_first)).where(F.col("valid_from").isNotNull())
    of_customer = Window.partitionBy("customer_id").orderBy("valid_from")
    overruled = F.lead("valid_from").over(of_customer.orderBy("valid_from", "claim")).eqNullSafe(F.col("valid_from"))
    repeated = F.lag("content").over(of_customer).eqNullSafe(F.col("content"))
    return (
        dated.withColumn("overruled", overruled)
        .where(~F.col("overruled"))
        .withColumn("repeated", repeated)
        .where(~F.col("repeated"))
        .withColumn("valid_to", F.date_sub(F.lead("valid_from").over(of_customer), 1))
        .select(*CUSTOMERS.column_names)
    )


def customers_as_of(customers: DataFrame, month: date) -> DataFrame:
    """One row: one customer known before ``month``, as it was then.

    Reads ``silver.customers``, whose versions follow each other without overlap (``customer_versions``), so the
    version of a day is found without a shuffle.

    Returns:
        ``customer_id``, ``risk_level`` (null: not known), ``profile``, ``segment`` (``all`` where the profile has
        none).
    """
    eve = F.lit(month - timedelta(days=1))
    began = F.col("valid_from") <= eve
    holds = F.col("valid_to").isNull() | (F.col("valid_to") >= eve)
    segment = F.coalesce(F.col("profile")["segment"], F.lit(_EVERYONE)).alias("segment")
    return customers.where(began & holds).select(CUSTOMER_ID.name, "risk_level", "profile", segment)


def _claims(known: DataFrame | None, landed: DataFrame) -> DataFrame:
    """What was known and what was delivered, one below the other."""
    columns = ["customer_id", "valid_from", "risk_level", "profile"]
    claim = F.when(F.col("valid_from").isNull(), _UNDATED).otherwise(_DATED).alias("claim")
    delivered = landed.select(*columns, claim)
    if known is None:
        return delivered
    return known.select(*columns, F.lit(_KNOWN).alias("claim")).unionByName(delivered)


def _content() -> Column:
    """Risk level and profile as one string, to be compared."""
    return F.to_json(F.struct("risk_level", F.array_sort(F.map_entries("profile")).alias("profile")))


def _day(month: date, is_first: bool) -> Column:
    """The day from which a claim holds; null for an undated one that says nothing new."""
    customer = Window.partitionBy("customer_id")
    known_before = (F.col("claim") == _KNOWN) & (F.col("valid_from") < F.lit(month))
    newest = F.max_by("content", F.when(known_before, F.col("valid_from"))).over(customer)
    delivery_is_dated = F.max(F.col("claim") == _DATED).over(customer)
    undated = (
        F.when(F.lit(is_first) | delivery_is_dated, F.lit(ALWAYS))
        .when(~newest.eqNullSafe(F.col("content")), F.lit(month - timedelta(days=1)))
        .otherwise(F.lit(None).cast("date"))
    )
    return F.when(F.col("claim") == _UNDATED, undated).otherwise(F.col("valid_from"))
