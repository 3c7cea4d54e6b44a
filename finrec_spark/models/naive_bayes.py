"""Naive Bayes: p(like | profile) / p(dislike | profile) of every product, fitted by MLlib with the product as label.

Every binned profile feature gives a customer one token. With n(t, p) the customers who like product p and have
token t, T the number of tokens that anybody has and α = ``smoothing``:

    p(t | like p)    = (n(t, p) + α) / (Σ n(·, p) + α · T)          MLlib's multinomial model
    p(t | dislike p) = the same over those who dislike p             MLlib's complement model, or a second multinomial

    log odds = log p(like p) − log p(dislike p) + Σ over the customer's tokens log p(t | like p) − log p(t | dislike p)

A token's probability is its share of all tokens, so those of one feature sum to about 1 / number of features; that
cancels in the odds. The prior counts customers: p(like) = (takers + α) / (customers + 2α), all others dislike.
``dislike`` says whose tokens the second side has:

- ``took_another``: of whoever took another product, once for each that was taken (MLlib's complement).
- ``declined``: of whoever declined the product when it was offered and did not take it; a product that nobody
  declined falls back on ``took_another``.
- ``never_took``: of every customer who did not take it, once.

MLlib learns from sums of its rows alone (for the complement see Rennie et al. 2003), so it is handed those sums, one
row a product. They are counted in one pass over the customers, by the very function that bins customers when they
are scored. The number of Spark jobs does not depend on the number of products.

Only the delivered profile and slow features are read by default: holdings and activity follow from taking a product,
so they would tell what was taken before instead of who takes it. What nobody had when the model was fitted says
nothing later; a category's value that was rare or absent, or is new, counts as its other values do.

Cold start: a customer without history is scored by profile like everyone; a product that nobody took scores 0.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from pyspark.ml.classification import NaiveBayes
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.models.naive_bayes_scoring import PRIOR, NaiveBayesScorer, naive_bayes_scorer
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.params import Between, OneOf, Params
from finrec_spark.tables import (
    CONTACTS,
    INTERACTIONS,
    NAIVE_BAYES,
    PRODUCT_INDEX_TABLE,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    RESPONSES,
    SCORING_ROWS,
)
from finrec_spark.transforms.likes import declined_products, liked_products
from finrec_spark.transforms.profiles.bins import (
    MISSING,
    FeatureBins,
    ProfileBins,
    collect_profile_sample,
    profile_bins,
)
from finrec_spark.transforms.profiles.token_counts import TokenCounts, collect_token_counts, liking_rows
from finrec_spark.transforms.profiles.vector import SLOW, ProfileFeature, is_read

SAMPLE = 20_000  # customers that the bins' edges are taken from

_SIDES = "product_id string, log_like array<double>, log_dislike array<double>"
_TOKENS = "place int, feature string, bin int, low double, high double, value string"


Dislike = Literal["took_another", "declined", "never_took"]


class NaiveBayesParams(Params):
    """What naive Bayes learns from."""

    smoothing: Annotated[float, Between(0.01, 100.0, log=True)] = Field(
        1.0, gt=0, description="Customers added to the count of every token (MLlib's smoothing)"
    )
    bins: Annotated[int, Between(2, 40, log=True)] = Field(
        10, ge=2, le=1000, description="Quantile bins of a number; missing values have one more"
    )
    like_days: Annotated[int, Between(30, 1_095, log=True)] = Field(
        365, ge=1, description="Days before the month in which taking a product is liking it"
    )
    dislike: Annotated[Dislike, OneOf(("took_another", "never_took"))] = Field(
        "took_another",
        description="Who dislikes a product: takers of others, who declined it, or all who never took it",
    )
    include: tuple[str, ...] = Field(SLOW, description="Profile features that are read; * stands for anything")
    exclude: tuple[str, ...] = Field((), description="Features that are left out all the same")


def fit(inputs: FitInputs, params: NaiveBayesParams) -> DataFrame:
    """The odds of liking every product that was taken before the month, as ``liking_odds``."""
    profiles = inputs.read(SCORING_ROWS).select("customer_id", "profile")
    liked = liked_products(inputs.read(INTERACTIONS), inputs.month, params.like_days, inputs.opening_types)
    return liking_odds(profiles, liked, _declined(inputs), inputs.profile, inputs.product_ids, params)


def _declined(inputs: FitInputs) -> DataFrame | None:
    """What customers declined; None at a bank that delivers no contacts."""
    contacts, responses = inputs.read_if_there(CONTACTS), inputs.read_if_there(RESPONSES)
    return None if contacts is None or responses is None else declined_products(contacts, responses, inputs.month)


def liking_odds(
    profiles: DataFrame,
    liked: DataFrame,
    disliked: DataFrame | None,
    features: Sequence[ProfileFeature],
    product_ids: Sequence[str],
    params: NaiveBayesParams,
) -> DataFrame:
    """One row: what one value of one feature says about liking one product (``model.naive_bayes``, less month).

    Every product that anybody likes has a row for every token that anybody has, and one for the prior.

    Args:
        profiles: ``customer_id`` (distinct), ``profile`` (array<double> by feature, NaN where a value is missing).
        liked: ``customer_id``, ``product_id``; whoever has no profile is not counted.
        disliked: likewise, read for ``declined`` alone; None: nobody declined anything.
        features: the places of the profile.
        product_ids: product IDs by position; other products are not counted.
        params: ``like_days`` is not read, it belongs to making ``liked``.

    Raises:
        ConfigError: no feature of the profile is included.
        InputMissing: no customer has a profile.
    """
    bins = _fitted_bins(profiles, features, params)
    rows = liking_rows(profiles, liked, disliked if params.dislike == "declined" else None, product_ids)
    counts = collect_token_counts(rows, bins, len(product_ids))
    takers = takers_of(counts, bins)
    some, seen = np.flatnonzero(takers), np.flatnonzero(counts.everyone)
    known = TokenCounts(counts.liked[some][:, seen], counts.disliked[some][:, seen], counts.everyone[seen])
    spark = profiles.sparkSession
    like, dislike = token_logs(spark, known, params) if some.size else (known.liked, known.disliked)
    priors = prior_logs(takers[some], counts.everyone[: bins.first[1]].sum(), params.smoothing)
    sides = pd.DataFrame({"product_id": np.array(product_ids, dtype=object)[some]})
    sides["log_like"] = list(np.column_stack([like, priors[0]]))
    sides["log_dislike"] = list(np.column_stack([dislike, priors[1]]))
    return _named_rows(spark.createDataFrame(sides, _SIDES), _token_table(bins, features).iloc[[*seen, bins.n_tokens]])


def fit_answers(contacts: DataFrame, features: Sequence[ProfileFeature], params: NaiveBayesParams) -> DataFrame:
    """One row: what one value of one feature says about accepting one offer, as ``liking_odds`` says it of products.

    Who declined, or did not answer, dislikes; the prior is of those who were asked. All offers in one pass.

    Args:
        contacts: ``key`` (one a contact), ``profile``, ``offer``, ``label`` (1.0 where it was accepted).
        features: the places of the profile.
        params: ``dislike`` is not read.
    """
    counts = _collect_answers(contacts)
    asked = contacts.withColumn("customer_id", F.col("key").cast("string")).withColumnRenamed("offer", "product_id")
    accepted, declined = (
        asked.where(F.col("label") == answer).select("customer_id", "product_id") for answer in (1.0, 0.0)
    )
    declining = params.model_copy(update={"dislike": "declined"})
    profiles = asked.select("customer_id", "profile")
    rows = liking_odds(profiles, accepted, declined, features, list(counts["product_id"]), declining)

    contacted, smoothing = counts["n"] + 2 * params.smoothing, params.smoothing
    counts["log_like"] = np.log((counts["accepted"] + smoothing) / contacted)
    counts["log_dislike"] = np.log((counts["n"] - counts["accepted"] + smoothing) / contacted)
    priors = contacts.sparkSession.createDataFrame(counts[["product_id", "log_like", "log_dislike"]])
    is_prior = F.col("feature") == PRIOR
    of_asked = rows.where(is_prior).drop("log_like", "log_dislike").join(F.broadcast(priors), "product_id")
    return rows.where(~is_prior).unionByName(of_asked)


def _collect_answers(contacts: DataFrame) -> pd.DataFrame:
    """Contacts, ``n``, and how many were ``accepted``, by offer (``product_id``): a few."""
    counts = contacts.groupBy("offer").agg(F.sum("label").alias("accepted"), F.count("*").alias("n")).orderBy("offer")
    return pd.DataFrame(counts.withColumnRenamed("offer", "product_id").toPandas())


def takers_of(counts: TokenCounts, bins: ProfileBins) -> Floats:
    """Customers who like each product: each of them has one token of the first feature."""
    takers: Floats = counts.liked[:, : bins.first[1]].sum(axis=1)
    return takers


def token_logs(spark: SparkSession, counts: TokenCounts, params: NaiveBayesParams) -> tuple[Floats, Floats]:
    """log p(token | like) and log p(token | dislike), P × T each, as MLlib fits them."""
    like = _theta(spark, counts.liked, "multinomial", params)
    if params.dislike == "never_took":
        return like, _theta(spark, counts.everyone - counts.liked, "multinomial", params)
    took_another = -_theta(spark, counts.liked, "complement", params)  # MLlib's sign
    if params.dislike == "took_another":
        return like, took_another
    declined = _theta(spark, counts.disliked, "multinomial", params)
    return like, np.where(counts.disliked.any(axis=1, keepdims=True), declined, took_another)


def prior_logs(takers: Floats, customers: float, smoothing: float) -> tuple[Floats, Floats]:
    """log p(like) and log p(dislike) among all customers, P each."""
    among = np.log(customers + 2 * smoothing)
    return np.log(takers + smoothing) - among, np.log(customers - takers + smoothing) - among


def _theta(
    spark: SparkSession, counts: Floats, model: Literal["multinomial", "complement"], params: NaiveBayesParams
) -> Floats:
    rows = pd.DataFrame({"label": np.arange(len(counts), dtype=np.float64), "counts": list(counts)})
    labelled = spark.createDataFrame(rows, "label double, counts array<double>")
    vectors = labelled.select("label", array_to_vector(F.col("counts")).alias("features"))
    theta: Floats = NaiveBayes(modelType=model, smoothing=params.smoothing).fit(vectors).theta.toArray()
    return theta


def _fitted_bins(profiles: DataFrame, features: Sequence[ProfileFeature], params: NaiveBayesParams) -> ProfileBins:
    places = [place for place, feature in enumerate(features) if is_read(feature.name, params.include, params.exclude)]
    if not places:
        names = ", ".join(params.include)
        raise ConfigError(f"naive_bayes: no profile feature is left of {names}; change its include or exclude")
    sample = collect_profile_sample(profiles, SAMPLE)
    if not sample.size:
        raise InputMissing("naive_bayes: no customer has a profile; run build_profile with customers first")
    known = [place for place in places if place < sample.shape[1]]  # the others came with a later month
    return profile_bins(features, known, sample, params.bins)


def _token_table(bins: ProfileBins, features: Sequence[ProfileFeature]) -> pd.DataFrame:
    """Feature, bin and its meaning of every token, and last of the prior."""
    rows = [row for feature in bins.features for row in _bin_rows(feature, features[feature.place].values)]
    return pd.DataFrame([*rows, (PRIOR, 0, None, None, None)], columns=["feature", "bin", "low", "high", "value"])


def _bin_rows(
    feature: FeatureBins, values: Sequence[str]
) -> list[tuple[str, int, float | None, float | None, str | None]]:
    if feature.edges is None:
        return [(feature.name, n + MISSING, None, None, value) for n, value in enumerate((None, None, *values))]
    ends = zip((None, *feature.edges), (*feature.edges, None), strict=True)
    return [(feature.name, MISSING, None, None, None), *((feature.name, n, *end, None) for n, end in enumerate(ends))]


def _named_rows(sides: DataFrame, tokens: pd.DataFrame) -> DataFrame:
    """The products' lists, one row a token."""
    rows = [(place, *row) for place, row in enumerate(tokens.astype(object).where(tokens.notna(), None).to_numpy())]
    named = sides.sparkSession.createDataFrame(rows, _TOKENS)
    entries = sides.select("product_id", F.posexplode(F.arrays_zip("log_like", "log_dislike")).alias("place", "log"))
    of_token = entries.select("product_id", "place", "log.*").join(F.broadcast(named), "place", "inner")
    return of_token.select("product_id", "feature", "bin", "low", "high", "value", "log_like", "log_dislike")


def scorer(rows: DataFrame, inputs: ScorerInputs, params: NaiveBayesParams) -> NaiveBayesScorer:
    """The scorer of one month's rows of ``model.naive_bayes``; what it needs of the parameters is in the rows."""
    return naive_bayes_scorer(rows, inputs.product_ids, inputs.profile, inputs.sensitive)


SPEC = ModelSpec(
    name="naive_bayes",
    table=NAIVE_BAYES,
    params=NaiveBayesParams,
    step="train_naive_bayes",
    reads=(
        SCORING_ROWS,
        INTERACTIONS,
        CONTACTS,
        RESPONSES,
        PRODUCT_INDEX_TABLE,
        PROFILE_FEATURES,
        PROFILE_VALUES,
    ),
    scorer=scorer,
    fit=fit,
)
