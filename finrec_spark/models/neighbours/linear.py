"""Kernels: products × products sums → weights, so that a customer's scores are the sum of the rows of what is held.

Pure numpy; as many products as fit a dense matrix twice, some thousands.
"""

import numpy as np

from finrec_spark.arrays import Floats


def walk_weights(walk: Floats, holders: Floats) -> Floats:
    """Three steps of a random walk, customer → product → customer → product, P × P; 0 where nobody holds the product.

    Args:
        walk: X' D⁻¹ X, D being how many products each customer holds, P × P.
        holders: customers who hold each product, P.

    >>> walk_weights(np.array([[1.5, 0.5], [0.5, 0.5]]), np.array([2.0, 1.0])).tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    return np.divide(walk, holders[:, None], out=np.zeros_like(walk), where=holders[:, None] > 0)


def ease_weights(support: Floats, ridge: float) -> Floats:
    """EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", 2019): −P ÷ diag P, 0 on the diagonal, P × P.

    With P = (X'X + λ)⁻¹ it is the ridge regression of every product on all others.

    Args:
        support: X'X, customers who hold both products, P × P.
        ridge: λ, above 0.

    >>> ease_weights(np.array([[3.0, 1.0], [1.0, 1.0]]), 1.0).round(2).tolist()
    [[0.0, 0.5], [0.25, 0.0]]
    """
    inverse = np.linalg.inv(support + ridge * np.eye(len(support)))
    weights: Floats = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


def next_weights(held: Floats, bought_next: Floats, ridge: float) -> Floats:
    """Ridge regression from what was held to what was bought next: (H + λ)⁻¹ N, P × P.

    Args:
        held: H, weighted purchases before which both products were held, P × P.
        bought_next: N, weighted purchases of the second product before which the first was held, P × P.
        ridge: λ, above 0.

    >>> next_weights(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 0.0]]), 1.0).tolist()
    [[0.0, 0.5], [0.0, 0.0]]
    """
    weights: Floats = np.linalg.solve(held + ridge * np.eye(len(held)), bought_next)
    return weights
