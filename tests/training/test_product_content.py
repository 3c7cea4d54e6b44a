import numpy as np
import pandas as pd
import pytest

from finrec_spark.training.product_content import _figures, standardised, tag_array, text_arrays

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
    found = standardised(pd.Series({"a": [[0.0, 5.0]], "b": [[np.e - 1, np.nan]]}), IDS, ages=1)
    assert found[0, :, 0] == pytest.approx([-1.0, 1.0, 0.0])
    assert found[0, :, 1].tolist() == [0.0, 0.0, 0.0]


def test_figures_are_on_the_scale_of_their_own_month():
    found = standardised(pd.Series({"a": [[0.0], [8.0]], "b": [[np.e - 1], [2.0]]}), ["a", "b"], ages=2)
    assert found[:, :, 0].ravel() == pytest.approx([-1.0, 1.0, 1.0, -1.0])


def test_figures_of_an_earlier_month_know_nothing_of_what_came_after(spark):
    """Three months of sales, newest last: 1, 10, 100 buys."""
    months = ", ".join(
        "named_struct('price', 1.0, 'change', null, 'rate', null, "
        f"'buys', {buys}, 'sells', 0, 'holders', 0, 'amount', 0)"
        for buys in (1, 10, 100)
    )
    series = spark.sql(f"select 'a' as product_id, array({months}) as series")
    found = np.array(series.select(_figures(3).alias("figures")).first().figures)
    newest, of_three, of_twelve = 9, 10, 11  # buys are the fourth of the figures, each over three spans
    assert found[:, newest].tolist() == [100.0, 10.0, 1.0]
    assert found[:, of_three].tolist() == found[:, of_twelve].tolist() == [37.0, 5.5, 1.0]
