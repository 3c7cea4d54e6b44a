"""Products without any history, ranked from what they are: how much of what customers took is found.

As the cold-start task of Bansal, Belanger, McCallum, "Ask the GRU" (RecSys 2016): the products are dealt into folds;
all that anybody ever did with a fold's products is taken away, and for every customer who took some of them they are
ranked among each other.
"""

import numpy as np
from pydantic import Field

from finrec_spark.arrays import Floats, Ints
from finrec_spark.params import Params

PROTOCOL = "cold_products"


class ColdProductsParams(Params):
    """How products are made cold."""

    folds: int = Field(5, ge=2, le=50, description="Folds that the products are dealt into")
    k: int = Field(10, ge=1, description="Length of the lists")
    seed: int = Field(17, description="Seed of the folds")


def recall_at(scores: Floats, wanted: Floats, k: int) -> Floats:
    """Share of each customer's wanted products among the k best, B; ties by position.

    >>> recall_at(np.array([[0.3, 0.2, 0.1]]), np.array([[0.0, 1.0, 1.0]]), k=2)
    array([0.5])
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.asarray(np.take_along_axis(wanted, best, axis=1).sum(axis=1) / wanted.sum(axis=1))


def wanted_products(targets: Ints, cold: Ints) -> Floats:
    """B × cold products, 1 where the customer took it.

    Args:
        targets: B × T, position + 1; 0 is padding.
        cold: positions of the cold products.
    """
    wanted: Floats = (targets[:, :, None] == cold[None, None, :] + 1).any(axis=1).astype(np.float64)
    return wanted


def nearest_vectors(history: Ints, vectors: Floats, cold: Ints) -> Floats:
    """Scores of the cold products by likeness of text, B × cold: the mean cosine with the products of the history.

    Args:
        history: B × L, position + 1; 0 is padding.
        vectors: a vector of each product's text, P × D.
        cold: positions of the cold products.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    padded = np.vstack([np.zeros((1, unit.shape[1])), unit])
    events = np.maximum((history > 0).sum(axis=1, keepdims=True), 1)
    return np.asarray(padded[history].sum(axis=1) / events @ unit[cold].T)
