"""Customer batches from plain rows."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from finrec_spark.models.scorer import CustomerBatch


@pytest.fixture
def customers():
    def build(owned, risk_level=None, strength=None, profile=None, days=None):
        owned = csr_matrix(np.array(owned, dtype=float))
        size = owned.shape[0]
        strength = owned if strength is None else csr_matrix(np.array(strength, dtype=float))
        return CustomerBatch(
            strength=strength,
            owned=owned,
            evidence=csr_matrix(owned.shape),
            holders=csr_matrix(owned.shape),
            segment=np.array(["all"] * size, dtype=object),
            risk_level=np.array(risk_level or [5] * size),
            key=np.arange(size, dtype=np.uint64),
            profile=None if profile is None else np.array(profile, dtype=float),
            days=None if days is None else csr_matrix(np.array(days, dtype=float)),
        )

    return build
