"""The only reader and writer of Delta."""

from finrec_spark.warehouse.delta import Lake, Written

__all__ = ["Lake", "Written"]
