import gzip

import numpy as np
import pytest

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.evaluation.response_models import candidates
from finrec_spark.evaluation.responses import Candidate, ResponseParams, cross_validate, metric_rows, require_enough
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.sources.contact_file import contact_file_fingerprint, read_contact_file
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.contact_table import Contacts, collect_contacts
from finrec_spark.transforms.profiles.vector import ProfileFeature

QUICK = TreesParams(trees=5, depth=3)
PARAMS = ResponseParams(
    label="y", folds=2, forest=QUICK, tree=QUICK, calibration_parts=2, reference_trees=5, rare_values=2
)


@pytest.fixture(scope="module")
def figures(spark, contact_file, tmp_path_factory):
    """What every model makes of a file whose job column says something and whose number column nothing."""
    contacts = collect_contacts(read_contact_file(spark, contact_file), PARAMS, PARAMS.seed)
    return list(cross_validate(contacts, candidates(spark, PARAMS, str(tmp_path_factory.mktemp("trees"))), PARAMS))


def test_every_model_is_measured_on_every_fold(figures):
    assert sorted((f.model, f.fold) for f in figures) == sorted(
        (model, fold)
        for model in ("decision_tree", "random_forest", "naive_bayes", "random_forest_sklearn", "naive_bayes_sklearn")
        for fold in (0, 1)
    )


def test_every_model_finds_what_the_file_says(figures):
    assert min(f.auc for f in figures) > 0.6


def test_mllibs_naive_bayes_ranks_as_scikit_learns(figures):
    by_model = {(f.model, f.fold): f.auc for f in figures}
    for fold in (0, 1):
        assert by_model["naive_bayes", fold] == pytest.approx(by_model["naive_bayes_sklearn", fold], abs=0.01)


def test_the_rows_are_those_of_the_metrics_table(spark, figures):
    rows = metric_rows(spark, figures)
    assert rows.columns == [name for name in METRICS.column_names if name != "run_id"]
    assert rows.count() == 5 * 3


def test_what_knows_the_outcome_is_seen_in_the_auc(coins):
    honest, leaking = (
        Candidate(lambda train, place=place: lambda vectors: vectors[:, place], calibrate=None) for place in (0, 1)
    )
    found = {f.model: f.auc for f in cross_validate(coins, {"honest": honest, "leaking": leaking}, PARAMS)}
    assert found["leaking"] == 1.0
    assert found["honest"] < 0.75


def test_no_fold_is_learned_from_while_it_is_measured(coins):
    seen = []

    def fit(train):
        seen.append(set(train.key.tolist()))
        return lambda vectors: vectors[:, 0]

    list(cross_validate(coins, {"spy": Candidate(fit, calibrate=None)}, PARAMS))
    assert seen[0].isdisjoint(seen[1])
    assert seen[0] | seen[1] == set(coins.key.tolist())


def test_calibration_is_learned_from_what_its_fit_did_not_see(coins):
    fitted, calibrated_on = [], []

    def fit(train):
        fitted.append(set(train.key.tolist()))
        return lambda vectors: vectors[:, 0]

    def calibrate(score, label):
        calibrated_on.append(set(score.tolist()))
        return lambda scores: scores

    list(cross_validate(coins, {"spy": Candidate(fit, calibrate)}, PARAMS))
    whole, part = fitted[:2]
    chosen = {
        key
        for key, value in zip(coins.key.tolist(), coins.vectors[:, 0].tolist(), strict=True)
        if value in calibrated_on[0]
    }
    assert chosen == whole - part


def test_too_few_of_one_outcome_are_refused():
    with pytest.raises(ConfigError, match="3 contacts have the rarer outcome of column y"):
        require_enough(np.r_[np.ones(3), np.zeros(50)], PARAMS)


def test_a_missing_file_is_told_in_one_line(spark, tmp_path):
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


@pytest.fixture
def coins():
    """40 contacts with two numbers: noise, and the outcome itself."""
    rng = np.random.default_rng(3)
    label = np.tile([0.0, 1.0], 20)
    features = (ProfileFeature("noise", "number"), ProfileFeature("outcome", "number"))
    return Contacts(features, np.stack([rng.random(40), label], axis=1), label, np.arange(40))
