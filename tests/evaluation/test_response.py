import gzip
from datetime import date, datetime

import numpy as np
import pytest

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.binary_metrics import predicted
from finrec_spark.evaluation.response_models import Setting, base_rate, collect_predicted, measures
from finrec_spark.evaluation.responses import (
    Figures,
    Fold,
    ResponseParams,
    chance_folds,
    collect_fold_starts,
    cross_validate,
    metric_rows,
    time_folds,
)
from finrec_spark.models.naive_bayes import NaiveBayesParams
from finrec_spark.models.response import AcceptanceParams, scored_contacts
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.sources.contact_file import contact_file_fingerprint, read_contact_file
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.contact_table import collect_contact_table

QUICK = TreesParams(trees=5, depth=3, features_per_split="all")
PARAMS = ResponseParams(label="y", folds=2, tree=QUICK, reference_trees=5, rare_values=2)
ACCEPTANCE = AcceptanceParams(forest=QUICK, least=10)
MODELS = ("random_forest", "decision_tree", "naive_bayes", "random_forest_sklearn", "base_rate")
CONTACT = (
    "line bigint, key bigint, contact_time timestamp, profile array<double>, offer string, category string, "
    "channel string, label double"
)


@pytest.fixture(scope="module")
def figures(spark, contact_file, tmp_path_factory):
    """What every model makes of a file whose job column says something and whose number column nothing."""
    table = collect_contact_table(read_contact_file(spark, contact_file), PARAMS, PARAMS.seed)
    setting = Setting(table.profile, ACCEPTANCE, NaiveBayesParams(), PARAMS, str(tmp_path_factory.mktemp("trees")))
    folds = chance_folds(table.contacts.persist(), PARAMS.folds, PARAMS.seed)
    found = list(cross_validate(folds, measures(setting), ACCEPTANCE.least))
    table.contacts.unpersist()
    return found


def test_every_model_is_measured_on_every_fold(figures):
    assert [(f.model, f.fold) for f in figures] == [(model, fold) for fold in ("0", "1") for model in MODELS]


def test_every_model_finds_what_the_file_says_and_the_base_rate_nothing(figures):
    # cooks say yes to .8, others to .2: the best AUC is .79, its standard error on 200 contacts about .03
    assert min(f.auc for f in figures if f.model != "base_rate") > 0.79 - 3 * 0.03
    assert {f.auc for f in figures if f.model == "base_rate"} == {0.5}


def test_every_model_is_nearer_the_outcome_than_the_base_rate(figures):
    of = {(f.model, f.fold): f.brier for f in figures}
    assert all(of[model, fold] < of["base_rate", fold] for model in MODELS[:-1] for fold in ("0", "1"))


def test_the_rows_are_those_of_the_metrics_table(spark):
    figures = [Figures("base_rate", fold, 0.5, error, 0.1, 1.0) for fold, error in (("0", 0.01), ("1", 0.03))]
    rows = metric_rows(spark, figures)
    assert rows.columns == [name for name in METRICS.column_names if name != "run_id"]
    assert {row.metric: row.value for row in rows.collect()} == pytest.approx(
        {"auc": 0.5, "calibration_error": 0.02, "brier": 0.1, "lift": 1.0}
    )


def test_one_fold_alone_has_no_interval(spark):
    rows = metric_rows(spark, [Figures("base_rate", "0", 0.5, 0.01, 0.1, 1.0)])
    assert rows.where("low is not null or high is not null").isEmpty()


def test_folds_by_chance_learn_from_all_others_and_share_no_line(contacts):
    for fold in chance_folds(contacts, 3, seed=0):
        train, test = ({row.line for row in rows.collect()} for rows in (fold.train, fold.test))
        assert train.isdisjoint(test)
        assert len(train | test) == 20


def test_folds_in_time_follow_each_other_and_learn_from_what_was_known(contacts):
    asked = []
    folds = time_folds(contacts, [date(2022, 1, 11), date(2022, 1, 16)], lambda day: asked.append(day) or contacts)
    days = [sorted(row.contact_time.day for row in fold.test.collect()) for fold in folds]
    assert days == [[11, 11, 12, 12, 13, 13, 14, 14, 15, 15], [16, 16, 17, 17, 18, 18, 19, 19, 20, 20]]
    assert asked == [date(2022, 1, 11), date(2022, 1, 16)]


def test_folds_in_time_have_as_many_contacts_each(contacts):
    assert collect_fold_starts(contacts, 4) == [date(2022, 1, 6), date(2022, 1, 11), date(2022, 1, 16)]


def test_a_fold_with_too_few_contacts_is_left_out_and_all_of_them_are_refused(contacts):
    one_outcome = Fold("few", contacts.where("label = 1"), contacts)
    both = Fold("both", contacts, contacts)
    measure = {"perfect": lambda train, test: predicted(np.array([0.0, 1.0]), np.array([0.0, 1.0]))}
    assert [f.fold for f in cross_validate([one_outcome, both], measure, least=5)] == ["both"]
    with pytest.raises(InputMissing, match="no fold has 5 contacts of either outcome"):
        list(cross_validate([one_outcome], measure, least=5))


def test_the_base_rate_is_that_of_the_training_contacts(contacts):
    found = collect_predicted(scored_contacts(contacts.where("label = 1"), base_rate(contacts)))
    assert (found.probability.tolist(), found.rows.tolist(), found.positive.tolist()) == ([0.5], [20.0], [20.0])


def test_a_missing_file_is_named_in_one_line(spark, tmp_path):
    with pytest.raises(InputMissing, match="is missing or empty: name a CSV file of contacts with --input"):
        contact_file_fingerprint(spark, str(tmp_path / "none.csv"))


def test_separator_and_quotes_are_found(spark, contact_file):
    assert read_contact_file(spark, contact_file).columns == ["age", "job", "y"]


@pytest.fixture(scope="module")
def contact_file(tmp_path_factory):
    """400 contacts, gzipped, with semicolons; cooks say yes more often."""
    rng = np.random.default_rng(1)
    job = rng.choice(["cook", "poet", "clerk"], 400)
    says_yes = rng.random(400) < np.where(job == "cook", 0.8, 0.2)
    lines = [
        f'{age};"{j}";"{"yes" if y else "no"}"'
        for age, j, y in zip(rng.integers(18, 90, 400), job, says_yes, strict=True)
    ]
    path = tmp_path_factory.mktemp("contacts") / "contacts.csv.gz"
    path.write_bytes(gzip.compress("\n".join(['"age";"job";"y"', *lines]).encode()))
    return str(path)


@pytest.fixture(scope="module")
def contacts(spark):
    """Two contacts a day of January 2022's first 20, one of them accepted."""
    rows = [
        (day, 2 * day + label, datetime(2022, 1, day, 9), [0.0], "contact", None, None, float(label))
        for day in range(1, 21)
        for label in (0, 1)
    ]
    return spark.createDataFrame(rows, CONTACT)
