"""Kernel: from a model's score to a probability that keeps what it promises, learned by MLlib."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.functions import array_to_vector
from pyspark.ml.regression import IsotonicRegression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.errors import ModelNotFound
from finrec_spark.tables import CALIBRATION

Method = Literal["isotonic", "sigmoid"]

POINTS = 200
"""Points of a curve, at most: more would follow the noise of the calibration rows."""


@dataclass(frozen=True)
class Curve:
    """A monotone curve, straight between its points and flat beyond them.

    Attributes:
        score: ascending.
        probability: not falling, as long as ``score``.
    """

    score: Floats
    probability: Floats


AS_IT_IS = Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
"""Leaves every score as it is."""


def fit_calibration(scored: DataFrame, method: Method) -> DataFrame:
    """One row: one point of the curve (``model.calibration`` without month and model).

    Isotonic: MLlib's pool-adjacent-violators over the rows. Sigmoid: MLlib's logistic regression on the score's log
    odds (Platt 1999), as a curve through ``POINTS`` quantiles of the scores.

    Args:
        scored: ``score`` in [0, 1], ``label`` (0.0 or 1.0), ``weight``; rows that the model did not learn from.

    Returns:
        ``point`` (from 0), ``score`` (ascending), ``probability``.
    """
    held = scored.select("score", "label", "weight").persist()  # MLlib asks a plan for its partitions before its rows
    curve = _isotonic(held) if method == "isotonic" else _sigmoid(held)
    held.unpersist()
    points = list(zip(range(len(curve.score)), curve.score.tolist(), curve.probability.tolist(), strict=True))
    return scored.sparkSession.createDataFrame(points, CALIBRATION.ddl_without("month", "model"))


def collect_curve(points: DataFrame) -> Curve:
    """The curve of one month and model: at most ``POINTS`` rows.

    Raises:
        ModelNotFound: there is none.
    """
    rows = points.select("score", "probability").orderBy("point").collect()
    if not rows:
        raise ModelNotFound("calibration: the model has no curve for this month; train it again")
    return Curve(np.array([row["score"] for row in rows]), np.array([row["probability"] for row in rows]))


def calibrated(curve: Curve, score: Floats) -> Floats:
    """The probability of each score, in the scores' shape.

    >>> calibrated(Curve(np.array([0.2, 0.4]), np.array([0.0, 0.1])), np.array([0.1, 0.3, 0.9]))
    array([0.  , 0.05, 0.1 ])
    """
    return np.interp(score, curve.score, curve.probability)


def _isotonic(scored: DataFrame) -> Curve:
    taken, weight = F.sum(F.col("label") * F.col("weight")), F.sum("weight")
    rows = scored.groupBy("score").agg((taken / weight).alias("label"), weight.alias("weight"))
    model = IsotonicRegression(featuresCol="score", labelCol="label", weightCol="weight").fit(rows.coalesce(1))
    return thinned(Curve(model.boundaries.toArray(), np.clip(model.predictions.toArray(), 0.0, 1.0)))


def _sigmoid(scored: DataFrame) -> Curve:
    odds = F.log(F.greatest("score", F.lit(1e-9)) / F.greatest(1 - F.col("score"), F.lit(1e-9)))
    rows = scored.select(array_to_vector(F.array(odds)).alias("features"), "label", "weight")
    model = LogisticRegression(weightCol="weight").fit(rows)
    shares = np.linspace(0, 1, POINTS).tolist()
    found = scored.agg(F.percentile("score", F.lit(shares)).alias("score")).head()
    score = np.unique(np.array(found["score"] if found else [], dtype=np.float64))
    odds_of = np.log(np.maximum(score, 1e-9) / np.maximum(1 - score, 1e-9))
    return Curve(score, 1 / (1 + np.exp(-(model.intercept + model.coefficients[0] * odds_of))))


def thinned(curve: Curve) -> Curve:
    """The same curve through at most ``POINTS`` of its points, first and last among them."""
    if len(curve.score) <= POINTS:
        return curve
    kept = np.unique(np.rint(np.linspace(0, len(curve.score) - 1, POINTS)).astype(np.int64))
    return Curve(curve.score[kept], curve.probability[kept])
