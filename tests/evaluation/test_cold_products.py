import numpy as np
import pytest

from finrec_spark.evaluation.cold_products import nearest_vectors, wanted_products

COLD = np.array([1, 3])


def test_what_was_taken_is_marked_among_the_cold_products():
    assert wanted_products(np.array([[2, 4, 0], [1, 0, 0]]), COLD).tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_a_cold_product_scores_its_mean_cosine_with_the_history():
    vectors = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
    scores = nearest_vectors(np.array([[1, 3, 0], [0, 0, 0]]), vectors, COLD)
    assert scores == pytest.approx(np.array([[0.5, np.sqrt(0.5)], [0.0, 0.0]]))
