"""Response: the probability that a customer accepts a product of a category when it is offered over a channel.

A random forest over earlier contacts: what the customer is like, the product's category, the channel. It is what a
campaign weighs a contact by: the expected value of an offer is this probability times what an acceptance brings.
``evaluate --protocol response`` fits and scores with this module too: what is measured is what is deployed.

Of the profile only the delivered and slow features are read: holdings, activity and past answers follow from the very
contacts that are learned from. One part of the contacts is kept from the forest and calibrates it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.calibration import AS_IT_IS, Curve, calibrated, collect_curve, fit_calibration
from finrec_spark.models.offer_features import (
    Words,
    collect_offer_features,
    feature_array,
    feature_matrix,
    included_features,
    offer_features,
)
from finrec_spark.models.trees.fitting import TreesParams, fit_trees
from finrec_spark.models.trees.kernel import Trees, collect_trees, probabilities
from finrec_spark.params import Params
from finrec_spark.sampling import in_share
from finrec_spark.transforms.profiles.token_counts import profile_matrix
from finrec_spark.transforms.profiles.vector import SLOW, ProfileFeature

NAME = "response"
_COLUMNS = ("profile", "offer", "category", "channel", "label")
_SCORES_DDL = "score double, label double, weight double"


class AcceptanceParams(Params):
    """How acceptance is learned from earlier contacts."""

    include: tuple[str, ...] = Field(SLOW, description="Profile features that are read; * stands for anything")
    exclude: tuple[str, ...] = Field((), description="Features that are left out all the same")
    answer_days: int = Field(14, ge=0, description="Days to answer; younger contacts are not learned from")
    least: int = Field(50, ge=1, description="Contacts of either answer that make it worth learning")
    calibration_share: float = Field(0.25, gt=0, lt=1, description="Share of the contacts that calibrates the forest")
    calibration: Literal["isotonic", "sigmoid"] = Field("isotonic", description="How a score becomes a probability")
    most_rows: int = Field(
        100_000, ge=1_000, description="Contacts that the forest learns from, at most, about: a share of more"
    )
    forest: TreesParams = Field(
        TreesParams(trees=100, depth=12, minimum_rows=5, features_per_split="onethird"), description="The random forest"
    )


@dataclass(frozen=True)
class FittedResponse:
    """The rows of one fitted model.

    Attributes:
        trees: ``model.trees`` without month and model.
        calibration: ``model.calibration`` likewise.
        contacts: how many it learned from.
        accepted: how many of them were accepted.
    """

    trees: DataFrame
    calibration: DataFrame
    contacts: int
    accepted: int


@dataclass(frozen=True)
class Offers:
    """What was offered, and what came of it.

    Attributes:
        categories: of the products.
        channels: that they were offered over.
        contacts: how many offers.
        accepted: how many were accepted.
    """

    categories: frozenset[str]
    channels: frozenset[str]
    contacts: int
    accepted: int


@dataclass(frozen=True)
class ContactBatch:
    """B contacts.

    Attributes:
        profile: B × F profile vectors, NaN where a value is missing.
        offer: product and channel in one, such as P017 by sms, B.
        category: of the product, B; None where unknown.
        channel: B; None where unknown.
    """

    profile: Floats
    offer: Words
    category: Words
    channel: Words


Predict = Callable[[ContactBatch], Floats]
"""From contacts to the probability that each is accepted, B."""


def fit(
    contacts: DataFrame, profile: Sequence[ProfileFeature], params: AcceptanceParams, scratch: str
) -> FittedResponse:
    """The forest and its calibration. Runs at once; reads the contacts several times.

    Args:
        contacts: result of ``transforms.acceptances.answered_contacts``.
        profile: the places of the profile vector.
        params: the model's parameters.
        scratch: folder or URI for MLlib's trees; overwritten, and read whenever the result is.

    Raises:
        ModelNotFound: there are too few contacts of either answer.
    """
    offers = collect_offers(contacts)
    require_both_answers(offers, params.least)
    names = feature_names(profile, offers, params)
    calibrates = in_share(params.calibration_share, F.lit("calibrates"), "key")
    share = params.most_rows / (offers.contacts * (1 - params.calibration_share))
    learned_from = contacts.where(~calibrates & in_share(min(share, 1.0), F.lit("learned"), "key"))
    rows = feature_rows(learned_from, profile, names)
    nodes = fit_trees(rows, names, params.forest, single=False, scratch=scratch)
    uncalibrated = _scorer(nodes, AS_IT_IS, profile)
    curve = fit_calibration(scored_contacts(contacts.where(calibrates), uncalibrated.predict), params.calibration)
    return FittedResponse(nodes, curve, offers.contacts, offers.accepted)


def collect_offers(contacts: DataFrame) -> Offers:
    """What was offered in these contacts: a few categories and channels."""
    counts = contacts.groupBy("category", "channel").agg(F.count("*").alias("n"), F.sum("label").alias("accepted"))
    rows = counts.collect()
    return Offers(
        frozenset(row["category"] for row in rows if row["category"] is not None),
        frozenset(row["channel"] for row in rows if row["channel"] is not None),
        sum(row["n"] for row in rows),
        int(sum(row["accepted"] for row in rows)),
    )


def require_both_answers(offers: Offers, least: int) -> None:
    """Nothing, where there is enough to learn from.

    Raises:
        ModelNotFound: fewer than ``least`` contacts were accepted, or not.
    """
    if min(offers.accepted, offers.contacts - offers.accepted) < least:
        raise ModelNotFound(
            f"response: {offers.accepted} of {offers.contacts} earlier contacts were accepted; {least} of either answer"
            " are needed (acceptance.least), so deliver more contacts with their answers, or leave this model out"
        )


def feature_names(profile: Sequence[ProfileFeature], offers: Offers, params: AcceptanceParams) -> tuple[str, ...]:
    """What the forest reads: the included profile features, then categories and channels, each by name."""
    included = included_features(profile, params.include, params.exclude)
    return (*included, *offer_features(offers.categories, offers.channels))


def feature_rows(contacts: DataFrame, profile: Sequence[ProfileFeature], names: Sequence[str]) -> DataFrame:
    """One row: one contact as the forest reads it: ``key``, ``features``, ``label``, ``weight``."""
    features = feature_array(profile, names).alias("features")
    return contacts.select("key", features, "label", F.lit(1.0).alias("weight"))


def scored_contacts(contacts: DataFrame, predict: Predict) -> DataFrame:
    """One row: the predicted ``score`` of one contact, with its ``label`` and ``weight`` (1).

    Args:
        contacts: ``profile``, ``offer``, ``category``, ``channel``, ``label``.
        predict: the model; sent to every executor.
    """

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            scores = pa.array(np.round(predict(contact_batch(batch)), 12))
            columns = [scores, batch.column("label"), pa.array(np.ones(batch.num_rows))]
            yield pa.RecordBatch.from_arrays(columns, names=("score", "label", "weight"))

    return contacts.select(*_COLUMNS).mapInArrow(score, _SCORES_DDL)


def contact_batch(batch: pa.RecordBatch) -> ContactBatch:
    """A batch of contacts in numpy."""
    words = (batch.column(name).to_numpy(zero_copy_only=False) for name in ("offer", "category", "channel"))
    return ContactBatch(profile_matrix(batch.column("profile")), *words)


@dataclass(frozen=True)
class ResponseScorer:
    """Predicts acceptance.

    Attributes:
        trees: the forest, over the profile vector and then ``offers``.
        curve: from its score to a probability.
        offers: the features of categories and channels that it asks for.
    """

    trees: Trees
    curve: Curve
    offers: tuple[str, ...]

    def predict(self, batch: ContactBatch) -> Floats:
        """Probability that each contact is accepted, B."""
        return self.score(batch.profile, batch.category, batch.channel)

    def score(self, profile: Floats, category: Words, channel: Words) -> Floats:
        """Probability that each customer accepts, B.

        A category or channel that was never contacted is none of those that were.

        Args:
            profile: B × F profile vectors, NaN where a value is missing.
            category: of the product that is offered, B.
            channel: that it is offered over, B.
        """
        features = feature_matrix(profile, self.offers, category, channel)
        return calibrated(self.curve, probabilities(self.trees, features))


def scorer(trees: DataFrame, calibration: DataFrame, profile: Sequence[ProfileFeature]) -> ResponseScorer:
    """The scorer of one month's rows.

    Args:
        trees: the model's rows of ``model.trees``.
        calibration: those of ``model.calibration``.
        profile: the places of the profile vector that will be scored; more than at the fit are no harm.

    Raises:
        ModelNotFound: there are none, or the trees ask for a feature that the profile has not.
    """
    return _scorer(trees, collect_curve(calibration), profile)


def _scorer(trees: DataFrame, curve: Curve, profile: Sequence[ProfileFeature]) -> ResponseScorer:
    offers = collect_offer_features(trees)
    names = [*(feature.name for feature in profile), *offers]
    return ResponseScorer(collect_trees(trees, names), curve, offers)
