from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.models import naive_bayes
from finrec_spark.models.naive_bayes import NaiveBayesParams
from finrec_spark.models.naive_bayes_scoring import NaiveBayesScorer, naive_bayes_scorer
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.tables import NAIVE_BAYES
from finrec_spark.transforms.profiles.bins import FeatureBins, ProfileBins
from finrec_spark.transforms.profiles.vector import ProfileFeature

FEATURES = [
    ProfileFeature("held", "number"),  # a consequence of taking: not read
    ProfileFeature("numbers:age", "number"),
    ProfileFeature("segment", "category", ("retail", "private")),
]
IDS = ["card", "fund", "loan", "never_taken"]
NAN = float("nan")
PROFILES = {
    "ann": [9.0, 20.0, 1.0],
    "bob": [9.0, 20.0, 2.0],
    "cem": [9.0, 60.0, 2.0],
    "dan": [9.0, NAN, 0.0],
    "eve": [9.0, 60.0, 1.0],
    "fay": [9.0, 60.0, NAN],
}
LIKED = [("ann", "card"), ("bob", "card"), ("bob", "fund"), ("cem", "fund"), ("dan", "loan"), ("eve", "loan")]
DECLINED = [("cem", "card"), ("dan", "card"), ("ann", "card"), ("fay", "fund")]  # ann took it after all
PARAMS = NaiveBayesParams(bins=2)


def slow_tokens(vector):
    """Feature and bin by hand: the median age of the known is 60."""
    age, segment = vector[1], vector[2]
    return [
        ("numbers:age", -1 if np.isnan(age) else int(age >= 60)),
        ("segment", -1 if np.isnan(segment) else int(segment)),
    ]


EVERY_TOKEN = sorted({token for vector in PROFILES.values() for token in slow_tokens(vector)})


def slow_logs(customers, smoothing):
    counts = Counter(token for customer in customers for token in slow_tokens(PROFILES[customer]))
    total = sum(counts.values()) + smoothing * len(EVERY_TOKEN)
    return {token: np.log((counts[token] + smoothing) / total) for token in EVERY_TOKEN}


def takers(product):
    return [customer for customer, taken in LIKED if taken == product]


def slow_dislike(product, dislike):
    took_another = [customer for customer, taken in LIKED if taken != product]
    declined = [c for c, p in DECLINED if p == product and c not in takers(product)]
    never_took = [customer for customer in PROFILES if customer not in takers(product)]
    return {"took_another": took_another, "declined": declined or took_another, "never_took": never_took}[dislike]


@pytest.fixture(scope="module")
def profiles(spark):
    return spark.createDataFrame(list(PROFILES.items()), "customer_id string, profile array<double>")


@pytest.fixture(scope="module")
def pairs(spark):
    return lambda rows: spark.createDataFrame(rows, "customer_id string, product_id string")


@pytest.fixture(scope="module")
def fitted(profiles, pairs):
    def of(params=PARAMS, liked=LIKED):
        return naive_bayes.liking_odds(profiles, pairs(liked), pairs(DECLINED), FEATURES, IDS, params)

    return of


@pytest.fixture(scope="module")
def rows(fitted):
    return fitted()


@pytest.mark.parametrize("dislike", ["took_another", "declined", "never_took"])
def test_the_fit_is_the_count_by_hand(fitted, dislike):
    rows = fitted(NaiveBayesParams(bins=2, smoothing=0.5, dislike=dislike)).collect()
    for product in IDS[:3]:
        of_product = {(row.feature, row.bin): row for row in rows if row.product_id == product}
        like, other = slow_logs(takers(product), 0.5), slow_logs(slow_dislike(product, dislike), 0.5)
        prior = of_product.pop(("prior", 0))
        assert {k: row.log_like for k, row in of_product.items()} == pytest.approx(like, abs=1e-12)
        assert {k: row.log_dislike for k, row in of_product.items()} == pytest.approx(other, abs=1e-12)
        n = len(takers(product))
        assert (prior.log_like, prior.log_dislike) == pytest.approx((np.log((n + 0.5) / 7), np.log((6.5 - n) / 7)))


