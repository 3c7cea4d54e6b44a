"""The only reader and writer of Delta."""

from finrec_spark.warehouse.lake import Lake

__all__ = ["Lake"]
