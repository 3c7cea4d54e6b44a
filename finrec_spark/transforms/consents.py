"""What customers said about messages, offers of their own and the use of their data, as it holds in a month."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.splits import before
from finrec_spark.vocabulary import CHANNELS, EVERY_CHANNEL, MARKETING, PERSONALISATION, PROFILING


def without_objectors(rows: DataFrame, consents: DataFrame | None, month: date) -> DataFrame:
    """The rows of customers who had not objected to profiling before ``month``: of others nothing is made or kept.

    Args:
        rows: ``customer_id`` and any other columns.
        consents: silver consents; None where the bank delivers none.

    >>> said = [("ann", "all", "profiling", False, "2022-05-31"), ("ben", "all", "profiling", False, "2022-06-01")]
    >>> consents = spark.createDataFrame(said,
    ...     "customer_id string, channel string, purpose string, consented boolean, valid_from string")
    >>> rows = spark.createDataFrame([("ann",), ("ben",), ("cem",)], "customer_id string")
    >>> without_objectors(rows, consents, date(2022, 6, 1)).orderBy("customer_id").show()
    +-----------+
    |customer_id|
    +-----------+
    |        ben|
    |        cem|
    +-----------+
    <BLANKLINE>
    """
    return rows if consents is None else rows.join(_refusing(consents, PROFILING, month), "customer_id", "left_anti")


def agreed_again(consents: DataFrame, since: date, month: date) -> DataFrame:
    """One row: ``customer_id`` of one who objected to profiling when ``since`` began, and not when ``month`` did."""
    objected, objecting = (_refusing(consents, PROFILING, day) for day in (since, month))
    return objected.join(objecting, "customer_id", "left_anti")


def without_personalisation(consents: DataFrame, month: date) -> DataFrame:
    """One row: ``customer_id`` of one who wants no offers chosen by what the bank knows of them.

    A refusal counts as soon as the bank knows it, whatever its day: nobody is contacted against it.
    """
    return _refused_in(_known(consents, PERSONALISATION, month))


def reachable_channels(consents: DataFrame, month: date) -> DataFrame:
    """One row: a customer and a channel over which messages may be sent in ``month``.

    The newest word on the channel counts, or on all channels where there is none on it; a refusal that is the newest
    word on all of them shuts every channel, as a suppression list does. Nobody is written to who never agreed, nor who
    objects to profiling. A refusal counts as soon as the bank knows it, also one of a day in the month.

    Args:
        consents: silver consents.

    Returns:
        ``customer_id``, ``channel``.

    >>> said = [("ann", "sms", True, "2022-01-01"), ("ben", "sms", True, "2022-01-01"),
    ...     ("ann", "app", True, "2022-01-01"), ("ann", "app", False, "2022-06-02"),
    ...     ("ben", "all", False, "2022-03-01")]
    >>> consents = spark.createDataFrame(said,
    ...     "customer_id string, channel string, consented boolean, valid_from string").withColumn("purpose",
    ...     F.lit("marketing"))
    >>> reachable_channels(consents, date(2022, 6, 1)).show()
    +-----------+-------+
    |customer_id|channel|
    +-----------+-------+
    |        ann|    sms|
    +-----------+-------+
    <BLANKLINE>
    """
    words = _known(consents, MARKETING, month)
    said = words.groupBy("customer_id").pivot("channel", [*CHANNELS, EVERY_CHANNEL]).agg(_newest_word())
    everywhere = F.col(EVERY_CHANNEL)
    open_channels = [
        F.when(F.coalesce(F.col(channel), everywhere) & F.coalesce(everywhere, F.lit(True)), F.lit(channel))
        for channel in CHANNELS
    ]
    agreed = said.join(_refused_in(_known(consents, PROFILING, month)), "customer_id", "left_anti")
    return agreed.select("customer_id", F.explode(F.array_compact(F.array(*open_channels))).alias("channel"))


def _known(consents: DataFrame, purpose: str, month: date) -> DataFrame:
    """What was said on the purpose before the month, and each refusal since."""
    counts = (F.col("valid_from") < F.lit(month)) | ~F.col("consented")
    return consents.where((F.col("purpose") == purpose) & counts)


def _refusing(consents: DataFrame, purpose: str, month: date) -> DataFrame:
    return _refused_in(before(consents, month, "valid_from").where(F.col("purpose") == purpose))


def _refused_in(words: DataFrame) -> DataFrame:
    """One row: ``customer_id`` of one whose newest word on any channel is a refusal."""
    newest = words.groupBy("customer_id", "channel").agg(_newest_word().alias("consented"))
    return newest.where(~F.col("consented")).select("customer_id").distinct()


def _newest_word() -> Column:
    """Of what was said on one day, the refusal stays (``screened_consents``), so days differ."""
    return F.max_by("consented", "valid_from")
