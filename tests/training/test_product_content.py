import numpy as np
import pandas as pd
import pytest

from finrec_spark.training.product_content import standardised, tag_array, text_arrays

IDS = ["a", "b", "c"]


def test_a_token_is_its_number_and_has_its_vector():
    vocabulary = pd.DataFrame({"token": ["gold", "loan"], "vector": [[1.0, 2.0], [3.0, 4.0]]})
    tokens, vectors = text_arrays(pd.Series({"a": ["loan"], "c": ["gold", "of", "loan"]}), vocabulary, IDS)
    assert tokens.tolist() == [[2, 0], [0, 0], [1, 2]]
    assert vectors.tolist() == [[0, 0], [1, 2], [3, 4]]


def test_a_tag_of_one_product_alone_is_left_out():
    tags = pd.Series({"a": ["risk=1", "fund"], "b": ["fund"], "c": ["risk=2"]})
    assert tag_array(tags, IDS).tolist() == [[1], [1], [0]]


def test_figures_have_mean_0_and_deviation_1_and_missing_ones_are_0():
    found = standardised(pd.Series({"a": [0.0, 5.0], "b": [np.e - 1, np.nan]}), IDS)
    assert found[:, 0] == pytest.approx([-1.0, 1.0, 0.0])
    assert found[:, 1].tolist() == [0.0, 0.0, 0.0]
