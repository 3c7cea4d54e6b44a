"""What every model promises, each on the same small bank."""

import numpy as np
import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.models.spec import MODEL_NAMES, fitted_scorers, spec_of, specs
from finrec_spark.ranking.exclusions import ProductRules
from finrec_spark.ranking.top_n import top_n
from finrec_spark.tables import CUSTOMER_NEIGHBOURS, CUSTOMER_STATES, PRODUCT_STATES

SMALL = {"als": {"rank": 4, "iterations": 2}}
SCORES_NEWCOMERS = {"popularity", "naive_bayes"}  # by segment and profile, as their modules say
SCORES_NEW_PRODUCTS = {"content"}
K = 3

FITTED = [spec for spec in specs() if spec.fit is not None]
every_fit = pytest.mark.parametrize("spec", FITTED, ids=lambda spec: spec.name)
every_model = pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.name)


@every_fit
def test_a_refit_of_the_rows_in_other_partitions_gives_the_same_rows(bank, saved, spec):
    again = spec.fit(bank.inputs(partitions=3), params_of(spec))
    assert in_order(again) == in_order(saved(spec))


@every_fit
def test_the_fitted_rows_are_those_of_the_declared_table(saved, spec):
    declared = {column.name: column.type for column in spec.table.columns if column.name not in ("month", "model")}
    assert dict(saved(spec).dtypes) == declared
    assert not saved(spec).isEmpty()


@every_fit
def test_a_fit_reads_the_tables_that_its_spec_names_and_no_other(bank, spec):
    inputs = bank.inputs()
    spec.fit(inputs, params_of(spec))
    assert inputs.asked == {table.name for table in spec.reads}


@every_fit
def test_a_scorer_made_of_saved_rows_scores_as_one_of_fresh_rows(bank, saved, batch, spec):
    fresh = spec.fit(bank.inputs(), params_of(spec))
    scores = [
        spec.scorer(rows, bank.scorer_inputs, params_of(spec)).score(batch(spec)) for rows in (fresh, saved(spec))
    ]
    assert scores[0].tolist() == scores[1].tolist()


@every_model
def test_scores_are_finite_and_one_a_customer_and_product(bank, scores, spec):
    assert scores(spec).shape == (bank.customers, bank.products)
    assert np.isfinite(scores(spec)).all() and scores(spec).any()


@every_model
def test_the_best_k_are_distinct_and_none_of_them_is_owned_or_off_sale(bank, scores, batch, spec):
    on_sale = np.array([product != "A" for product in bank.ids])
    rules = ProductRules(on_sale, np.zeros(bank.products, np.int64), risk_where_unknown=1)
    eligible = rules.excluded(batch(spec)) == 0
    best = top_n(scores(spec), eligible, K, np.arange(bank.products))
    owned = {(customer, product) for customer, product, held in bank.entries if held}
    for customer, row in enumerate(best.tolist()):
        found = [product for product in row if product >= 0]
        assert 0 < len(found) == len(set(found)) <= K
        assert not {(customer, product) for product in found} & owned and bank.ids.index("A") not in found


@every_model
def test_a_customer_without_a_history_scores_0_unless_the_model_knows_more(bank, scores, spec):
    assert scores(spec)[bank.newcomer].any() == (spec.name in SCORES_NEWCOMERS)


@every_model
def test_a_product_without_a_history_scores_0_unless_the_model_knows_more(bank, scores, spec):
    assert scores(spec)[:, bank.new_product].any() == (spec.name in SCORES_NEW_PRODUCTS)


@every_model
def test_a_reason_s_share_is_one_and_its_product_one_of_the_history(bank, saved, batch, spec):
    scorer = spec.scorer(saved(spec), bank.scorer_inputs, params_of(spec))
    reasons = scorer.explain(batch(spec), np.tile(np.arange(bank.products), (bank.customers, 1)))
    history = {(customer, product) for customer, product, _ in bank.entries} | {(c, -1) for c in range(bank.customers)}
    assert {(c, int(product)) for c, row in enumerate(reasons.product) for product in row} <= history
    assert ((reasons.share >= 0) & (reasons.share <= 1)).all()


def test_the_models_are_listed_once_and_by_their_own_name():
    assert [spec.name for spec in specs()] == list(MODEL_NAMES)
    assert len(set(MODEL_NAMES)) == len(MODEL_NAMES)


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="'svd' is not known; the models are popularity, als"):
        spec_of("svd")


def test_every_fitted_model_gets_its_scorer(bank, saved):
    fitted = {name: saved(spec_of(name)) for name in ("popularity", "als")}
    assert fitted_scorers(fitted, bank.scorer_inputs, params_of).keys() == {"popularity", "als"}


def test_pearson_user_says_how_many_of_the_nearest_it_found(bank, saved):
    spec, inputs = spec_of("pearson_user"), bank.inputs()
    clustered = spec.params(exact_up_to=0)
    assert spec.remark(inputs, saved(spec), spec.params()) == "pearson_user: exact among 24 customers"
    assert spec.remark(inputs, saved(spec), clustered).startswith("pearson_user: found 100.0% of the exact nearest")


def params_of(spec):
    return spec.params(**SMALL.get(spec.name, {}))


def in_order(rows):
    return sorted(rows.collect(), key=str)


@pytest.fixture(scope="module")
def saved(bank, tmp_path_factory):
    """The model's rows as a table gives them back; the network's are made up."""
    root, there = tmp_path_factory.mktemp("fitted"), set()

    def rows_of(spec):
        path = str(root / spec.name)
        if spec.name not in there:
            rows = spec.fit(bank.inputs(), params_of(spec)) if spec.fit else product_states(bank)
            rows.write.parquet(path)
            there.add(spec.name)
        return bank.spark.read.parquet(path)

    return rows_of


@pytest.fixture(scope="module")
def batch(bank, saved):
    """All customers with what scoring joins for the model."""

    def batch_of(spec):
        if spec.customers is CUSTOMER_NEIGHBOURS:
            return bank.batch(evidence=saved(spec).collect())
        return bank.batch(state=customer_states(bank) if spec.customers is CUSTOMER_STATES else None)

    return batch_of


@pytest.fixture(scope="module")
def scores(bank, saved, batch):
    """The model's scores of all customers, from its saved rows."""
    return lambda spec: spec.scorer(saved(spec), bank.scorer_inputs, params_of(spec)).score(batch(spec))


def product_states(bank):
    rows = [(name, [float(n), 1.0], 0.1, ["gold"]) for n, name in enumerate(bank.ids[: bank.new_product])]
    return bank.spark.createDataFrame(rows, PRODUCT_STATES.ddl_without("month"))


def customer_states(bank):
    states = np.column_stack([np.linspace(-1, 1, bank.customers), np.ones(bank.customers)])
    states[bank.newcomer] = np.nan
    return states
