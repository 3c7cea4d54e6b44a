"""Response: the probability that a customer accepts a product of a category when it is offered over a channel.

A random forest over earlier contacts: what the customer is like, the product's category, the channel. It is what a
campaign weighs a contact by: the expected value of an offer is this probability times what an acceptance brings.

Of the profile only the delivered and slow features are read: holdings, activity and past answers follow from the very
contacts that are learned from. One part of the contacts is kept from the forest and calibrates it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.calibration import Curve, calibrated, collect_curve, fit_calibration
from finrec_spark.models.trees.fitting import TreesParams, fit_trees
from finrec_spark.models.trees.kernel import Trees, collect_trees, leaves, probabilities
from finrec_spark.params import Params
from finrec_spark.sampling import bucket
from finrec_spark.transforms.profiles.token_counts import profile_matrix
from finrec_spark.transforms.profiles.vector import SLOW, ProfileFeature, is_read

NAME = "response"
CATEGORY, CHANNEL = "product=", "channel="
"""What the features of a product's category and of a channel begin with: 1 where it is that one, else 0."""

_PARTS = 1_000
_SCORES_DDL = "score double, label double, weight double"


class AcceptanceParams(Params):
    """How acceptance is learned from earlier contacts."""

    include: tuple[str, ...] = Field(SLOW, description="Profile features that are read; * stands for anything")
    exclude: tuple[str, ...] = Field((), description="Features that are left out all the same")
    answer_days: int = Field(14, ge=0, description="Days to answer; younger contacts are not learned from")
    calibration_share: float = Field(0.25, gt=0, lt=1, description="Share of the contacts that calibrates the forest")
    calibration: Literal["isotonic", "sigmoid"] = Field("isotonic", description="How a score becomes a probability")
    forest: TreesParams = Field(TreesParams(), description="The random forest")


@dataclass(frozen=True)
class FittedResponse:
    """The rows of one fitted model.

    Attributes:
        trees: ``model.trees`` without month and model.
        calibration: ``model.calibration`` likewise.
    """

    trees: DataFrame
    calibration: DataFrame


def feature_names(
    profile: Sequence[ProfileFeature], categories: Iterable[str], channels: Iterable[str], params: AcceptanceParams
) -> tuple[str, ...]:
    """What the forest reads: the included profile features, then categories and channels, each by name."""
    included = [f.name for f in profile if is_read(f.name, params.include, params.exclude)]
    of_offer = [*(CATEGORY + name for name in sorted(categories)), *(CHANNEL + name for name in sorted(channels))]
    return (*included, *of_offer)


def fit(
    contacts: DataFrame, profile: Sequence[ProfileFeature], names: Sequence[str], params: AcceptanceParams, scratch: str
) -> FittedResponse:
    """The forest and its calibration. Runs at once.

    Args:
        contacts: result of ``transforms.acceptances.answered_contacts``; both answers must be among them.
        profile: the places of the profile vector.
        names: result of ``feature_names``.
        params: the model's parameters.
        scratch: folder or URI for MLlib's trees.
    """
    rows = feature_rows(contacts, profile, names)
    calibrates = bucket(_PARTS, "key") < F.lit(params.calibration_share * _PARTS)
    nodes = fit_trees(rows.where(~calibrates), names, params.forest, single=False, scratch=scratch)
    scored = scored_rows(rows.where(calibrates), collect_trees(nodes, names))
    return FittedResponse(nodes, fit_calibration(scored, params.calibration))


def feature_rows(contacts: DataFrame, profile: Sequence[ProfileFeature], names: Sequence[str]) -> DataFrame:
    """One row: one contact as the forest reads it: ``key``, ``features``, ``label``, ``weight``."""
    place = {feature.name: position for position, feature in enumerate(profile)}
    values = [
        F.col("profile")[place[name]] if name in place else (F.col(column) == value).cast("double")
        for name in names
        for column, value in [_offer_feature(name)]
    ]
    return contacts.select("key", F.array(*values).alias("features"), "label", F.lit(1.0).alias("weight"))


def scored_rows(rows: DataFrame, trees: Trees) -> DataFrame:
    """One row: the forest's ``score`` of one contact, with its ``label`` and ``weight``."""

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            features = profile_matrix(batch.column("features"))
            columns = [pa.array(np.round(probabilities(trees, leaves(trees, features)), 12))]
            columns += [batch.column("label"), batch.column("weight")]
            yield pa.RecordBatch.from_arrays(columns, names=("score", "label", "weight"))

    return rows.mapInArrow(score, _SCORES_DDL)


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

    def score(self, profile: Floats, category: NDArray[np.object_], channel: NDArray[np.object_]) -> Floats:
        """Probability that each customer accepts, B.

        A category or channel that was never contacted is none of those that were.

        Args:
            profile: B × F profile vectors, NaN where a value is missing.
            category: of the product that is offered, B.
            channel: that it is offered over, B.
        """
        given = {CATEGORY: category, CHANNEL: channel}
        offered = [given[name[: name.index("=") + 1]] == name[name.index("=") + 1 :] for name in self.offers]
        features = np.column_stack([profile, *(column.astype(np.float64) for column in offered)])
        return calibrated(self.curve, probabilities(self.trees, leaves(self.trees, features)))


def scorer(trees: DataFrame, calibration: DataFrame, profile: Sequence[ProfileFeature]) -> ResponseScorer:
    """The scorer of one month's rows.

    Args:
        trees: the model's rows of ``model.trees``.
        calibration: those of ``model.calibration``.
        profile: the places of the profile vector that will be scored; more than at the fit are no harm.

    Raises:
        ModelNotFound: there are none, or the trees ask for a feature that the profile has not.
    """
    offers = collect_offers(trees)
    names = [*(feature.name for feature in profile), *offers]
    return ResponseScorer(collect_trees(trees, names), collect_curve(calibration), offers)


def collect_offers(trees: DataFrame) -> tuple[str, ...]:
    """The features of categories and channels that the trees ask for: as many as there are, at most."""
    is_offer = F.col("feature").startswith(CATEGORY) | F.col("feature").startswith(CHANNEL)
    rows = trees.where(is_offer).select("feature").distinct().orderBy("feature").collect()
    return tuple(row["feature"] for row in rows)


def require_both_answers(accepted: int, contacts: int, least: int) -> None:
    """Nothing, where there is enough to learn from.

    Raises:
        ModelNotFound: fewer than ``least`` contacts were accepted, or not.
    """
    if min(accepted, contacts - accepted) < least:
        raise ModelNotFound(
            f"response: {accepted} of {contacts} earlier contacts were accepted; {least} of either answer are needed,"
            " so deliver more contacts and campaign_responses, or leave this job out"
        )


def _offer_feature(name: str) -> tuple[str, str]:
    """The column of an offer and the value that the feature stands for."""
    column = "category" if name.startswith(CATEGORY) else "channel"
    return column, name[name.index("=") + 1 :] if "=" in name else ""
