"""The only reader and writer of Delta."""

from finrec_spark.warehouse.delta import Lake

__all__ = ["Lake"]
