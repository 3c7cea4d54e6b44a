"""Transformed outcome: y (w − e) ÷ (e (1 − e)), whose mean over like trials is the uplift, learned by one forest.

y is what was taken, w whether there was contact and e its probability (Athey, Imbens 2015).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.uplift.forests import fit_effects
from finrec_spark.models.uplift.trials import Sample


def fit(sample: Sample) -> DataFrame:
    """One row: one node of the forest; ``model.trees`` without month and model. Runs at once."""
    e = F.col("propensity")
    surplus = F.when(F.col("contacted"), 1 / e).otherwise(-1 / (1 - e))
    return fit_effects(sample, sample.rows.withColumn("effect", F.col("taken") * surplus), "transformed_outcome")
