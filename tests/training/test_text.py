"""Texts → tokens and vectors, on a bank of five products."""

import numpy as np
import pytest
from chispa import assert_df_equality

from finrec_spark.errors import DataQualityError
from finrec_spark.tables import PRODUCT_TEXT, TOKEN_VECTORS
from finrec_spark.training.text import TextParams, embed_texts, product_texts

pytest.importorskip("sparknlp", reason="Spark NLP is not installed (extra nlp)")

PARAMS = TextParams(vector_size=8, iterations=3, max_tokens=6)
TEXTS = [
    ("card", "Cashback Card", "Pays back: groceries, FUEL.", {"name_zh": "返现信用卡", "text_zh": "日常消费。"}),
    ("fund", "ΤΡΑΠΕΖΑ Fund", "τράπεζα", {}),
    ("loan", "Car Loan", None, {"text_zh": ""}),
    ("note", "Note 2.5%", "Pays 1,800 yuan", {"unread": "words"}),
    ("sign", "—", "!", {}),
]


@pytest.fixture(scope="module")
def texts(spark):
    """Builds the texts of products, with some of their names replaced."""

    def build(params=PARAMS, partitions=1, **names):
        rows = [(key, names.get(key, name), *rest) for key, name, *rest in TEXTS]
        columns = "product_id string, name string, text string, attributes map<string,string>"
        return product_texts(spark.createDataFrame(rows, columns), params).repartition(partitions)

    return build


@pytest.fixture(scope="module")
def embedded(texts):
    """What was learned: {product: row}, {token: vector}."""
    found = embed_texts(texts(), PARAMS)
    tokens = {row.token: np.array(row.vector) for row in found.tokens.collect()}
    return {row.product_id: row for row in found.products.collect()}, tokens


def test_words_are_tokens_in_lower_case_without_punctuation(embedded):
    assert embedded[0]["note"].tokens == ["note", "2", "5", "pays", "1", "800"]


def test_chinese_is_read_by_characters(spark):
    rows = spark.createDataFrame([("card", "返现Card信用", "v")], "product_id string, text string, version string")
    assert embed_texts(rows, PARAMS).products.head().tokens == ["返", "现", "card", "信", "用"]


def test_greek_words_meet_with_and_without_accents(embedded):
    assert embedded[0]["fund"].tokens == ["τραπεζα", "fund", "τραπεζα"]


def test_a_product_is_the_mean_of_all_its_tokens(embedded):
    products, tokens = embedded
    words = "cashback card pays back groceries fuel 返 现 信 用 卡 日 常 消 费".split()
    np.testing.assert_allclose(products["card"].vector, np.mean([tokens[word] for word in words], axis=0), atol=1e-6)


def test_a_product_without_a_word_has_no_token_and_a_vector_of_zeros(embedded):
    assert (embedded[0]["sign"].tokens, embedded[0]["sign"].vector) == ([], [0.0] * 8)


def test_the_rows_are_as_the_tables_have_them(texts):
    found = embed_texts(texts(), PARAMS)
    assert found.products.columns == list(PRODUCT_TEXT.column_names[1:])
    assert found.tokens.columns == list(TOKEN_VECTORS.column_names[1:])


def test_the_partitioning_changes_nothing(texts):
    once, again = embed_texts(texts(), PARAMS), embed_texts(texts(partitions=3), PARAMS)
    assert_df_equality(once.products, again.products, ignore_row_order=True)
    assert_df_equality(once.tokens, again.tokens, ignore_row_order=True)


def test_a_changed_text_is_a_new_version_and_the_others_keep_theirs(texts):
    before, after = (versions(rows) for rows in (texts(), texts(loan="Car Loan Plus")))
    assert {name for name in before if before[name] != after[name]} == {"loan"}


def test_other_parameters_are_other_versions(texts):
    before, after = versions(texts()), versions(texts(PARAMS.model_copy(update={"window": 2})))
    assert not set(before.values()) & set(after.values())


def test_texts_without_a_token_often_enough_are_refused_in_one_line(texts):
    with pytest.raises(DataQualityError, match="text.min_count"):
        embed_texts(texts(), PARAMS.model_copy(update={"min_count": 99}))


def versions(rows):
    return {row.product_id: row.version for row in rows.collect()}
