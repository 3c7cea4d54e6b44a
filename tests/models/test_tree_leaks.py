import pandas as pd
import pytest

from finrec_spark.errors import DataQualityError
from finrec_spark.models.trees.kernel import arrange_trees
from finrec_spark.models.trees.leaks import require_no_leak

NAMES = ("als:share", "taken_next_month")


@pytest.fixture
def stump():
    def build(feature, left, right):
        nodes = [
            (0, 0, 1, 2, feature, 0.5, 0.05, 1000.0),
            (0, 1, -1, -1, None, None, *left),
            (0, 2, -1, -1, None, None, *right),
        ]
        columns = ("tree", "node", "left", "right", "feature", "threshold", "probability", "weight")
        return arrange_trees(pd.DataFrame(nodes, columns=columns), NAMES)

    return build


def test_a_planted_outcome_is_caught_by_name(stump):
    with pytest.raises(DataQualityError, match="taken_next_month alone tells"):
        require_no_leak(stump("taken_next_month", left=(0.001, 950.0), right=(0.98, 50.0)), NAMES)


def test_a_feature_that_only_ranks_well_passes(stump):
    require_no_leak(stump("als:share", left=(0.01, 900.0), right=(0.41, 100.0)), NAMES)


def test_a_pure_answer_that_few_get_passes(stump):
    require_no_leak(stump("als:share", left=(0.045, 995.0), right=(1.0, 5.0)), NAMES)
