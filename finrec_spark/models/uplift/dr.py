"""DR-learner: doubly robust estimates of each trial's effect, from cross-fitted outcome models, one forest on them."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from finrec_spark.models.uplift.forests import fit_effects
from finrec_spark.models.uplift.outcome_models import (
    FittedOutcomes,
    OutcomeModels,
    collect_outcome_models,
    pseudo_effects,
    unseen,
)
from finrec_spark.models.uplift.trials import Sample
from finrec_spark.transforms.profiles.token_counts import profile_matrix

_READ = ("key", "features", "half", "contacted", "propensity", "taken", "weight")
_DDL = "key bigint, features array<double>, weight double, effect double"


def fit(sample: Sample, outcomes: FittedOutcomes) -> DataFrame:
    """One row: one node of the forest; ``model.trees`` without month and model. Runs at once."""
    models = collect_outcome_models(outcomes, sample)
    return fit_effects(sample, with_effects(sample.rows, models), "dr")


def with_effects(rows: DataFrame, models: OutcomeModels) -> DataFrame:
    """One row: one trial of a sample, ``key``, ``features``, ``weight``, with an estimate of its ``effect``."""

    def estimate(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            features = profile_matrix(batch.column("features"))
            half, contacted, propensity, taken = (
                batch.column(name).to_numpy(zero_copy_only=False)
                for name in ("half", "contacted", "propensity", "taken")
            )
            expected = (unseen(trees, features, half) for trees in (models.contacted, models.control))
            effect = np.round(pseudo_effects(contacted.astype(bool), taken, propensity, *expected), 12)
            kept = [batch.column(name) for name in ("key", "features", "weight")]
            yield pa.RecordBatch.from_arrays([*kept, pa.array(effect)], names=["key", "features", "weight", "effect"])

    return rows.select(*_READ).mapInArrow(estimate, _DDL)
