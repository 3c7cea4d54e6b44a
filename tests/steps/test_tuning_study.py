"""Which parameters are tried, and that an interruption changes nothing."""

import pytest

from finrec_spark.errors import ConfigError
from finrec_spark.evaluation.tuning import TrialFigures
from finrec_spark.models.factorisation import AlsParams
from finrec_spark.models.neighbours.pearson_item import PearsonItemParams
from finrec_spark.params import settings_of

pytest.importorskip("optuna", reason="the tuning extra is not installed")
from finrec_spark.steps.tuning_study import open_trials, run_trials, space_of

ALS = AlsParams(rank=4)
TRIALS = 12


class Killed(BaseException):
    """As a signal ends a process."""


class Measured:
    """Likes a rank of 40; remembers what it was asked, and dies where it is told to."""

    def __init__(self, dies_at=None):
        self.asked, self.dies_at = [], dies_at

    def __call__(self, number, settings):
        if number == self.dies_at:
            raise Killed
        self.asked.append(dict(settings))
        return TrialFigures((1 / (1 + abs(settings["rank"] - 40)),), 0.0, None, None)


@pytest.fixture
def trials(tmp_path):
    def run(file, measure, number=TRIALS, seed=17, params=ALS):
        return run_trials(open_trials(tmp_path / file, "a study", space_of(params)), params, number, seed, measure)

    return run


def test_trial_0_is_what_is_configured_even_outside_of_the_declared_range(trials):
    (first,) = trials("a", Measured(), 1)
    assert first.settings == settings_of(ALS)


def test_a_configured_value_is_added_to_those_to_choose_from():
    assert space_of(PearsonItemParams(value="rating"))["value"].choices == ("strength", "owned", "rating")


@pytest.mark.parametrize("dies_at", [0, 5, TRIALS - 1])
def test_a_killed_tuning_goes_on_and_ends_as_one_that_was_not(trials, dies_at):
    whole = trials("whole", Measured())
    with pytest.raises(Killed):
        trials("killed", Measured(dies_at))
    rest = Measured()
    assert trials("killed", rest) == whole
    assert rest.asked == [trial.settings for trial in whole[dies_at:]]


def test_more_trials_go_on_from_those_that_there_are(trials):
    few, more = trials("a", Measured(), 5), Measured()
    assert trials("a", more, 8)[:5] == few
    assert len(more.asked) == 3


def test_another_seed_tries_other_parameters_and_keeps_what_is_known(trials):
    one, other = trials("a", Measured()), Measured()
    assert trials("a", other, seed=18) != one
    assert len(other.asked) == TRIALS - 1  # the configured ones are known


def test_half_a_line_of_whoever_was_killed_is_dropped(trials, tmp_path):
    few = trials("a", Measured(), 5)
    with (tmp_path / "a").open("a") as file:
        file.write('{"op_code":4,"worker')
    again = Measured()
    assert trials("a", again, 6)[:5] == few
    assert trials("a", Measured(), 6)[5].settings == again.asked[0]


@pytest.mark.parametrize("content", ["customers,rows\n", "customers", '{"op_code":0,"a":1}\n{"op_code":0,"b":2}\n'])
def test_a_file_that_holds_something_else_is_refused_in_one_line(trials, tmp_path, content):
    (tmp_path / "a").write_text(content)
    with pytest.raises(ConfigError, match="is not a file of trials"):
        trials("a", Measured())
    assert (tmp_path / "a").read_text() == content


def test_a_file_that_cannot_be_written_is_refused_in_one_line(trials, tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        trials("a", Measured())
