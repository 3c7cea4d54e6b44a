"""The models of the response protocol: the acceptance model as it is deployed, and references beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestClassifier

from finrec_spark.arrays import Floats
from finrec_spark.evaluation.binary_metrics import Predicted, predicted
from finrec_spark.evaluation.responses import Measure, ResponseParams
from finrec_spark.models import naive_bayes, response
from finrec_spark.models.response import AcceptanceParams, ContactBatch, Predict
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.spec import ScorerInputs
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.models.trees.kernel import MISSING
from finrec_spark.transforms.profiles.vector import ProfileFeature

_DECIMALS = 6
"""Of a probability: as many rows as 10⁶ are collected of a fold, at most."""

Fit = Callable[[DataFrame], Predict]


@dataclass(frozen=True)
class Setting:
    """What every model is fitted with.

    Attributes:
        profile: the places of the contacts' profile vectors.
        acceptance: parameters of the acceptance model.
        naive_bayes: those of naive Bayes.
        params: folds and references.
        scratch: folder or URI for MLlib's trees.
    """

    profile: tuple[ProfileFeature, ...]
    acceptance: AcceptanceParams
    naive_bayes: naive_bayes.NaiveBayesParams
    params: ResponseParams
    scratch: str


def measures(setting: Setting) -> dict[str, Measure]:
    """The models by name, the deployed forest first."""
    acceptance, params = setting.acceptance, setting.params
    return {
        "random_forest": partial(_measured, acceptance_model(setting, acceptance.forest)),
        "decision_tree": partial(_measured, acceptance_model(setting, params.tree)),
        "naive_bayes": partial(_measured, naive_bayes_model(setting)),
        "random_forest_sklearn": partial(collect_sklearn_forest, setting=setting),
        "base_rate": partial(_measured, base_rate),
    }


def acceptance_model(setting: Setting, forest: TreesParams) -> Fit:
    """``models.response``, the model that campaigns read, over this forest."""
    params = setting.acceptance.model_copy(update={"forest": forest})

    def fit(train: DataFrame) -> Predict:
        fitted = response.fit(train, setting.profile, params, setting.scratch)
        return response.scorer(fitted.trees, fitted.calibration, setting.profile).predict

    return fit


def naive_bayes_model(setting: Setting) -> Fit:
    """Naive Bayes of each offer; an offer that was never made gets the share of all."""

    def fit(train: DataFrame) -> Predict:
        rows = naive_bayes.fit_answers(train, setting.profile, setting.naive_bayes)
        offers = pd.Index(_collect_offer_names(train))
        scorer = naive_bayes.scorer(rows, ScorerInputs(tuple(offers), setting.profile), setting.naive_bayes)
        share = _collect_share(train)

        def predict(batch: ContactBatch) -> Floats:
            place = offers.get_indexer(batch.offer)
            scores = scorer.score(_customers(batch.profile, len(offers)))
            return np.where(place >= 0, scores[np.arange(len(place)), place], share)

        return predict

    return fit


def base_rate(train: DataFrame) -> Predict:
    """The share of the training contacts, whoever is asked."""
    share = _collect_share(train)
    return lambda batch: np.full(len(batch.profile), share)


def collect_sklearn_forest(train: DataFrame, test: DataFrame, setting: Setting) -> Predicted:
    """What scikit-learn's forest makes of the same features, in the driver; of many contacts of a part of them."""
    names = response.feature_names(setting.profile, response.collect_offers(train), setting.acceptance)
    model = RandomForestClassifier(
        n_estimators=setting.params.reference_trees,
        min_samples_leaf=setting.acceptance.forest.minimum_rows,
        max_features=1 / 3,
        random_state=setting.acceptance.forest.seed,
        n_jobs=-1,
    )
    known, asked = (_collect_features(rows, setting, names) for rows in (train, test))
    model.fit(*known)
    return predicted(asked[1], model.predict_proba(asked[0])[:, 1])


def _collect_features(contacts: DataFrame, setting: Setting, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """The forest's features, what is missing below all others, and the labels."""
    rows = response.feature_rows(contacts, setting.profile, names)
    chosen = rows.orderBy(F.xxhash64("key"), "key").limit(setting.params.reference_rows)
    table = pd.DataFrame(chosen.select("features", "label").toPandas())
    features = np.array(table["features"].tolist(), np.float64)
    return np.nan_to_num(features, nan=MISSING), table["label"].to_numpy(np.float64)


def _measured(fit: Fit, train: DataFrame, test: DataFrame) -> Predicted:
    return collect_predicted(response.scored_contacts(test, fit(train)))


def collect_predicted(scored: DataFrame) -> Predicted:
    """The counts by predicted probability.

    Args:
        scored: ``score``, ``label``.
    """
    probability = F.round("score", _DECIMALS).alias("probability")
    counts = scored.groupBy(probability).agg(F.count("*").alias("rows"), F.sum("label").alias("positive"))
    table = pd.DataFrame(counts.toPandas()).sort_values("probability").astype(np.float64)
    return Predicted(*(table[name].to_numpy() for name in ("probability", "rows", "positive")))


def _collect_share(train: DataFrame) -> float:
    offers = response.collect_offers(train)
    return offers.accepted / offers.contacts


def _collect_offer_names(train: DataFrame) -> tuple[str, ...]:
    """Products × channels, at most."""
    return tuple(row["offer"] for row in train.select("offer").distinct().orderBy("offer").collect())


def _customers(profile: Floats, offers: int) -> CustomerBatch:
    """Customers of whom nothing but the profile is known."""
    nothing, n = csr_matrix((len(profile), offers)), len(profile)
    return CustomerBatch(
        strength=nothing,
        owned=nothing,
        evidence=nothing,
        holders=nothing,
        segment=np.full(n, "", dtype=object),
        risk_level=np.zeros(n, np.int64),
        key=np.zeros(n, np.uint64),
        rating=nothing,
        profile=profile,
    )