def test_rows_tell_what_their_bins_mean(rows):
    of_card = rows.where("product_id = 'card'").collect()
    assert {(r.feature, r.bin): (r.low, r.high, r.value) for r in of_card} == {
        ("numbers:age", -1): (None, None, None),
        ("numbers:age", 0): (None, 60.0, None),
        ("numbers:age", 1): (60.0, None, None),
        ("segment", -1): (None, None, None),
        ("segment", 0): (None, None, None),
        ("segment", 1): (None, None, "retail"),
        ("segment", 2): (None, None, "private"),
        ("prior", 0): (None, None, None),
    }


def test_the_rows_are_those_of_their_table(rows):
    declared = [(column.name, column.type) for column in NAIVE_BAYES.columns if column.name not in ("month", "model")]
    assert rows.dtypes == declared


def test_repartitioning_changes_no_bit(profiles, pairs, rows):
    other = profiles.repartition(7), pairs(LIKED[::-1]).repartition(5), pairs(DECLINED)
    assert_df_equality(rows, naive_bayes.liking_odds(*other, FEATURES, IDS, PARAMS), ignore_row_order=True)


def test_the_number_of_spark_jobs_does_not_depend_on_the_number_of_products(spark, profiles, pairs):
    def jobs_of(products):
        ids = [f"p{n}" for n in range(products)]
        liked = pairs([(customer, product) for product in ids for customer in PROFILES])
        spark.sparkContext.setJobGroup(f"{products} products", "")
        naive_bayes.liking_odds(profiles, liked, None, FEATURES, ids, PARAMS).collect()
        spark.sparkContext.setJobGroup("", "")
        return len(spark.sparkContext.statusTracker().getJobIdsForGroup(f"{products} products"))

    assert 0 < jobs_of(2) == jobs_of(200)


def test_a_feature_that_came_with_a_later_month_changes_nothing(profiles, pairs, rows):
    came = [ProfileFeature("numbers:later", "number"), ProfileFeature("categories:later", "category", ("x",))]
    found = naive_bayes.liking_odds(profiles, pairs(LIKED), pairs(DECLINED), [*FEATURES, *came], IDS, PARAMS)
    assert_df_equality(found, rows, ignore_row_order=True)


def test_nothing_liked_gives_no_rows(fitted):
    assert fitted(liked=[("ann", "gone"), ("stranger", "card")]).isEmpty()


def test_without_an_included_feature_the_error_names_what_was_asked_for(fitted):
    with pytest.raises(ConfigError, match="income"):
        fitted(NaiveBayesParams(include=("income",)))


def test_without_profiles_the_error_says_what_to_run(profiles, pairs):
    with pytest.raises(InputMissing, match="build_profile"):
        naive_bayes.liking_odds(profiles.where("false"), pairs(LIKED), None, FEATURES, IDS, PARAMS)


def test_scores_from_saved_rows_are_the_slow_version(spark, rows, tmp_path):
    rows.write.parquet(f"{tmp_path}/saved")
    scorer = scorer_of(spark.read.parquet(f"{tmp_path}/saved"))
    expected = [[slow_score(vector, product) for product in IDS[:3]] for vector in PROFILES.values()]
    scores = scorer.score(batch_of(list(PROFILES.values())))
    np.testing.assert_allclose(scores[:, :3], expected, rtol=1e-12)
    assert (scores[:, 3] == 0).all()


def slow_score(vector, product):
    like, other = slow_logs(takers(product), 1), slow_logs(slow_dislike(product, "took_another"), 1)
    odds = np.log((len(takers(product)) + 1) / (len(PROFILES) - len(takers(product)) + 1))
    odds += sum(like[token] - other[token] for token in slow_tokens(vector))
    return 1 / (1 + np.exp(-odds))


def test_a_value_that_is_new_next_month_scores_as_the_other_ones(rows):
    more = [
        *FEATURES[:2],
        replace(FEATURES[2], values=("retail", "private", "student")),
        ProfileFeature("new", "number"),
    ]
    scorer = naive_bayes_scorer(rows, IDS, more, frozenset())
    new, other = scorer.score(batch_of([[9.0, 20.0, 3.0, 1.0], [9.0, 20.0, 0.0, 1.0]]))
    assert (new == other).all()


