"""Similarity of what products are: category, tags, risk, price, further attributes and text.

A customer who showed interest in low-risk investments is offered other low-risk investments, those that nobody has
taken yet included: a similarity needs no history of the product that it recommends.

Cold start: a product that nobody has is scored by what it is; a customer without history scores 0.

Every product is one vector of blocks. A block is scaled to length 1 and then by √weight, so the similarity of two
products that have every block is the weighted mean of the blocks' cosines. A block that a product lacks is 0 and
leaves the others more to say.

- category, tags, attributes: one feature a value; an attribute value that only one product has is common to none.
- risk: a thermometer read from both ends, its cosine falls evenly from 1 (same level) to 0 (levels 1 and 5).
- price: a window over log bins, its cosine falls evenly to 0 at 16 times the price.
- text: name, text and the attributes named as texts, TF-IDF weighted as (1 + ln tf) · (ln((1 + P) / (1 + df)) + 1)
  (Salton, Buckley 1988); words of alphabetic scripts, bigrams of Chinese characters. Nothing is downloaded.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer, neighbour_scorer
from finrec_spark.models.neighbours.similarity import (
    SimilarityParams,
    SimilarPairs,
    aligned,
    entry_rows,
    nearest,
    row_blocks,
    values_at,
)
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.params import Between, Params
from finrec_spark.tables import INTERACTIONS, PRODUCT_INDEX_TABLE, PRODUCT_NEIGHBOURS, PRODUCTS
from finrec_spark.transforms.ids import known_before
from finrec_spark.transforms.letters import folded
from finrec_spark.transforms.splits import before

REASON = "similar_content"

RISK_LEVELS = 5
_NOTHING = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
PRICE_WINDOW = 4  # doublings of the price until nothing is in common

_HAN = r"\p{IsHan}"
_WORD = rf"[\p{{L}}\p{{M}}&&[^{_HAN}]]{{2,}}"
_BIGRAM = rf"(?=({_HAN}{{2}}))"  # a look ahead takes nothing, so bigrams overlap


Weight = Annotated[float, Between(0.0, 3.0)]


class ContentWeights(Params):
    """How much each block of a product's features counts, relative to the others; 0 leaves it out."""

    category: Weight = Field(1.0, ge=0, description="Product category")
    tags: Weight = Field(1.0, ge=0, description="Tags")
    risk: Weight = Field(1.0, ge=0, description="Risk level; near levels are similar")
    price: Weight = Field(0.5, ge=0, description="Price; near prices, on a log scale, are similar")
    attributes: Weight = Field(0.5, ge=0, description="Further delivered columns, by equal value")
    text: Weight = Field(1.0, ge=0, description="Words of name and description")


class ContentParams(SimilarityParams):
    """Parameters of ``content``; ``over`` is not read."""

    weights: ContentWeights = ContentWeights()
    text_attributes: str = Field("^(name|text)_", description="Pattern of further columns that are read as text")


def fit(inputs: FitInputs, params: ContentParams) -> DataFrame:
    """Neighbours of every product that was known before the month, as ``content_neighbours``."""
    products = inputs.read(PRODUCTS)
    known = known_before(inputs.month, products, before(inputs.read(INTERACTIONS), inputs.month), "product_id")
    return content_neighbours(products.join(known, "product_id", "left_semi"), inputs.product_ids, params)


def content_neighbours(products: DataFrame, product_ids: Sequence[str], params: ContentParams) -> DataFrame:
    """One row: one of the most similar products of one product (``model.product_neighbours``, less month and model).

    The product's own history is not read. Ties of similarity by ``neighbour_id``; similarities are rounded to 1e-9.

    Args:
        products: silver products that were known before the month.
        product_ids: product IDs by position; a product that is not among them is left out.

    Returns:
        ``product_id``, ``neighbour_id``, ``similarity`` in (0, 1], ``support`` (features in common).
    """
    rows = collect_features(product_features(products, params))
    rows = rows[rows["product_id"].isin(product_ids)]
    ids = sorted(
        rows["product_id"].unique()
    )  # known ones alone, or what came later would count as a text without words
    vectors = block_vectors(rows, ids, params.weights)
    pairs = similar_rows(vectors, params)
    found = pd.DataFrame(
        {
            "product_id": np.array(ids, dtype=object)[pairs.left],
            "neighbour_id": np.array(ids, dtype=object)[pairs.right],
            "similarity": pairs.similarity,
            "support": pairs.support.astype(np.int64),
        }
    )
    schema = "product_id string, neighbour_id string, similarity double, support bigint"
    return products.sparkSession.createDataFrame(found, schema)


