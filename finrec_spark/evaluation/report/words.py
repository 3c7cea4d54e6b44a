"""What models and metrics are called where people read of them."""

from finrec_spark.evaluation.figures import ENSEMBLE_GAIN

METRIC_NAMES = {
    "auc": "AUC",
    "auuc": "AUUC",
    "brier": "Brier score",
    "calibration_error": "calibration error",
    "gain_over_everyone": "over everyone",
    "gain_over_random": "over random",
    "hit_rate": "hit rate",
    "lift": "top-decile lift",
    "mae": "MAE",
    "map": "MAP",
    "mrr": "MRR",
    "ndcg": "nDCG",
    "policy_value": "policy's value",
    "popularity_bias": "popularity bias",
    "qini": "Qini",
    "rmse": "RMSE",
    ENSEMBLE_GAIN: "ensemble's gain",
}
"""Those whose name is not the metric's own."""

MEANINGS = {
    "ndcg": "How high the products that were taken stand in the list, 1: all of them at its head.",
    "recall": "Share of what a customer took that was on the list.",
    "precision": "Share of the list that the customer took.",
    "hit_rate": "Share of customers with at least one product of their list taken.",
    "map": "Mean precision at the places of what was taken.",
    "mrr": "Mean of 1 ÷ place of the first product that was taken; 0 without one.",
    "coverage": "Share of the products on sale that anybody is recommended.",
    "novelty": "Mean of −log₂ of the share of customers who hold a listed product: 1 more is half as widely held.",
    "diversity": "Share of the pairs of a list that lie in different categories.",
    "popularity_bias": "How widely held listed products are, ÷ the same of what was taken: above 1, more popular.",
    ENSEMBLE_GAIN: "nDCG of the ensemble less that of the model, customer by customer.",
}


def metric_title(metric: str, k: int | None) -> str:
    """A metric's name with the list's length, such as nDCG@10."""
    name = METRIC_NAMES.get(metric, metric.replace("_", " "))
    return name if k is None or metric == ENSEMBLE_GAIN else f"{name}@{k}"


def model_title(model: str) -> str:
    """A model's name in words."""
    return model.replace("_", " ")