def test_a_batch_without_profiles_scores_0(rows):
    assert (scorer_of(rows).score(replace(batch_of([[9.0, 20.0, 1.0]]), profile=None)) == 0).all()


def test_the_reason_names_the_feature_that_speaks_most_for_the_product_unless_it_is_sensitive(rows):
    batch = batch_of([PROFILES["ann"], PROFILES["cem"]])
    card, fund = IDS.index("card"), IDS.index("fund")
    reasons = scorer_of(rows).explain(batch, np.array([[card], [fund]]))
    assert (reasons.code, reasons.product.tolist()) == ("fits_profile", [[-1], [-1]])
    assert reasons.feature.tolist() == [[1], [2]]  # the young take cards, the private ones funds
    sensitive = scorer_of(rows, frozenset({"numbers:age", "segment"}))
    assert sensitive.explain(batch, np.array([[card], [fund]])).feature.tolist() == [[-1], [-1]]


BINS = ProfileBins((FeatureBins("numbers:age", 1, (30.0, 60.0)), FeatureBins("segment", 2, None, 2)))
VALUES = st.tuples(st.floats(0, 99) | st.just(NAN), st.sampled_from([NAN, 0.0, 1.0, 2.0, 5.0]))


@settings(max_examples=50, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_a_score_is_the_sigmoid_of_the_sum_of_its_tokens_ratios(values, seed):
    rng = np.random.default_rng(seed)
    ratio, prior = rng.normal(0, 20, (BINS.n_tokens, 3)), rng.normal(0, 5, 3)
    scorer = NaiveBayesScorer(BINS, ratio, prior, np.array([True, True, False]), np.array([True, True]))
    batch = batch_of([[0.0, *row] for row in values])
    tokens = BINS.tokens(batch.profile)
    odds = np.array([prior + sum(ratio[token] for token in row) for row in tokens])
    scores = scorer.score(batch)
    assert ((scores[:, :2] > 0) & (scores[:, :2] < 1)).all() and (scores[:, 2] == 0).all()
    np.testing.assert_allclose(scores[:, :2], 1 / (1 + np.exp(-np.clip(odds[:, :2], -36, 36))), rtol=1e-9)
    best = np.where(ratio[tokens].max(axis=1) > 0, np.array([1, 2])[ratio[tokens].argmax(axis=1)], -1)
    assert (scorer.leading_feature(batch, np.tile([0, 1, 2], (len(values), 1))) == best).all()


def scorer_of(rows, sensitive=frozenset()):
    return naive_bayes_scorer(rows, IDS, FEATURES, sensitive)


def batch_of(profile):
    nobody = csr_matrix((len(profile), len(IDS)))
    zeros = np.zeros(len(profile), np.int64)
    segment = np.full(len(profile), "all", object)
    return CustomerBatch(
        nobody, nobody, nobody, nobody, segment, zeros, zeros.astype(np.uint64), profile=np.array(profile)
    )


def test_an_offer_s_odds_are_of_those_who_were_asked(spark):
    rows = [(1, [1.0, 20.0, 1.0], "loan by sms", 1.0), (2, [1.0, 60.0, 1.0], "loan by sms", 0.0)]
    rows += [(n, [1.0, 60.0, 1.0], "loan by sms", 0.0) for n in (3, 4)]
    rows += [(n, [1.0, 20.0, 2.0], "card by app", float(n % 2)) for n in (5, 6)]
    contacts = spark.createDataFrame(rows, "key bigint, profile array<double>, offer string, label double")
    fitted = naive_bayes.fit_answers(contacts, FEATURES, PARAMS).where("product_id = 'loan by sms'")
    found = {(row.feature, row.bin): (row.log_like, row.log_dislike) for row in fitted.collect()}
    assert found["prior", 0] == pytest.approx((np.log(2 / 6), np.log(4 / 6)))
    like, dislike = found["numbers:age", 0]  # below the median: one of one accepted, none of three declined
    assert like > dislike
