"""The models of the response protocol: MLlib's, and scikit-learn's beside them."""

import numpy as np
import pandas as pd
from pyspark.ml.classification import NaiveBayes
from pyspark.ml.functions import array_to_vector
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import CategoricalNB

from finrec_spark.arrays import Floats, Ints
from finrec_spark.evaluation.responses import Calibrate, Candidate, Fit, ResponseParams, Score
from finrec_spark.models.calibration import calibrated, collect_curve, fit_calibration
from finrec_spark.models.trees.fitting import fit_trees
from finrec_spark.models.trees.kernel import MISSING, collect_trees, leaves, probabilities
from finrec_spark.transforms.ingest.contact_table import CategoryRates, Contacts, category_rates
from finrec_spark.transforms.profiles.bins import ProfileBins, profile_bins

_ROWS = "key bigint, features array<double>, label double, weight double"
_TOKENS = "label double, tokens array<bigint>"
_SCORES = "score double, label double, weight double"


def candidates(spark: SparkSession, params: ResponseParams, scratch: str) -> dict[str, Candidate]:
    """The models by name; scikit-learn's are not calibrated.

    Args:
        spark: the session.
        params: their parameters.
        scratch: folder or URI for MLlib's trees.
    """
    calibrate = mllib_calibration(spark, params)
    return {
        "decision_tree": Candidate(mllib_trees(spark, params, True, scratch), calibrate),
        "random_forest": Candidate(mllib_trees(spark, params, False, scratch), calibrate),
        "naive_bayes": Candidate(mllib_naive_bayes(spark, params), calibrate),
        "random_forest_sklearn": Candidate(sklearn_forest(params), None),
        "naive_bayes_sklearn": Candidate(sklearn_naive_bayes(params), None),
    }


def mllib_trees(spark: SparkSession, params: ResponseParams, single: bool, scratch: str) -> Fit:
    """MLlib's forest, or single tree, over numbers and categories' rates."""

    def fit(contacts: Contacts) -> Score:
        rates = category_rates(contacts, params.rate_smoothing)
        names = [feature.name for feature in contacts.features]
        columns = {"key": contacts.key, "features": rates.numbers(contacts.vectors).tolist()}
        table = pd.DataFrame({**columns, "label": contacts.label, "weight": 1.0})
        rows = spark.createDataFrame(table, _ROWS)
        nodes = fit_trees(rows, names, params.tree if single else params.forest, single, scratch)
        trees = collect_trees(nodes, names)
        return lambda vectors: probabilities(trees, leaves(trees, rates.numbers(vectors)))

    return fit


def mllib_naive_bayes(spark: SparkSession, params: ResponseParams) -> Fit:
    """MLlib's multinomial naive Bayes over one token a column: the bin of a number, the value of a category."""

    def fit(contacts: Contacts) -> Score:
        bins = fitted_bins(contacts, params)
        tokens = bins.tokens(contacts.vectors)
        table = pd.DataFrame({"label": contacts.label, "tokens": tokens.tolist()})
        every = F.sequence(F.lit(0), F.lit(bins.n_tokens - 1))
        one_hot = F.transform(every, lambda t: F.array_contains("tokens", t.cast("bigint")).cast("double"))
        rows = spark.createDataFrame(table, _TOKENS).select("label", array_to_vector(one_hot).alias("features"))
        model = NaiveBayes(modelType="multinomial", smoothing=params.smoothing).fit(rows)
        log_ratio = np.subtract(*model.theta.toArray()[::-1])
        log_ratio[np.bincount(tokens.ravel(), minlength=bins.n_tokens) == 0] = 0.0  # what nobody had says nothing
        prior = float(np.subtract(*model.pi.toArray()[::-1]))
        return lambda vectors: np.asarray(expit(log_ratio[bins.tokens(vectors)].sum(axis=1) + prior))

    return fit


def mllib_calibration(spark: SparkSession, params: ResponseParams) -> Calibrate:
    """MLlib's isotonic or logistic regression of the outcome on the score."""

    def calibrate(score: Floats, label: Floats) -> Score:
        table = pd.DataFrame({"score": score, "label": label, "weight": 1.0})
        curve = collect_curve(fit_calibration(spark.createDataFrame(table, _SCORES), params.calibration))
        return lambda scores: calibrated(curve, scores)

    return calibrate


def sklearn_forest(params: ResponseParams) -> Fit:
    """scikit-learn's forest over the same numbers as MLlib's, grown as deep as the least leaf allows."""

    def fit(contacts: Contacts) -> Score:
        rates = category_rates(contacts, params.rate_smoothing)
        model = RandomForestClassifier(
            n_estimators=params.reference_trees,
            min_samples_leaf=params.forest.minimum_rows,
            random_state=params.forest.seed,
            n_jobs=-1,
        )
        model.fit(_filled(rates, contacts.vectors), contacts.label)
        return lambda vectors: np.asarray(model.predict_proba(_filled(rates, vectors))[:, 1])

    return fit


def sklearn_naive_bayes(params: ResponseParams) -> Fit:
    """scikit-learn's categorical naive Bayes over the same bins and values as MLlib's."""

    def fit(contacts: Contacts) -> Score:
        bins = fitted_bins(contacts, params)
        sizes = [feature.count for feature in bins.features]
        model = CategoricalNB(alpha=params.smoothing, min_categories=sizes)
        model.fit(_places(bins, contacts.vectors), contacts.label)
        return lambda vectors: np.asarray(model.predict_proba(_places(bins, vectors))[:, 1])

    return fit


def fitted_bins(contacts: Contacts, params: ResponseParams) -> ProfileBins:
    """Bins of all columns, a number's edges being quantiles of these contacts."""
    return profile_bins(contacts.features, range(len(contacts.features)), contacts.vectors, params.bins)


def _places(bins: ProfileBins, vectors: Floats) -> Ints:
    return bins.tokens(vectors) - bins.first[:-1]


def _filled(rates: CategoryRates, vectors: Floats) -> Floats:
    """Numbers as trees see them, what is missing below all others."""
    return np.nan_to_num(rates.numbers(vectors), nan=MISSING)
