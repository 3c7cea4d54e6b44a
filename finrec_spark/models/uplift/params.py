"""How uplift is learned."""

from typing import Literal

from pydantic import Field

from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.params import Params
from finrec_spark.transforms.profiles.vector import SLOW

Learner = Literal["relative", "two_models", "transformed_outcome", "dr"]


class UpliftParams(Params):
    """How uplift is learned from randomised contacts."""

    learner: Learner = Field(
        "relative",
        description="What campaigns read: relative (the lists' probability of taking the product, times what contacts"
        " multiply it by) or a forest of effects on customers (two_models, transformed_outcome, dr)",
    )
    include: tuple[str, ...] = Field(SLOW, description="Profile features that are read; * stands for anything")
    exclude: tuple[str, ...] = Field((), description="Features that are left out all the same")
    least: int = Field(
        500, ge=1, description="Trials of either arm that a category and channel need; with fewer they get a pooled one"
    )
    least_taken: int = Field(
        50,
        ge=1,
        description="Acquisitions in either arm that make it worth learning at all, and with which a category's and "
        "channel's own lift counts as much as what it is shrunk to",
    )
    outcomes: TreesParams = Field(
        TreesParams(trees=20, depth=6, minimum_rows=50, features_per_split="onethird"),
        description="Each of the four forests of what is taken: contacted or not, by halves of the customers",
    )
    effect: TreesParams = Field(
        TreesParams(trees=40, depth=4, minimum_rows=500, features_per_split="onethird"),
        description="The forest of the effect (transformed_outcome, dr): outcomes are noisy, so leaves are large",
    )
