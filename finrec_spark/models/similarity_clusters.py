"""Which customers are compared with which: clusters of alike histories, cut into blocks of bounded size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack

from finrec_spark.models.scorer import Floats, Ints
from finrec_spark.models.similarity import Over, entry_rows

DIMENSIONS = 128
ITERATIONS = 10


@dataclass(frozen=True)
class Clustering:
    """Spherical k-means over projected histories.

    Attributes:
        projection: features × dimensions.
        centroids: clusters × dimensions, of length 1.
        over: which similarity the features imitate.
    """

    projection: Floats
    centroids: Floats
    over: Over

    def assign(self, histories: csr_matrix) -> Ints:
        """Cluster of every row; the lowest of equally near ones, so 0 for a row without direction."""
        return _closest(directions(histories, self.over, self.projection), self.centroids)


def fit_clustering(sample: csr_matrix, n_clusters: int, over: Over, seed: int) -> Clustering:
    """Clusters of ``sample``, S × P, whose rows come in a seeded order: the first distinct ones start the clusters."""
    projection = random_projection(features(sample[:1], over).shape[1], seed)
    points = directions(sample, over, projection)
    _, first = np.unique(np.round(points, 9), axis=0, return_index=True)
    centroids = points[np.sort(first)[:n_clusters]]
    for _ in range(ITERATIONS):
        centroids = _moved(points, centroids)
    return Clustering(projection, centroids, over)


def features(histories: csr_matrix, over: Over) -> csr_matrix:
    """Sparse rows whose cosine is near the similarity.

    Over all products the correlation is the cosine of rows less their means; the means are small
    beside the entries, so the rows themselves serve. Over co-rated entries: what was rated, and
    how far above the customer's own mean.
    """
    if over == "all":
        return histories
    entries = np.maximum(np.diff(histories.indptr), 1)
    rows = entry_rows(histories)
    means = np.bincount(rows, histories.data, minlength=entries.size) / entries
    above = _with_data(histories, histories.data - means[rows])
    return hstack([_unit(_with_data(histories, np.ones(histories.nnz))), _unit(above)], format="csr")


def directions(histories: csr_matrix, over: Over, projection: Floats) -> Floats:
    """Projected features of length 1, rows × dimensions; 0 where a row has no direction."""
    points = np.asarray(_unit(features(histories, over)) @ projection)
    length = np.linalg.norm(points, axis=1, keepdims=True)
    return np.divide(points, length, out=np.zeros_like(points), where=length > 0)


def random_projection(n_features: int, seed: int) -> Floats:
    """Gaussian projection that keeps cosines, features × at most ``DIMENSIONS``; none where there are few features."""
    if n_features <= DIMENSIONS:
        return np.eye(n_features)
    return np.random.default_rng(seed).standard_normal((n_features, DIMENSIONS))


def nearest_clusters(centroids: Floats, probes: int) -> Ints:
    """The ``probes`` nearest clusters of every cluster, itself first; ties by the lower cluster."""
    cosine = np.round(centroids @ centroids.T, 9)
    np.fill_diagonal(cosine, np.inf)
    order: Ints = np.argsort(-cosine, axis=1, kind="stable")
    return order[:, :probes]


def block_routes(blocks: Sequence[int], probed: Ints) -> list[tuple[int, int, int, bool]]:
    """Where the members of every block are needed: (cluster, block, group, own).

    Every block of a cluster is one group, compared with itself and with one block of each other probed
    cluster, so that a group's work is bounded however large a cluster is.

    >>> block_routes([2, 1], np.array([[0, 1], [1, 0]]))
    [(0, 0, 0, True), (1, 0, 0, False), (0, 1, 1, True), (1, 0, 1, False), (1, 0, 2, True), (0, 0, 2, False)]
    """
    groups = [(cluster, block) for cluster, n_blocks in enumerate(blocks) for block in range(n_blocks)]
    return [
        (int(other), block % blocks[other], group, other == cluster)
        for group, (cluster, block) in enumerate(groups)
        for other in probed[cluster]
        if blocks[other] > 0
    ]


def all_routes(n_blocks: int) -> list[tuple[int, int, int, bool]]:
    """Routes of one cluster whose blocks are each compared with all: exact."""
    return [(0, block, group, block == group) for group in range(n_blocks) for block in range(n_blocks)]


def _moved(points: Floats, centroids: Floats) -> Floats:
    members = csr_matrix(
        (np.ones(len(points)), (_closest(points, centroids), np.arange(len(points)))),
        shape=(len(centroids), len(points)),
    )
    moved = np.asarray(members @ points)
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.where(length > 0, moved / np.maximum(length, 1e-300), centroids)


def _closest(points: Floats, centroids: Floats) -> Ints:
    closest: Ints = np.argmax(np.round(points @ centroids.T, 9), axis=1)
    return closest


def _unit(matrix: csr_matrix) -> csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(diags(np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)) @ matrix)


def _with_data(matrix: csr_matrix, data: Floats) -> csr_matrix:
    return csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)
