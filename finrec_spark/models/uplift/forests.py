"""Kernel: a forest of effects, kept as ``model.trees`` keeps forests of probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame

from finrec_spark.arrays import Floats
from finrec_spark.models.offer_features import Words, collect_offer_features, feature_matrix
from finrec_spark.models.trees.fitting import fit_trees
from finrec_spark.models.trees.kernel import Trees, collect_trees, probabilities
from finrec_spark.models.uplift.trials import Sample
from finrec_spark.transforms.profiles.vector import ProfileFeature


@dataclass(frozen=True)
class EffectForest:
    """Predicts uplift.

    Attributes:
        trees: over the profile vector and then ``offers``; their leaves hold (1 + effect) ÷ 2.
        offers: the features of categories and channels that they ask for.
    """

    trees: Trees
    offers: tuple[str, ...]

    def score(self, profile: Floats, category: Words, channel: Words) -> Floats:
        """Probability of taking the product when it is offered minus when it is not, in [−1, 1], B.

        Args:
            profile: B × F profile vectors, NaN where a value is missing.
            category: of the product that is offered, B.
            channel: that it is offered over, B.
        """
        features = feature_matrix(profile, self.offers, category, channel)
        return 2 * probabilities(self.trees, features) - 1


def collect_effect_forest(nodes: DataFrame, profile: Sequence[ProfileFeature]) -> EffectForest:
    """The scorer of a learner's rows.

    Args:
        nodes: what a learner's ``fit`` returned, or the rows of one month and model in ``model.trees``.
        profile: the places of the profile vector that will be scored; more than at the fit are no harm.

    Raises:
        ModelNotFound: there are none, or they ask for a feature that the profile has not.
    """
    offers = collect_offer_features(nodes)
    return EffectForest(collect_trees(nodes, [*(feature.name for feature in profile), *offers]), offers)


def fit_effects(sample: Sample, effects: DataFrame, name: str) -> DataFrame:
    """One row: one node of the forest learned on estimates of each trial's effect; ``model.trees`` without keys.

    A leaf's mean effect beyond −1 or 1, which no difference of probabilities is, counts as −1 or 1.

    Args:
        sample: names, parameters and scratch folder.
        effects: the sample's rows with ``effect``, whose mean over like trials is the uplift; may lie beyond ±1.
        name: of the learner's part of the scratch folder.
    """
    rows = effects.withColumn("label", _as_share(effects["effect"]))
    return fit_trees(rows, sample.names, sample.params.effect, single=False, scratch=f"{sample.scratch}/{name}")


def _as_share(effect: Column) -> Column:
    return (1 + effect) / 2
