"""What a sequence says of an event, as small whole numbers from 1; 0 stays free for padding."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from finrec_spark.transforms.matrix import MatrixParams

_NONE = 1  # bucket of what is not there


def event_type_code(rules: MatrixParams) -> Column:
    """The type's place in the configuration, from 1; every other type has the one after the last.

    >>> rows = spark.createDataFrame([("open",), ("buy",), ("hummed",)], "event_type string")
    >>> rows.select("event_type", event_type_code(MatrixParams()).alias("code")).show()
    +----------+----+
    |event_type|code|
    +----------+----+
    |      open|   1|
    |       buy|   2|
    |    hummed|   9|
    +----------+----+
    <BLANKLINE>
    """
    names = list(rules.events)
    place = F.call_function("array_position", F.array(*map(F.lit, names)), F.col("event_type")).cast("int")
    return F.when(place > 0, place).otherwise(F.lit(len(names) + 1))


def amount_bucket(rules: MatrixParams, most: int) -> Column:
    """1 where there is no value, 2 below 1, then a bucket for each doubling; a rating r has 2 + r, rounded.

    >>> rows = spark.createDataFrame([(None,), (0.5,), (1.0,), (3.0,), (4.0,), (1e12,)], "value double")
    >>> rows = rows.withColumn("event_type", F.lit("buy"))
    >>> rows.select("value", amount_bucket(MatrixParams(), 32).alias("bucket")).show()
    +------+------+
    | value|bucket|
    +------+------+
    |  NULL|     1|
    |   0.5|     2|
    |   1.0|     3|
    |   3.0|     4|
    |   4.0|     5|
    |1.0E12|    32|
    +------+------+
    <BLANKLINE>
    """
    value = F.col("value").cast("double")
    doublings = F.when(value < 1, F.lit(0)).otherwise(_binary_digits(F.floor(value)))
    bucket = F.when(_is_rating(rules), F.round(value).cast("int")).otherwise(doublings) + _NONE + 1
    return _within(bucket, most)


def gap_bucket(day: Column, day_before: Column, most: int) -> Column:
    """1 for a first event, 2 for the same day as the event before, 3 for the next day, then a bucket a doubling."""
    return _within(_binary_digits((day - day_before + 1).cast("long")) + _NONE, most)


def explicit_rating(rules: MatrixParams) -> Column:
    """The event's rating where it is an explicit one, else null."""
    return F.when(_is_rating(rules), F.col("rating").cast("float"))


def is_opening(rules: MatrixParams) -> Column:
    """Whether the event starts ownership."""
    return F.col("event_type").isin(list(rules.opening_types))


def is_ownership(rules: MatrixParams) -> Column:
    """Whether the event starts or ends ownership."""
    return F.col("event_type").isin([*rules.opening_types, *rules.closing_types])


def _is_rating(rules: MatrixParams) -> Column:
    return F.col("event_type").isin(list(rules.rating_types))


def _within(bucket: Column, most: int) -> Column:
    return F.least(F.coalesce(bucket, F.lit(_NONE)), F.lit(most))


def _binary_digits(number: Column) -> Column:
    """1 for 1, 2 for 2 and 3, 3 for 4 to 7 …: exact, where a logarithm may fall short of a whole number."""
    return F.length(F.bin(number))
