"""Several models' scores, blended into one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finrec_spark.models.scorer import CustomerBatch, Floats, Ints, Scorer

FALLBACK = "popularity"
_FALLBACK_WEIGHT = 1e-6  # orders what no other model has scored, changes nothing else


@dataclass(frozen=True)
class Ensemble:
    """A weighted sum of the models' scores, each as a share of its best eligible product.

    Attributes:
        scorers: the models by name; ``popularity`` is among them and is the fallback.
        weights: weight by model's name; they sum to 1.
    """

    scorers: Mapping[str, Scorer]
    weights: Mapping[str, float]

    def parts(self, batch: CustomerBatch, eligible: NDArray[np.bool_]) -> dict[str, Floats]:
        """Each model's score as a share of the customer's best, B × P in [0, 1]; 0 where not eligible."""
        return {name: relative(scorer.score(batch), eligible) for name, scorer in self.scorers.items()}

    def blend(self, parts: Mapping[str, Floats]) -> Floats:
        """The weighted sum of the parts, B × P in [0, 1 + 1e-6]."""
        total = _FALLBACK_WEIGHT * parts[FALLBACK]
        for name, weight in self.weights.items():
            if weight > 0:
                total = total + weight * parts[name]
        return total

    def contributions(self, parts: Mapping[str, Floats], products: Ints) -> dict[str, Floats]:
        """Each weighted model's part of the blended score of ``products``, B × N; they sum to the score."""
        rows = np.arange(products.shape[0])[:, None]
        weights = {name: weight for name, weight in self.weights.items() if weight > 0}
        weights[FALLBACK] = weights.get(FALLBACK, 0.0) + _FALLBACK_WEIGHT
        return {name: weight * parts[name][rows, products] for name, weight in weights.items()}


def relative(scores: Floats, eligible: NDArray[np.bool_]) -> Floats:
    """Scores divided by the row's best eligible one; what is negative or not eligible becomes 0.

    >>> relative(np.array([[4.0, 2.0, -1.0], [0.0, 0.0, 0.0]]), np.array([[False, True, True]] * 2))
    array([[0., 1., 0.],
           [0., 0., 0.]])
    """
    kept = np.where(eligible, np.maximum(scores, 0.0), 0.0)
    best = kept.max(axis=1, keepdims=True, initial=0.0)
    return np.divide(kept, best, out=np.zeros_like(kept), where=best > 0)
