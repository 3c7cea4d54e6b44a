"""What every model promises, each on the same small bank."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from pyspark.sql import DataFrame

from finrec_spark.errors import ConfigError
from finrec_spark.models.scorer import CustomerBatch, Scorer
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
def test_a_refit_of_the_rows_in_other_partitions_gives_the_same_rows(fitted, refitted, spec):
    assert in_order(refitted(spec)) == in_order(fitted(spec).rows)


@every_fit
def test_the_fitted_rows_are_those_of_the_declared_table(fitted, spec):
    declared = {column.name: column.type for column in spec.table.columns if column.name not in ("month", "model")}
    assert dict(fitted(spec).rows.dtypes) == declared


@every_fit
def test_a_fit_reads_the_tables_that_its_spec_names_and_no_other(fitted, spec):
    assert fitted(spec).asked == {table.name for table in spec.reads}


@every_fit
def test_a_scorer_made_of_saved_rows_scores_as_one_of_fresh_rows(bank, fitted, refitted, spec):
    fresh = spec.scorer(refitted(spec), bank.scorer_inputs, params_of(spec))
    assert fresh.score(fitted(spec).batch).tolist() == fitted(spec).scores.tolist()


@every_model
def test_scores_are_finite_and_one_a_customer_and_product(bank, fitted, spec):
    scores = fitted(spec).scores
    assert scores.shape == (bank.customers, bank.products)
    assert np.isfinite(scores).all() and scores.any()


@every_model
def test_the_best_k_are_distinct_and_none_of_them_is_owned_or_off_sale(bank, fitted, spec):
    on_sale = np.array([product != "A" for product in bank.ids])
    rules = ProductRules(on_sale, np.zeros(bank.products, np.int64), risk_where_unknown=1)
    eligible = rules.excluded(fitted(spec).batch) == 0
    best = top_n(fitted(spec).scores, eligible, K, np.arange(bank.products))
    owned = {(customer, product) for customer, product, held in bank.entries if held}
    for customer, row in enumerate(best.tolist()):
        found = [product for product in row if product >= 0]
        assert 0 < len(found) == len(set(found)) <= K
        assert not {(customer, product) for product in found} & owned and bank.ids.index("A") not in found


@every_model
def test_a_customer_without_a_history_scores_0_unless_the_model_knows_more(bank, fitted, spec):
    assert fitted(spec).scores[bank.newcomer].any() == (spec.name in SCORES_NEWCOMERS)


@every_model
def test_a_product_without_a_history_scores_0_unless_the_model_knows_more(bank, fitted, spec):
    assert fitted(spec).scores[:, bank.new_product].any() == (spec.name in SCORES_NEW_PRODUCTS)


@every_model
def test_a_reason_s_product_is_one_of_the_history_and_its_share_at_most_1(bank, fitted, spec):
    reasons = fitted(spec).scorer.explain(fitted(spec).batch, np.tile(range(bank.products), (bank.customers, 1)))
    named = {(c, p) for c, row in enumerate(reasons.product.tolist()) for p in row if p >= 0}
    assert named <= {(customer, product) for customer, product, _ in bank.entries}
    assert ((reasons.share >= 0) & (reasons.share <= 1)).all()


def test_the_models_are_listed_once_and_by_their_own_name():
    assert [spec.name for spec in specs()] == list(MODEL_NAMES)
    assert len(set(MODEL_NAMES)) == len(MODEL_NAMES)


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="'svd' is not known; the models are popularity, als"):
        spec_of("svd")


def test_every_fitted_model_gets_its_scorer(bank, fitted):
    rows = {name: fitted(spec_of(name)).rows for name in ("popularity", "als")}
    assert fitted_scorers(rows, bank.scorer_inputs, params_of).keys() == {"popularity", "als"}


def test_pearson_user_says_how_many_of_the_nearest_it_found(bank, fitted):
    spec, inputs = spec_of("pearson_user"), bank.inputs()
    rows, clustered = fitted(spec).rows, spec.params(exact_up_to=0)
    assert spec.remark(inputs, rows, spec.params()) == "pearson_user: exact among 24 customers"
    assert spec.remark(inputs, rows, clustered).startswith("pearson_user: found 100.0% of the exact nearest")


def params_of(spec):
    return spec.params(**SMALL.get(spec.name, {}))


def in_order(rows):
    return sorted(rows.collect(), key=str)


@dataclass(frozen=True)
class Fitted:
    """A fitted model: its rows as a table gives them back, the tables that the fit asked for, and what it scores."""

    rows: DataFrame
    asked: set[str]
    scorer: Scorer
    batch: CustomerBatch

    @cached_property
    def scores(self):
        return self.scorer.score(self.batch)


@pytest.fixture(scope="module")
def fitted(bank, tmp_path_factory):
    root = tmp_path_factory.mktemp("fitted")

    def of(spec):
        inputs, path = bank.inputs(), str(root / spec.name)
        rows = spec.fit(inputs, params_of(spec)) if spec.fit else product_states(bank)
        rows.write.parquet(path)
        saved = bank.spark.read.parquet(path)
        scorer = spec.scorer(saved, bank.scorer_inputs, params_of(spec))
        return Fitted(saved, inputs.asked, scorer, batch_of(bank, spec, saved))

    return once_a_model(of)


@pytest.fixture(scope="module")
def refitted(bank):
    """Fresh rows of the same bank in other partitions."""

    def of(spec):
        rows = spec.fit(bank.inputs(partitions=3), params_of(spec))
        return bank.spark.createDataFrame(rows.collect(), rows.schema)

    return once_a_model(of)


def once_a_model(make):
    made = {}

    def of(spec):
        if spec.name not in made:
            made[spec.name] = make(spec)
        return made[spec.name]

    return of


def batch_of(bank, spec, saved):
    """All customers with what scoring joins for the model."""
    if spec.customers is CUSTOMER_NEIGHBOURS:
        return bank.batch(evidence=saved.collect())
    return bank.batch(state=customer_states(bank) if spec.customers is CUSTOMER_STATES else None)


def product_states(bank):
    """The network's rows, made up: it knows all products but the new one."""
    rows = [(name, [float(n), 1.0], 0.1, ["gold"]) for n, name in enumerate(bank.ids[: bank.new_product])]
    return bank.spark.createDataFrame(rows, PRODUCT_STATES.ddl_without("month"))


def customer_states(bank):
    states = np.column_stack([np.linspace(-1, 1, bank.customers), np.ones(bank.customers)])
    states[bank.newcomer] = np.nan
    return states
