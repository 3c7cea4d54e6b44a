"""Clusters of customers with alike histories: who is worth comparing with whom."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.similarity import Over

DIMENSIONS = 512
ITERATIONS = 5
ROWS_AT_ONCE = 2_048  # × clusters: 16 MB of cosines
_STEPS = 1_000_000_000  # cosines closer than 1e-9 are ties


@dataclass(frozen=True)
class Clustering:
    """Spherical k-means over projected histories.

    Attributes:
        projection: products × dimensions.
        centroids: clusters × dimensions, of length 1.
        over: which similarity the features imitate.
    """

    projection: Floats
    centroids: Floats
    over: Over

    @property
    def size(self) -> int:
        """Number of clusters."""
        return len(self.centroids)

    def nearest(self, histories: csr_matrix, probes: int) -> Ints:
        """The ``probes`` nearest clusters of every row (fewer where there are fewer), nearest first, ties by number."""
        probes = min(probes, self.size)
        found = np.empty((histories.shape[0], probes), np.int64)
        for start in range(0, histories.shape[0], ROWS_AT_ONCE):
            points = directions(histories[start : start + ROWS_AT_ONCE], self.over, self.projection)
            found[start : start + ROWS_AT_ONCE] = nearest_centroids(points, self.centroids, probes)
        return found


def fit_clustering(sample: csr_matrix, n_clusters: int, over: Over, seed: int) -> Clustering:
    """Clusters of ``sample``, S × P, whose rows come in a seeded order: the first distinct ones start the clusters."""
    projection = random_projection(sample.shape[1], seed)
    points = directions(sample, over, projection)
    _, first = np.unique(np.round(points, 9), axis=0, return_index=True)
    centroids = points[np.sort(first)[:n_clusters]]
    for _ in range(ITERATIONS):
        centroids = _moved(points, centroids)
    return Clustering(projection, centroids, over)


def directions(histories: csr_matrix, over: Over, projection: Floats) -> Floats:
    """Projected histories of length 1, rows × dimensions; 0 where a row has none.

    Over all products a correlation is the cosine of the rows less their means, which are small beside the
    entries, so the rows serve as they are. Over co-rated entries it matters most that there are many of
    them, so what was rated serves: with values it found fewer of the nearest.
    """
    values = histories.data if over == "all" else np.ones(histories.nnz)
    rows = csr_matrix((values, histories.indices, histories.indptr), shape=histories.shape)
    return _unit(np.asarray(diags(1.0 / _length(rows)) @ rows @ projection))


def random_projection(n_products: int, seed: int) -> Floats:
    """Gaussian projection that nearly keeps cosines, products × ``DIMENSIONS``; the identity up to as many products."""
    if n_products <= DIMENSIONS:
        return np.eye(n_products)
    return np.random.default_rng(seed).standard_normal((n_products, DIMENSIONS))


def nearest_centroids(points: Floats, centroids: Floats, n: int) -> Ints:
    """The ``n`` centroids of the largest cosine for every point, rows × n, largest first; ties by the lower number."""
    steps = np.rint(points @ centroids.T * _STEPS).astype(np.int64)
    code = -steps * len(centroids) + np.arange(len(centroids))
    nearest: Ints = np.sort(np.partition(code, n - 1, axis=1)[:, :n], axis=1) % len(centroids)
    return nearest


def _moved(points: Floats, centroids: Floats) -> Floats:
    """Mean direction of every centroid's points; a centroid without points stays."""
    cluster, point = nearest_centroids(points, centroids, 1)[:, 0], np.arange(len(points))
    members = csr_matrix((np.ones(len(points)), (cluster, point)), shape=(len(centroids), len(points)))
    moved = _unit(np.asarray(members @ points))
    return np.where(moved.any(axis=1, keepdims=True), moved, centroids)


def _unit(points: Floats) -> Floats:
    length = np.linalg.norm(points, axis=1, keepdims=True)
    return np.divide(points, length, out=np.zeros_like(points), where=length > 0)


def _length(rows: csr_matrix) -> Floats:
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return np.where(length > 0, length, 1.0)
