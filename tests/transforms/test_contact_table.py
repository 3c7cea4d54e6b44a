import numpy as np
import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.transforms.ingest.contact_table import (
    Contacts,
    ContactTableParams,
    category_rates,
    collect_contacts,
    dealt_folds,
    label_and_features,
)
from finrec_spark.transforms.profiles.vector import ProfileFeature

COLUMNS = "age string, job string, y string"
PARAMS = ContactTableParams(label="y", rare_values=2)
ROWS = [("41", "cook", "yes"), ("-2.5", "cook", "no"), (None, "poet", "no"), ("7", None, "no")]


def test_a_column_whose_values_read_as_numbers_is_a_number(contacts):
    assert [feature.kind for feature in contacts(ROWS).features] == ["number", "category"]


def test_a_column_with_too_many_words_is_a_category(contacts):
    assert contacts([*ROWS, ("old", "cook", "no")]).features[0].kind == "category"


def test_a_word_in_a_column_of_numbers_is_missing(spark):
    table = spark.createDataFrame([*ROWS, ("old", "cook", "no")], COLUMNS)
    found = collect_contacts(table, PARAMS.model_copy(update={"number_share": 0.7}), seed=0)
    assert np.isnan(found.vectors[:, 0]).sum() == 2


def test_a_value_has_a_code_a_rare_one_is_other_a_missing_one_is_missing(contacts):
    found = contacts(ROWS)
    assert found.features[1].values == ("cook",)
    assert sorted(found.vectors[:, 1].tolist(), key=str) == pytest.approx([0.0, 1.0, 1.0, np.nan], nan_ok=True)


def test_partitioning_changes_nothing(spark):
    table = spark.createDataFrame(ROWS, COLUMNS)
    once, again = (collect_contacts(rows, PARAMS, seed=0) for rows in (table, table.repartition(7)))
    assert once.key.tolist() == again.key.tolist()
    assert np.array_equal(once.vectors, again.vectors, equal_nan=True)


def test_a_contact_without_outcome_is_left_out(contacts):
    assert len(contacts([*ROWS, ("1", "cook", None)]).label) == 4


def test_one_outcome_alone_is_refused(contacts):
    with pytest.raises(ConfigError, match="none of 1 contacts have yes in column y"):
        contacts([("41", "cook", "no")])


def test_a_label_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="no column outcome; found: age, y"):
        label_and_features(["age", "y"], ContactTableParams(label="outcome"))


def test_label_and_dropped_columns_are_not_learned_from():
    params = ContactTableParams(label="Y", drop=("duration",))
    assert label_and_features(["age", "duration", "y"], params) == ("y", ["age"])


def test_each_fold_has_its_share_of_either_outcome():
    label = np.repeat([0.0, 1.0], [90, 10])
    fold = dealt_folds(label, np.arange(100) * 7919 % 101, n=5)
    assert [label[fold == f].sum() for f in range(5)] == [2.0] * 5
    assert np.bincount(fold).tolist() == [20] * 5


def test_equal_lines_share_a_fold():
    assert len(set(dealt_folds(np.zeros(4), np.array([3, 3, 3, 3]), n=2))) == 1


def test_a_value_that_was_not_seen_is_as_likely_as_a_contact_at_large(two_jobs):
    rates = category_rates(two_jobs, smoothing=2)
    assert rates.numbers(np.array([[0.0]])) == pytest.approx(np.array([[0.5]]))


def test_rates_are_drawn_to_the_share_of_all(two_jobs):
    rates = category_rates(two_jobs, smoothing=2)
    assert rates.numbers(np.array([[1.0], [2.0]])) == pytest.approx(
        np.array([[(2 + 1) / (2 + 2)], [(0 + 1) / (2 + 2)]])
    )


@pytest.fixture
def contacts(spark):
    return lambda rows: collect_contacts(spark.createDataFrame(rows, COLUMNS), PARAMS, seed=0)


@pytest.fixture
def two_jobs():
    """Two cooks who said yes, two poets who said no."""
    job = ProfileFeature("job", "category", ("cook", "poet"))
    return Contacts((job,), np.array([[1.0], [1.0], [2.0], [2.0]]), np.array([1.0, 1, 0, 0]), np.arange(4))
