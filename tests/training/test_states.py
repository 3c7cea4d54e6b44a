# ruff: noqa: E402 (what needs torch is imported after a look whether it is there)
import numpy as np
import pytest

pytest.importorskip("torch", reason="the training extra is not installed")

from finrec_spark.training.states import heaviest_words, newcomers_offset


def test_newcomers_together_get_their_share_of_the_softmax():
    rng = np.random.default_rng(4)
    scores, known = rng.normal(size=30).astype(np.float32), np.arange(30) < 12
    moved = scores + np.where(known, 0.0, newcomers_offset(scores, known, 0.03))
    odds = np.exp(moved)
    assert odds[~known].sum() / odds.sum() == pytest.approx(0.03)


def test_where_every_product_is_known_nothing_moves():
    assert newcomers_offset(np.ones(3, np.float32), np.full(3, True), 0.03) == 0.0


def test_chinese_is_told_in_pairs_and_each_word_once():
    found = heaviest_words(["gold", "金", "条", "bar", "gold"], [0.5, 0.8, 0.6, 0.1, 0.9])
    assert found == ["gold", "金条", "bar"]


def test_a_lone_chinese_character_is_no_word():
    assert heaviest_words(["a", "金", "b"], [0.1, 9.0, 0.2]) == ["b", "a"]
