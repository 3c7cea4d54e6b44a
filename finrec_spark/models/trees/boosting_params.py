"""Parameters of boosted trees, apart from what fits them: every job reads these, and few need LightGBM."""

from pydantic import Field

from finrec_spark.params import Params

SETTLED_POSITIVES = 2_500
"""Positives beyond which boosted trees grow, and a forest has less to say beside them (``voting``).

As they are was best with 500 to 1,100 positives, and no longer with 10,000 and 98,000.
"""


class BoostingParams(Params):
    """How boosted trees are learned.

    With more positives than ``settled_positives`` there are more rounds and leaves, × √(positives ÷ that): what would
    follow the noise of few of them is learned from many.
    """

    rounds: int = Field(100, ge=1, le=5000, description="Trees, one after the other, where positives are few")
    leaves: int = Field(15, ge=2, description="Leaves of a tree, at most, where positives are few")
    settled_positives: int = Field(SETTLED_POSITIVES, ge=1, description="Positives beyond which both grow")
    most_growth: float = Field(4.0, ge=1, description="How many times as many rounds and leaves there are, at most")
    learning_rate: float = Field(0.05, gt=0, le=1, description="How much of its step each tree takes")
    minimum_rows: int = Field(100, ge=1, description="Training rows of a leaf, at least")
    features_share: float = Field(0.5, gt=0, le=1, description="Share of the features that one tree chooses from")
    rows_share: float = Field(0.7, gt=0, le=1, description="Share of the rows that one tree learns from")
    ridge: float = Field(10.0, ge=0, description="L2 penalty of the leaves' values")
    bins: int = Field(127, ge=2, le=65_535, description="Thresholds tried for one feature, at most, plus one")
    most_rows: int = Field(
        1_000_000, ge=1_000, description="Rows that the month's trees learn from, at most, about: a share of more"
    )
    seed: int = Field(29, description="Seed of the rows and features that each tree sees")
