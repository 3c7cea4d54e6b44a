"""The synthetic bank: customers, products, what they did, randomised campaigns, and the truth about it all.

``words`` and ``catalogue`` say what is sold, ``market`` what draws customers to it, ``people`` who they are,
``contacts`` who was written to, ``played`` by campaigns of the bank's own; ``history`` lets a batch of customers live
through the months (numpy), ``batches`` turns it into Arrow, ``bank`` into landing tables and ``truth`` into what only
evaluation may read (Spark), ``writing`` into files.
"""

from finrec_spark.sources.generator.bank import generated_bank, simulated_histories
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.truth import (
    contacted_propensity,
    true_amounts,
    true_effects,
    true_propensities,
    true_spending,
)
from finrec_spark.sources.generator.writing import write_bank

__all__ = [
    "GeneratorParams",
    "contacted_propensity",
    "generated_bank",
    "simulated_histories",
    "true_amounts",
    "true_effects",
    "true_propensities",
    "true_spending",
    "write_bank",
]
