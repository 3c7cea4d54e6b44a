"""Explicit ratings predicted from similar customers or similar products (k nearest neighbours with means)."""

from pyspark.sql import DataFrame

Scale = tuple[float, float]


def predict_by_customers(train: DataFrame, test: DataFrame, k: int = 40, scale: Scale | None = None) -> DataFrame:
    """One row of ``test`` with ``prediction``: from how similar customers rated the product.

    Args:
        train: ``customer_index`` int, ``product_index`` int, ``rating`` double; a pair at most once.
        test: ``customer_index`` int, ``product_index`` int, any further columns; pairs that are not in ``train``.
        k: neighbours that count, at most.
        scale: lowest and highest rating; the range of ``train`` where it is None.
    """
    raise NotImplementedError


def predict_by_products(train: DataFrame, test: DataFrame, k: int = 40, scale: Scale | None = None) -> DataFrame:
    """One row of ``test`` with ``prediction``: from how the customer rated similar products; as above."""
    raise NotImplementedError
