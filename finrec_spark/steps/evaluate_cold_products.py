"""Products whose whole history is taken away, found again by text: the network with and without tags, and vectors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.errors import ConfigError
from finrec_spark.evaluation.cold_products import (
    PROTOCOL,
    fold_of_products,
    nearest_vectors,
    recall_at,
    wanted_products,
    with_targets,
    without_history,
)
from finrec_spark.evaluation.ratings import mean_with_interval
from finrec_spark.models import gru
from finrec_spark.models.gru import GruParams
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.steps.network_inputs import discard_trainings, network_content, network_layout, training_plan
from finrec_spark.tables import (
    CUSTOMER_PRODUCT_MATRIX,
    METRICS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_SERIES,
    PRODUCT_TEXT,
    PRODUCTS,
    SEQUENCES,
    TOKEN_VECTORS,
)
from finrec_spark.training.product_arrays import ProductContent
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.transforms.ids import collect_product_ids
from finrec_spark.transforms.sequences.customer_sequences import feed_rows

NETWORK, WITHOUT_TAGS, VECTORS = "gru", "gru_without_tags", "text_vectors"


@dataclass(frozen=True)
class Fold:
    """Products that are cold together.

    Attributes:
        number: of the fold.
        cold: their positions.
        train: sequences without them.
        test: sequences of who took some of them, as what comes before.
    """

    number: int
    cold: Ints
    train: DataFrame
    test: DataFrame


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """Sequences, text and figures of the month, as ``train_gru`` reads them."""
    products = (PRODUCT_INDEX_TABLE, PRODUCT_TEXT, TOKEN_VECTORS, PRODUCT_SERIES, PRODUCTS)
    return tuple(map(Read, (SEQUENCES, *products, CUSTOMER_PRODUCT_MATRIX)))


def evaluate_cold_products(run: StepRun) -> int:
    """Each fold trains two networks that never met its products, and ranks them for who took one."""
    if "gru" not in run.config.models:
        raise ConfigError("--protocol cold_products needs gru among the models; see conf/gru.yaml")
    product_ids = collect_product_ids(run.read(PRODUCT_INDEX_TABLE))
    sequences = run.read(SEQUENCES).where(F.col("cut") < F.lit(run.month)).persist()
    layout = network_layout(run, sequences, len(product_ids))
    content = network_content(run, product_ids, layout)
    vectors = collect_text_vectors(run.read(PRODUCT_TEXT), product_ids)

    recalls: dict[str, list[float]] = {NETWORK: [], WITHOUT_TAGS: [], VECTORS: []}
    for fold in _folds(run, sequences, product_ids):
        found = _recalls(run, fold, layout, content, vectors)
        for model, value in found.items():
            recalls[model].append(value)
        told = ", ".join(f"{model} {value:.4f}" for model, value in found.items())
        run.log(f"cold_products: fold {fold.number}, {len(fold.cold)} products: recall {told}")
    sequences.unpersist()
    rows = run.write(METRICS, _metrics(run, recalls), protocol=PROTOCOL, run_id=run.run_id)
    discard_trainings(run)  # not fold by fold: until all are done, a killed run goes on from them
    return rows


def _folds(run: StepRun, sequences: DataFrame, product_ids: Sequence[str]) -> Iterator[Fold]:
    params = run.config.cold_products
    of_product = collect_folds(run.read(PRODUCT_INDEX_TABLE), params.folds, params.seed)
    for number in range(params.folds):
        cold = [place for place, product_id in enumerate(product_ids) if of_product[product_id] == number]
        codes = [place + 1 for place in cold]
        stripped = without_history(sequences, codes)
        yield Fold(
            number=number,
            cold=np.array(cold, dtype=np.int64),
            train=with_targets(stripped, codes, wanted=False),
            test=with_targets(stripped, codes, wanted=True),
        )


def _recalls(
    run: StepRun, fold: Fold, layout: SequenceLayout, content: ProductContent, vectors: Floats
) -> dict[str, float]:
    """Mean recall of each contender over the customers who took a cold product."""
    from finrec_spark.training.launch import train  # torch is asked for by this protocol alone, when it runs
    from finrec_spark.training.network_state import NetworkState
    from finrec_spark.training.states import scored_rows

    test = collect_test_rows(fold.test, layout)
    params, wanted = run.config.of(gru.SPEC), wanted_products(test["target"], fold.cold)
    cold_content = _made_cold(content, fold.cold)
    scores = {VECTORS: nearest_vectors(test["product"], vectors, fold.cold)}
    tasks = {NETWORK: params.network, WITHOUT_TAGS: params.network.model_copy(update={"tags_weight": 0.0})}
    for model, network in tasks.items():
        of_task: GruParams = params.model_copy(update={"network": network})
        plan = training_plan(run, fold.train, layout, cold_content, of_task, f"{model}-{fold.number}")
        trained = train(run.spark, plan)
        state = NetworkState(layout, cold_content, network, trained.weights)
        scores[model] = scored_rows(test, state)[:, fold.cold].astype(np.float64)
    k = run.config.cold_products.k
    return {model: float(recall_at(scores[model], wanted, k).mean()) for model in (*tasks, VECTORS)}


def _made_cold(content: ProductContent, cold: Ints) -> ProductContent:
    """The content with the cold products as ones that have no history: neither their ID nor their figures count."""
    known = content.known.copy()
    known[cold] = False
    return replace(content, known=known)


def collect_folds(products: DataFrame, n: int, seed: int) -> dict[str, int]:
    """Fold by product ID: as many as there are products."""
    rows = products.select("product_id", fold_of_products(n, seed).alias("fold")).collect()
    return {row["product_id"]: row["fold"] for row in rows}


def collect_text_vectors(texts: DataFrame, product_ids: Sequence[str]) -> Floats:
    """Spark NLP's mean vector of each product's text, by position; 0 where there is none."""
    rows = {row["product_id"]: row["vector"] for row in texts.select("product_id", "vector").collect()}
    width = max([0, *map(len, rows.values())])
    return np.array([rows.get(product_id, [0.0] * width) for product_id in product_ids], dtype=np.float64)


def collect_test_rows(rows: DataFrame, layout: SequenceLayout) -> Mapping[str, Ints]:
    """The test sequences as arrays: a seeded sample of at most ``_MOST_TESTED`` of them."""
    sampled = rows.orderBy(F.xxhash64("customer_id", "cut")).limit(_MOST_TESTED)
    table = pd.DataFrame(feed_rows(sampled, layout).toPandas())
    return {name: np.array(table[name].tolist()) for name in table.columns}


_MOST_TESTED = 20_000


def _metrics(run: StepRun, recalls: Mapping[str, Sequence[float]]) -> DataFrame:
    k = run.config.cold_products.k
    rows = [
        (PROTOCOL, model, "recall", k, "all", run.month, *mean_with_interval(list(v))) for model, v in recalls.items()
    ]
    return run.spark.createDataFrame(rows, METRICS.ddl_without("run_id"))


STEP = Step(
    name="evaluate_cold_products",
    run=evaluate_cold_products,
    reads=reads,
    writes=(Writes(METRICS),),
    params=lambda config: {
        "cold_products": config.cold_products,
        "gru": config.of(gru.SPEC),
        "sequences": config.sequences,
        "matrix": config.matrix,
    },
)
