"""Values of whatever type as text: what a person would write, and nothing that the type alone brings in."""

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

_PLAIN_FROM, _PLAIN_BELOW = 1e-6, 1e15
_EXACT_DOUBLE, _EXACT_FLOAT = float(2**53), float(2**24)
INEXACT_KEY = "holds keys as floating numbers beyond the exact ones"
"""What the error of keys that were rounded says."""


def plain_text(column: Column, type_: T.DataType) -> Column:
    """The values of a type that Spark knows: lists with ``|`` between their parts, other nested values as JSON."""
    if isinstance(type_, T.TimestampType):
        return F.date_format(column, "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX")
    if isinstance(type_, T.DecimalType):
        return F.when(column == 0, F.lit("0")).otherwise(F.regexp_replace(column.cast("string"), r"\.0+$", ""))
    if isinstance(type_, T.ArrayType) and isinstance(type_.elementType, T.StringType):
        return F.concat_ws("|", column)
    if isinstance(type_, T.ArrayType | T.MapType | T.StructType):
        return F.to_json(column)
    return column.cast("string")


def number_text(column: Column, is_single: bool, key: str | None = None) -> Column:
    """A floating number without an exponent wherever 15 digits before and 18 after the point are enough; NaN is null.

    Whole numbers are written plainly up to where every one of them is exact, 2^53, or 2^24 in single precision.
    Single precision goes by its own shortest text, so that 7.1 stays 7.1.

    Args:
        column: of type double, or float where ``is_single``.
        is_single: whether it is in single precision.
        key: name of a column of keys: the query fails with ``INEXACT_KEY`` and this name where one was rounded.
    """
    shortest = column.cast("string")
    number = shortest.cast("double")
    size = F.abs(number)
    exact = F.lit(_EXACT_FLOAT if is_single else _EXACT_DOUBLE)
    whole = (F.rint(number) == number) & (size < F.lit(_EXACT_DOUBLE))
    fixed = F.regexp_replace(number.cast("decimal(38,18)").cast("string"), r"0+$", "")
    plain = (size >= _PLAIN_FROM) & (size < _PLAIN_BELOW) & (fixed.cast("double") == number)  # no digit is lost
    text = F.when(whole, number.cast("bigint").cast("string")).when(plain, fixed).otherwise(shortest)
    if key is not None:
        rounded = F.raise_error(F.lit(f"{key} {INEXACT_KEY}")).cast("string")
        text = F.when(size >= exact, rounded).otherwise(text)
    return F.when(~F.isnan(column), text)


def uuid_text(column: Column) -> Column:
    """The usual text of a UUID's 16 bytes."""
    return F.regexp_replace(F.lower(F.hex(column)), "^(.{8})(.{4})(.{4})(.{4})(.{12})$", "$1-$2-$3-$4-$5")


def binary_text(column: Column) -> Column:
    """The text of bytes that are UTF-8, else their hexadecimal digits."""
    text = F.decode(column, "UTF-8")
    return F.when(F.encode(text, "UTF-8") == column, text).otherwise(F.hex(column))


def nanosecond_text(column: Column, is_local: bool) -> Column:
    """Nanoseconds since 1970 as ISO 8601, cut to microseconds; with the zone unless the time is a local one."""
    micros = F.floor(column / F.lit(1000).cast("decimal(4,0)"))
    if not is_local:
        return plain_text(F.timestamp_micros(micros.cast("bigint")), T.TimestampType())
    return _since_epoch(micros.cast("decimal(38,0)"), 10**6).cast("string")


def clock_text(column: Column, units: int) -> Column:
    """A time of day, counted in so many units a second, as ``HH:MM:SS.fff``."""
    return F.substring(_since_epoch(column.cast("decimal(20,0)"), units).cast("string"), 12, 15)


def _since_epoch(count: Column, units: int) -> Column:
    seconds = (count / F.lit(units).cast("decimal(10,0)")).cast("decimal(18,6)")
    nothing = F.lit(0)
    return F.lit("1970-01-01").cast("timestamp_ntz") + F.make_dt_interval(nothing, nothing, nothing, seconds)
