"""Product texts → tokens and vectors, with Spark NLP: the only module that uses it.

DocumentAssembler → DocumentNormalizer → Tokenizer → Word2VecApproach → SentenceEmbeddings, trained on the bank's own
texts; nothing pretrained is fetched. What is not ours to configure stands in ``_spaced``: Spark NLP has no trained
segmenter for Chinese without a download, so each Han character is a token, and Greek words meet with and without
their accents, as capitals are written without.

Spark NLP is imported where it is first used, so that jobs which need no text import this module without it.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import Field
from pyspark.errors import IllegalArgumentException
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import ConfigError, DataQualityError
from finrec_spark.params import Params
from finrec_spark.transforms.letters import folded

_WORDLESS = r"[^\p{L}\p{M}\p{N}]+"
_VERSION_DIGITS = 16
_SEPARATOR = "\x1f"


class TextParams(Params):
    """How product texts become vectors."""

    attributes: tuple[str, ...] = Field(
        ("name_zh", "text_zh"), description="Delivered columns of products that are read beside name and text"
    )
    vector_size: int = Field(64, ge=1, le=1024, description="Length of a token's vector")
    window: int = Field(5, ge=1, le=50, description="Tokens on each side that a token is learned from")
    min_count: int = Field(1, ge=1, description="Times that a token must be there to get a vector")
    iterations: int = Field(20, ge=1, le=500, description="Passes over the texts")
    learning_rate: float = Field(0.025, gt=0, le=1, description="First step size")
    max_tokens: int = Field(64, ge=1, le=10_000, description="First tokens of a text that are kept in their order")
    seed: int = Field(17, ge=0, description="Seed of the vectors' start")


@dataclass(frozen=True)
class EmbeddedTexts:
    """Texts with what was learned of them.

    Attributes:
        products: ``product_id``, ``version``, ``tokens``, ``vector`` of ``gold.product_text``.
        tokens: ``token``, ``vector`` of ``gold.token_vectors``.
    """

    products: DataFrame
    tokens: DataFrame


def product_texts(products: DataFrame, params: TextParams) -> DataFrame:
    """One row: a product's words as they were delivered, and their version.

    Args:
        products: ``product_id``, ``name``, ``text``, ``attributes`` of silver products.

    Returns:
        ``product_id``, ``text`` (name, text and the attributes, each on a line) and ``version``, which changes
        with the text and with ``params`` alone.
    """
    delivered = [F.col("attributes")[name] for name in params.attributes]
    text = F.concat_ws("\n", "name", "text", *delivered)
    version = F.sha2(F.concat_ws(_SEPARATOR, F.lit(params.model_dump_json()), "text"), 256)
    return products.select("product_id", text.alias("text")).select(
        "product_id", "text", F.substring(version, 1, _VERSION_DIGITS).alias("version")
    )


def embed_texts(texts: DataFrame, params: TextParams) -> EmbeddedTexts:
    """Train the pipeline on ``texts`` and apply it to them; the training runs here, in one task.

    The same texts give the same vectors however their rows are partitioned, as long as ``spark.default.parallelism``
    is the same or not set: with it Spark's Word2Vec numbers equally frequent tokens in another order.

    Args:
        texts: ``product_id``, ``text``, ``version`` (``product_texts``); as few as there are products.

    Returns:
        ``tokens`` of a product are its first ``max_tokens``, also those without a vector; ``vector`` is the mean over
        all of its tokens, one without a vector counting as 0; 0 throughout where a text has no token.

    Raises:
        ConfigError: Spark NLP is not installed, or its jar is not in the session.
        DataQualityError: no token is there ``min_count`` times.
    """
    ordered = texts.withColumn("spaced", _spaced(F.col("text"))).repartition(1).sortWithinPartitions("product_id")
    pipeline = Pipeline(stages=_stages(params))
    fitted = _fit(pipeline, ordered, params)
    read = fitted.transform(ordered)
    tokens = F.slice(F.col("token.result"), 1, params.max_tokens).alias("tokens")
    vector = F.element_at("sentence.embeddings", 1)
    nothing = F.array_repeat(F.lit(0.0).cast("float"), params.vector_size)
    filled = F.when(F.size(vector) == params.vector_size, vector).otherwise(nothing).alias("vector")
    word2vec: Any = fitted.stages[-2]
    learned: DataFrame = word2vec.getVectors()
    return EmbeddedTexts(
        products=read.select("product_id", "version", tokens, filled),
        tokens=learned.select(F.col("word").alias("token"), "vector"),
    )


def _spaced(text: Column) -> Column:
    """The text with a space around each Han character and Greek letters without accents, in lower case."""
    plain = folded(text)
    return F.regexp_replace(plain, r"(\p{IsHan})", " $1 ")


def _stages(params: TextParams) -> list[Any]:
    try:
        from sparknlp.annotator import DocumentNormalizer, SentenceEmbeddings, Tokenizer, Word2VecApproach
        from sparknlp.base import DocumentAssembler
    except ImportError as error:
        raise ConfigError("Spark NLP is not installed; " + _REMEDY) from error
    try:
        return [
            DocumentAssembler().setInputCol("spaced").setOutputCol("document"),
            DocumentNormalizer()
            .setInputCols(["document"])
            .setOutputCol("words")
            .setPatterns([_WORDLESS])
            .setReplacement(" ")
            .setPolicy("pretty_all"),
            Tokenizer().setInputCols(["words"]).setOutputCol("token").setTargetPattern(r"\S+"),
            Word2VecApproach()
            .setInputCols(["token"])
            .setOutputCol("embeddings")
            .setVectorSize(params.vector_size)
            .setWindowSize(params.window)
            .setMinCount(params.min_count)
            .setMaxIter(params.iterations)
            .setStepSize(params.learning_rate)
            .setNumPartitions(1)
            .setSeed(params.seed),
            SentenceEmbeddings()
            .setInputCols(["words", "embeddings"])
            .setOutputCol("sentence")
            .setPoolingStrategy("AVERAGE"),
        ]
    except TypeError as error:  # what a missing Java class looks like
        raise ConfigError("Spark NLP's jar is not in this session; " + _REMEDY) from error


_REMEDY = "submit with a configuration whose models have gru, such as conf/gru.yaml"


def _fit(pipeline: Pipeline, ordered: DataFrame, params: TextParams) -> PipelineModel:
    try:
        return pipeline.fit(ordered)
    except IllegalArgumentException as error:
        if "vocabulary" not in str(error):
            raise
        raise DataQualityError(
            f"no token of the product texts is there {params.min_count} times; deliver names and texts of products, "
            "or lower text.min_count"
        ) from error
