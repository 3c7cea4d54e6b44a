"""The scoring pass against MLlib's ``recommendForAllUsers``: the same customers, factors and list length, in turn.

    spark-submit --master 'local[2]' --driver-memory 6g --conf spark.sql.shuffle.partitions=8 \\
        benchmarks/scoring.py [CUSTOMERS] [PRODUCTS] [ROUNDS]

Prints seconds and ratios of four things: MLlib's lists; the pass with ALS alone, which folds every customer in,
leaves owned products out and gives reasons; the same under a forest of 60 full trees of depth 8 over 50 candidates a
customer; and reading the pass's input with nothing in between.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import numpy as np
import pandas as pd
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.models import als
from finrec_spark.models.calibration import AS_IT_IS
from finrec_spark.models.factorisation import AlsParams
from finrec_spark.models.popularity import PopularityScorer
from finrec_spark.models.spec import ScorerInputs
from finrec_spark.models.trees.kernel import arrange_trees
from finrec_spark.models.trees.voting import Vote
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble, Forest, forest_of
from finrec_spark.ranking.exclusions import ProductRules
from finrec_spark.ranking.pairs import PairFeatures, ProductNumbers
from finrec_spark.ranking.reasons import Wording
from finrec_spark.ranking.scoring import ScoringPlan, score_customers, scoring_rows
from finrec_spark.transforms.histories import customer_histories
from finrec_spark.transforms.scoring_rows import scoring_rows as rows_of_month

ENTRIES = 12  # products in a customer's history
PARAMS = AlsParams(rank=32, iterations=2)


def main(customers: int, products: int, rounds: int) -> None:
    """Time the three in turn, after one warm-up round that does not count."""
    spark = SparkSession.builder.appName("scoring benchmark").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    matrix = random_matrix(spark, customers, products).persist()
    model = ALS(rank=32, maxIter=2, implicitPrefs=True, userCol="customer_index", itemCol="product_index",
                ratingCol="strength", seed=1).fit(matrix)  # fmt: skip
    rows = scoring_rows(
        rows_of_month(
            matrix.select(
                "customer_id",
                F.lit("all").alias("segment"),
                F.lit(5).alias("risk_level"),
                F.array().cast("array<double>").alias("profile"),
            ).distinct(),
            customer_histories(matrix),
        ),
        None,
    ).persist()
    print(f"{rows.count():,} customers, {products} products, {ENTRIES} entries each, rank 32, lists of 10")
    scoring_plan = als_pass(model.itemFactors, products)
    with_forest = replace(scoring_plan, ensemble=replace(scoring_plan.ensemble, forest=random_forest(products)))
    contenders: dict[str, Callable[[], DataFrame]] = {
        "MLlib recommendForAllUsers": lambda: model.recommendForAllUsers(10),
        "scoring pass, ALS": lambda: score_customers(rows, scoring_plan),
        "scoring pass, forest over ALS": lambda: score_customers(rows, with_forest),
        "plain read of the input": lambda: rows.mapInArrow(lambda batches: batches, rows.schema),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_number in range(rounds + 1):
        for name, make in contenders.items():
            taken = timed(make)
            if round_number:
                seconds[name].append(taken)
    ours = median(seconds["scoring pass, ALS"])
    for name, values in seconds.items():
        print(f"{name:30} {median(values):7.1f} s   {median(values) / ours:5.2f} × the scoring pass")
    matrix.unpersist()
    rows.unpersist()
    spark.stop()


def random_matrix(spark: SparkSession, customers: int, products: int) -> DataFrame:
    """``customers`` × ENTRIES pairs, popular products more often, the same at every call."""
    pairs = spark.range(customers).select(
        F.col("id").cast("int").alias("customer_index"), F.explode(F.sequence(F.lit(1), F.lit(ENTRIES))).alias("n")
    )
    draw = F.pmod(F.xxhash64("customer_index", "n"), F.lit(2**20)) / 2**20
    return (
        pairs.select(
            "customer_index",
            F.floor(draw * draw * products).cast("int").alias("product_index"),
        )
        .distinct()
        .select(
            F.concat(F.lit("c"), "customer_index").alias("customer_id"),
            "customer_index",
            "product_index",
            F.lit(1.0).alias("strength"),
            F.lit(None).cast("double").alias("rating"),
            F.lit(True).alias("owned"),
            F.lit("2022-05-10").cast("timestamp").alias("last_event"),
            F.lit("2022-06-01").cast("date").alias("month"),
        )
    )


def als_pass(item_factors: DataFrame, products: int) -> ScoringPlan:
    """The pass with MLlib's own product factors."""
    ids = [str(position) for position in range(products)]
    factors = item_factors.select(
        F.col("id").cast("string").alias("product_id"), F.col("features").cast("array<double>").alias("factors")
    )
    scorers = {
        "popularity": PopularityScorer(("all",), np.ones((1, products)) / products),
        "als": als.scorer(factors, ScorerInputs(tuple(ids)), PARAMS),
    }
    rules = ProductRules(np.ones(products, bool), np.zeros(products, np.int64), 5)
    catalogue = Catalogue(ids, np.arange(products), np.argsort(np.argsort(np.array(ids))), rules)
    return ScoringPlan(Ensemble(scorers), catalogue, 10, 3, Wording("en", ids))


def random_forest(products: int, trees: int = 60, depth: int = 8) -> Forest:
    """Full trees that ask for features and thresholds drawn at random: as long to score as learned ones, or longer."""
    draw = np.random.default_rng(1)
    numbers = ProductNumbers(
        draw.random((products, 10)), np.ones(products), csr_matrix(np.ones((products, 1))), products
    )
    features = PairFeatures(("popularity", "als"), numbers, ())
    size, inner = 2 ** (depth + 1) - 1, 2**depth - 1
    node = np.arange(size)
    asks = node < inner
    one = {
        "node": node,
        "left": np.where(asks, 2 * node + 1, -1),
        "right": np.where(asks, 2 * node + 2, -1),
        "weight": np.ones(size),
    }
    tables = [
        pd.DataFrame(
            one
            | {
                "tree": tree,
                "feature": np.where(asks, draw.choice(features.names, size), None),
                "threshold": np.where(asks, draw.random(size), np.nan),
                "probability": draw.random(size),
            }
        )
        for tree in range(trees)
    ]
    grown = arrange_trees(pd.concat(tables, ignore_index=True), features.names)
    return forest_of(features, Vote((grown,)), AS_IT_IS, n_candidates=50)


def timed(make: Callable[[], DataFrame]) -> float:
    """Wall seconds of computing every row and throwing it away."""
    started = time.perf_counter()
    make().write.format("noop").mode("overwrite").save()
    return time.perf_counter() - started


if __name__ == "__main__":
    given = [int(value) for value in sys.argv[1:]]
    main(*(given + [200_000, 200, 3][len(given) :]))