def scorer(neighbours: DataFrame, inputs: ScorerInputs, params: ContentParams) -> NeighbourScorer:
    """Scores by the fitted rows: Σ similarity · value over a product's neighbours in the history."""
    return neighbour_scorer(neighbours, inputs.product_ids, params, REASON)


def product_features(products: DataFrame, params: ContentParams) -> DataFrame:
    """One row: how often one product has one feature of one block.

    Returns:
        ``product_id``, ``block`` (a field of ``ContentWeights``), ``feature``, ``times`` (bigint).

    >>> products = spark.sql("SELECT 'a' product_id, 'fund' category, 'Safe fund' name, '安心基金' text,"
    ...     " array() tags, 1 risk_level, 9.00 price, map('sector', 'gold') attributes")
    >>> rows = product_features(products, ContentParams()).where("block not in ('risk', 'price')")
    >>> rows.orderBy("block", "feature").show()
    +----------+----------+-----------+-----+
    |product_id|     block|    feature|times|
    +----------+----------+-----------+-----+
    |         a|attributes|sector=gold|    1|
    |         a|  category|       fund|    1|
    |         a|      text|       fund|    1|
    |         a|      text|       safe|    1|
    |         a|      text|         基金|    1|
    |         a|      text|         安心|    1|
    |         a|      text|         心基|    1|
    +----------+----------+-----------+-----+
    <BLANKLINE>
    """
    blocks = {
        "category": F.array("category"),
        "tags": F.array_distinct("tags"),
        "risk": _thermometer(F.col("risk_level")),
        "price": _window(F.col("price")),
        "attributes": _equal_values(params),
        "text": _tokens(_texts(params)),
    }
    of_block = [F.struct(F.lit(block).alias("block"), values.alias("values")) for block, values in blocks.items()]
    of_products = products.select("product_id", F.inline(F.array(*of_block)))
    rows = of_products.select("product_id", "block", F.explode("values").alias("feature")).where("feature IS NOT NULL")
    return rows.groupBy("product_id", "block", "feature").agg(F.count("*").alias("times"))


def collect_features(features: DataFrame) -> pd.DataFrame:
    """Rows of ``product_features``, in no order; as many as the products have features."""
    rows: pd.DataFrame = features.toPandas()
    return rows


def block_vectors(features: pd.DataFrame, product_ids: Sequence[str], weights: ContentWeights) -> csr_matrix:
    """The products' vectors, P × features: each block of length √weight, the whole of length 1 (0 without features).

    Args:
        features: rows of ``product_features``, in any order.
        product_ids: the matrix's rows.
        weights: a block of weight 0 is left out.
    """
    weight = features["block"].map(weights.model_dump()).to_numpy(np.float64)
    rows = features[weight > 0].sort_values(["product_id", "block", "feature"])  # one order of every sum
    product = pd.Index(product_ids).get_indexer(rows["product_id"])
    feature = rows.groupby(["block", "feature"]).ngroup().to_numpy()
    block = rows.groupby(["product_id", "block"]).ngroup().to_numpy()
    amount = _amounts(rows, feature, len(product_ids))
    length = np.sqrt(np.bincount(block, amount * amount))
    scaled = amount / length[block] * np.sqrt(rows["block"].map(weights.model_dump()).to_numpy(np.float64))
    whole = np.sqrt(np.bincount(product, scaled * scaled, minlength=len(product_ids)))
    width = int(feature.max()) + 1 if feature.size else 0
    return csr_matrix((scaled / whole[product], (product, feature)), shape=(len(product_ids), width))


