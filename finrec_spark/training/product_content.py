"""Texts, series and product rows → what the network knows of products besides their history."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.training.product_arrays import Floats, ProductContent
from finrec_spark.transforms.sequences.product_series import SPANS

_FIGURES = ("price", "change", "rate", "buys", "sells", "holders", "amount")
_RARE = 2  # products that a tag needs: one that stands alone teaches nothing of others


def collect_content(
    texts: DataFrame,
    vectors: DataFrame,
    series: DataFrame,
    products: DataFrame,
    known: DataFrame,
    product_ids: Sequence[str],
    ages: int,
) -> ProductContent:
    """The products' content, by position: as many rows as the bank has products, and its texts tokens.

    Args:
        texts: one month of ``gold.product_text``.
        vectors: the same month of ``gold.token_vectors``.
        series: the same month of ``gold.product_series``.
        products: silver products.
        known: ``product_id`` of those with a history.
        product_ids: product IDs by position.
        ages: months whose figures are wanted: those before the decided one, and before each month before it.
    """
    vocabulary = pd.DataFrame(vectors.select("token", "vector").orderBy("token").toPandas())
    history = {row["product_id"] for row in known.select("product_id").distinct().collect()}
    tokens, embedded = text_arrays(_collect_lists(texts, F.col("tokens")), vocabulary, product_ids)
    return ProductContent(
        tokens=tokens,
        vectors=embedded,
        tags=tag_array(_collect_lists(products, _tags()), product_ids),
        figures=standardised(_collect_lists(series, _figures(ages)), product_ids, ages),
        known=np.array([product_id in history for product_id in product_ids], dtype=bool),
    )


def collect_tokens(vectors: DataFrame) -> list[str]:
    """The tokens in the order of their numbers in ``ProductContent``; the first has number 1."""
    return [row["token"] for row in vectors.select("token").orderBy("token").collect()]


def text_arrays(
    tokens: pd.Series, vocabulary: pd.DataFrame, product_ids: Sequence[str]
) -> tuple[NDArray[np.int64], Floats]:
    """Tokens by number, P × N (0 is padding), and the vector that each starts from, V + 1 × D (row 0 is 0).

    A token without a vector is left out; N is 1 at least.

    >>> vocabulary = pd.DataFrame({"token": ["gold", "loan"], "vector": [[1.0], [2.0]]})
    >>> text_arrays(pd.Series({"b": ["loan", "gold", "of"]}), vocabulary, ["a", "b"])[0]
    array([[0, 0],
           [2, 1]])
    """
    number = {token: place for place, token in enumerate(vocabulary["token"], start=1)}
    texts = [[number[t] for t in tokens.get(product_id, ()) if t in number] for product_id in product_ids]
    placed = np.zeros((len(texts), max([1, *map(len, texts)])), dtype=np.int64)
    for place, text in enumerate(texts):
        placed[place, : len(text)] = text
    learned = np.array(vocabulary["vector"].tolist(), dtype=np.float32)
    return placed, np.vstack([np.zeros((1, learned.shape[1]), dtype=np.float32), learned])


def tag_array(tags: pd.Series, product_ids: Sequence[str]) -> Floats:
    """P × K, 1 where the product has the tag; tags of fewer than two products are left out."""
    counts = tags.explode().value_counts()
    kept = pd.Index(sorted(counts[counts >= _RARE].index))
    found = np.zeros((len(product_ids), len(kept)), dtype=np.float32)
    for place, product_id in enumerate(product_ids):
        positions = kept.get_indexer(pd.Index(list(tags.get(product_id, ())), dtype=object))
        found[place, positions[positions >= 0]] = 1.0
    return found


def standardised(figures: pd.Series, product_ids: Sequence[str], ages: int) -> Floats:
    """A × P × S: signed logarithms, each column of mean 0 and deviation 1 over the products that have it; else 0.

    Args:
        figures: A lists of S figures for each product ID, NaN where one is not known.
    """
    width = max([0, *(len(of_age) for rows in figures for of_age in rows)])
    nothing = np.full((ages, width), np.nan)
    rows = [np.array(list(figures.get(p, nothing)), dtype=np.float64).reshape(ages, width) for p in product_ids]
    values = np.stack(rows, axis=1)
    known = np.isfinite(values)
    logs = np.where(known, np.sign(values) * np.log1p(np.abs(values)), 0.0)
    number = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = np.where(known, logs - logs.sum(axis=1, keepdims=True) / number, 0.0)
    deviation = np.sqrt((centred**2).sum(axis=1, keepdims=True) / number)
    return (centred / np.where(deviation > 0, deviation, 1.0)).astype(np.float32)


def _tags() -> Column:
    """Category, tags and risk level as words that cannot be mistaken for each other."""
    risk = F.concat(F.lit("risk="), F.col("risk_level").cast("string"))
    category = F.concat(F.lit("category="), "category")
    return F.array_compact(F.concat(F.array(category, risk), F.array_distinct("tags")))


def _figures(ages: int) -> Column:
    """For each age, each figure's mean over the newest months then (``SPANS``), NaN where it was never known."""
    newest_first = F.reverse("series")

    def of_age(age: Column) -> Column:
        return F.array(*[_mean(newest_first, figure, age, months) for figure in _FIGURES for months in SPANS])

    return F.transform(F.sequence(F.lit(0), F.lit(ages - 1)), of_age)


def _mean(newest_first: Column, figure: str, age: Column, months: int) -> Column:
    of_months = F.slice(newest_first, age + 1, F.lit(months))
    known = F.filter(F.transform(of_months, lambda row: row[figure].cast("double")), lambda value: value.isNotNull())
    total = F.aggregate(known, F.lit(0.0), lambda sum_, value: sum_ + value)
    return F.when(F.size(known) > 0, total / F.size(known)).otherwise(float("nan"))


def _collect_lists(rows: DataFrame, values: Column) -> pd.Series:
    """A list a product, by ID."""
    found = pd.DataFrame(rows.select("product_id", values.alias("values")).toPandas())
    return found.set_index("product_id")["values"]
