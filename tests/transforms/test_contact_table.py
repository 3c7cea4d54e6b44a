import numpy as np
import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.transforms.ingest.contact_table import ContactTableParams, collect_contact_table, label_and_features

COLUMNS = "age string, job string, y string"
PARAMS = ContactTableParams(label="y", rare_values=2)
ROWS = [("41", "cook", "yes"), ("-2.5", "cook", "no"), (None, "poet", "no"), ("7", None, "no")]


def test_a_column_is_named_as_profiles_name_it_and_a_number_where_its_values_read_as_one(table):
    assert [(f.name, f.kind) for f in table(ROWS).profile] == [
        ("numbers:age", "number"),
        ("categories:job", "category"),
    ]


def test_a_column_with_too_many_words_is_a_category(table):
    assert table([*ROWS, ("old", "cook", "no")]).profile[0].kind == "category"


def test_a_word_in_a_column_of_numbers_is_missing(table):
    found = table([*ROWS, ("old", "cook", "no")], number_share=0.7)
    assert np.isnan(column(found, 0)).sum() == 2


def test_a_value_has_a_code_a_rare_one_is_other_a_missing_one_is_missing(table):
    found = table(ROWS)
    assert found.profile[1].values == ("cook",)
    assert column(found, 1) == pytest.approx([0.0, 1.0, 1.0, np.nan], nan_ok=True)


def test_the_outcome_that_is_predicted_is_1(table):
    assert sorted(row.label for row in table(ROWS).contacts.collect()) == [0.0, 0.0, 0.0, 1.0]


def test_partitioning_changes_nothing(spark):
    rows = spark.createDataFrame(ROWS, COLUMNS)
    once, again = (collect_contact_table(part, PARAMS, seed=0).contacts for part in (rows, rows.repartition(7)))
    assert sorted(map(repr, once.collect())) == sorted(map(repr, again.collect()))


def test_equal_lines_are_contacts_of_their_own_on_one_line(table):
    rows = table([("41", "cook", "yes")] * 3).contacts.collect()
    assert (len({row.key for row in rows}), len({row.line for row in rows})) == (3, 1)


def test_a_contact_without_outcome_is_left_out(table):
    assert table([*ROWS, ("1", "cook", None)]).contacts.count() == 4


def test_a_contact_without_a_time_is_left_out_where_a_time_is_named(spark):
    rows = spark.createDataFrame(
        [("2022-05-01", "1", "yes"), ("soon", "1", "no")], "`the day` string, a string, y string"
    )
    found = collect_contact_table(rows, ContactTableParams(label="y", time="The day"), seed=0)
    assert [feature.name for feature in found.profile] == ["numbers:a"]
    assert [f"{row.contact_time:%Y-%m-%d}" for row in found.contacts.collect()] == ["2022-05-01"]


def test_a_label_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="no column outcome; found: age, y"):
        label_and_features(["age", "y"], ContactTableParams(label="outcome", drop=("age",)))


def test_a_row_where_the_names_should_stand_is_told_by_its_form_alone():
    with pytest.raises(ConfigError, match="must name the columns, and looks like aaaaa aaa, , 99999999999, aaa$"):
        label_and_features(["zhang wei", "", "13900001111", "yes"], ContactTableParams(label=None, time="sent"))


def test_label_time_and_dropped_columns_are_not_learned_from():
    params = ContactTableParams(label="Y", drop=("duration",), time="day")
    assert label_and_features(["age", "duration", "day", "y"], params) == ("y", ["age"])


def column(table, place):
    """The values at one place of the vectors, missing ones last."""
    return sorted((row.profile[place] for row in table.contacts.collect()), key=lambda value: (np.isnan(value), value))


@pytest.fixture
def table(spark):
    def build(rows, **params):
        of_file = spark.createDataFrame(rows, COLUMNS)
        return collect_contact_table(of_file, PARAMS.model_copy(update=params), seed=0)

    return build