def similar_rows(vectors: csr_matrix, params: SimilarityParams) -> SimilarPairs:
    """The most similar other rows of every row, nearest first, ties by the lower row.

    Args:
        vectors: rows of length 1, nothing negative.
        params: ``neighbours``, ``minimum_support`` and ``shrinkage`` are read.
    """
    others = vectors.T.tocsr()
    mask, mask_of_others = _mask(vectors), _mask(others)
    parts = [_nearest_of(part, vectors, others, mask, mask_of_others, params) for part in row_blocks(vectors, others)]
    found = [part for part in parts if part[0].size] or [_NOTHING]
    left, right, similarity, support = (np.concatenate(column) for column in zip(*found, strict=True))
    return SimilarPairs(left, right, similarity, support)


def _nearest_of(
    part: tuple[int, int],
    vectors: csr_matrix,
    others: csr_matrix,
    mask: csr_matrix,
    mask_of_others: csr_matrix,
    params: SimilarityParams,
) -> tuple[Ints, Ints, Floats, Floats]:
    rows = slice(*part)
    support = mask[rows] @ mask_of_others
    left, right = entry_rows(support) + part[0], support.indices.astype(np.int64)
    similarity = np.minimum(aligned(vectors[rows] @ others, support), 1.0)
    shrunk = (similarity * (support.data / (support.data + params.shrinkage))).round(9)
    kept = (left != right) & (support.data >= params.minimum_support) & (shrunk > 0)
    left, right, shrunk = nearest(left[kept], right[kept], shrunk[kept], params.neighbours)
    return left, right, shrunk, values_at(support, left - part[0], right) if left.size else shrunk


def _mask(matrix: csr_matrix) -> csr_matrix:
    return csr_matrix((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)


def _amounts(rows: pd.DataFrame, feature: Ints, n_products: int) -> Floats:
    """TF-IDF of the text's tokens, 1 for every other feature."""
    found_in = np.bincount(feature)[feature]
    rarity = np.log((1 + n_products) / (1 + found_in)) + 1
    amount = (1 + np.log(rows["times"].to_numpy(np.float64))) * rarity
    return np.where(rows["block"] == "text", amount, 1.0)


def _thermometer(level: Column) -> Column:
    """For every step up to 5 whether the level has reached it: two levels agree on 4 less their distance."""
    steps = range(2, RISK_LEVELS + 1)
    return F.when(level.isNotNull(), F.array(*[F.concat(F.lit(f"{s}"), (level >= s).cast("string")) for s in steps]))


def _window(price: Column) -> Column:
    first = F.floor(F.log2(price.cast("double") + 1))
    places = F.transform(F.sequence(first, first + PRICE_WINDOW - 1), lambda place: place.cast("string"))
    return F.when(price.isNotNull(), places)


def _equal_values(params: ContentParams) -> Column:
    kept = F.map_filter("attributes", lambda name, _: ~name.rlike(params.text_attributes))
    return F.transform(F.map_entries(kept), lambda entry: F.concat(entry["key"], F.lit("="), entry["value"]))


def _texts(params: ContentParams) -> Column:
    further = F.map_values(F.map_filter("attributes", lambda name, _: name.rlike(params.text_attributes)))
    return F.concat_ws(" ", "name", "text", further)


def _tokens(text: Column) -> Column:
    lowered = folded(text)
    found = [
        F.regexp_extract_all(lowered, F.lit(_WORD), F.lit(0)),
        F.regexp_extract_all(lowered, F.lit(_BIGRAM), F.lit(1)),
    ]
    return F.concat(*found)


SPEC = ModelSpec(
    name="content",
    table=PRODUCT_NEIGHBOURS,
    params=ContentParams,
    step="train_content",
    reads=(PRODUCTS, INTERACTIONS, PRODUCT_INDEX_TABLE),
    scorer=scorer,
    fit=fit,
)
