import numpy as np
import pytest

from finrec_spark.campaigns.contact_values import ContactValuer, with_values
from finrec_spark.campaigns.expected_amounts import collect_amounts
from finrec_spark.campaigns.spending import Spending
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.uplift.deployed import Estimated

AMOUNTS = {"P1": 1000.0, "P2": 50.0}


class HalfUplift:
    """Adds .5 where the first feature is above 0, −.1 elsewhere; pooled over the phone."""

    def score(self, profile, category, channel, listed):
        source = np.where(channel == "phone", "pooled", "uplift").astype(object)
        return Estimated(np.where(profile[:, 0] > 0, 0.5, -0.1), source)


class Always:
    """Everyone accepts with probability .2."""

    def score(self, profile, category, channel):
        return np.full(len(profile), 0.2)


def test_a_contact_is_worth_what_it_adds_times_the_amount():
    found = ContactValuer(HalfUplift(), Always(), AMOUNTS).values(*offers())
    assert found.value.tolist() == [500.0, -5.0, 0.0]
    assert found.source.tolist() == ["uplift", "pooled", "uplift"]


class Double(Spending):
    """Who has a first feature above 0 takes everything with twice as much."""

    def factor(self, profile):
        return np.where(profile[:, 0] > 0, 2.0, 1.0)


def test_who_spends_more_is_expected_to_bring_more():
    found = ContactValuer(HalfUplift(), None, AMOUNTS, Double()).values(*offers())
    assert found.amount.tolist() == [2000.0, 50.0, 0.0]
    assert found.value.tolist() == [1000.0, -5.0, 0.0]


def test_without_randomised_history_the_response_stands_in_and_every_row_says_so():
    found = ContactValuer(None, Always(), AMOUNTS).values(*offers())
    assert found.value.tolist() == [200.0, 10.0, 0.0]
    assert found.source.tolist() == ["response"] * 3


def test_with_neither_there_is_no_value():
    with pytest.raises(ModelNotFound, match="run train_response"):
        ContactValuer(None, None, AMOUNTS).values(*offers())


def test_options_keep_their_columns_but_the_profile_and_get_their_value(spark):
    profile, *words = offers()
    lines = [(n, profile[n].tolist(), *(word[n] for word in words[:-1]), float(words[-1][n])) for n in range(3)]
    options = spark.createDataFrame(
        lines, "id int, profile array<double>, product_id string, category string, channel string, score double"
    )
    amounts = collect_amounts(spark.createDataFrame([*AMOUNTS.items()], "product_id string, amount double"))
    found = with_values(options, ContactValuer(HalfUplift(), None, amounts)).orderBy("id")
    kept = ["id", "product_id", "category", "channel", "score"]
    assert found.columns == [*kept, "probability", "amount", "value", "value_source"]
    assert [(row.id, row.value, row.value_source) for row in found.collect()] == [
        (0, 500.0, "uplift"),
        (1, -5.0, "pooled"),
        (2, 0.0, "uplift"),
    ]


def offers():
    """Three offers; nobody knows what P3 brings."""
    words = (["P1", "P2", "P3"], ["loan", "card", "loan"], ["sms", "phone", "sms"])
    listed = np.array([0.2, 0.1, 0.3])
    return np.array([[1.0], [-1.0], [1.0]]), *(np.array(word, dtype=object) for word in words), listed
