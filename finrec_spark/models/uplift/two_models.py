"""Two models: what is taken with contact minus what is taken without (T-learner)."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.uplift.outcome_models import FittedOutcomes


def fit(outcomes: FittedOutcomes) -> DataFrame:
    """One row: one node of one forest that holds both models; ``model.trees`` without month and model.

    The control's trees come last and have 1 − their share. Both models have as many trees, so the mean over all of
    them is (μ₁ + 1 − μ₀) ÷ 2 = (1 + effect) ÷ 2.
    """
    control = outcomes.control.withColumn("tree", F.col("tree") + F.lit(outcomes.trees))
    return outcomes.contacted.unionByName(control.withColumn("probability", 1 - F.col("probability")))
