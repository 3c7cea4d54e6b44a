import numpy as np
import pytest
from scipy.sparse import csr_matrix

from finrec_spark.models.gru import GruParams, collect_words, scorer
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.spec import ScorerInputs

IDS = ("card", "loan", "fund")
COLUMNS = "product_id string, state array<float>, bias double, words array<string>"


@pytest.fixture
def states(spark):
    rows = [
        ("fund", [0.0, 1.0], 0.5, ["金条", "gold", "安全", "safe", "bar", "old"]),
        ("card", [1.0, 0.0], 0.0, ["pay"]),
    ]
    return spark.createDataFrame(rows, COLUMNS)


def scores_of(states, batch):
    return scorer(states, ScorerInputs(IDS), GruParams()).score(batch)


def batch_of(state):
    empty = csr_matrix((1 if state is None else len(state), 3))
    size = empty.shape[0]
    return CustomerBatch(
        *[empty] * 4,
        segment=np.array(["all"] * size, dtype=object),
        risk_level=np.zeros(size, int),
        key=np.zeros(size, np.uint64),
        state=None if state is None else np.array(state),
    )


def test_scores_are_the_softmax_over_the_products_that_the_network_knows(states):
    scores = scores_of(states, batch_of([[2.0, 1.0]]))
    odds = np.exp([2.0, 1.5])
    assert scores == pytest.approx(np.array([[odds[0], 0.0, odds[1]]]) / odds.sum())


def test_a_customer_without_a_state_scores_0(states):
    assert scores_of(states, batch_of([[np.nan, np.nan]])).tolist() == [[0.0, 0.0, 0.0]]


def test_a_month_without_states_scores_0(states):
    assert scores_of(states, batch_of(None)).tolist() == [[0.0, 0.0, 0.0]]


def test_a_product_s_three_heaviest_words_stand_at_its_position(states):
    assert collect_words(states, IDS, han=False) == ("pay", "", "gold, safe, bar")


def test_words_of_another_script_are_told_only_where_there_is_no_other(states):
    assert collect_words(states, IDS, han=True) == ("pay", "", "金条, 安全")
