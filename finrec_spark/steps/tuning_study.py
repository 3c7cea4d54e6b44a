"""The trials of a tuning: which parameters come next (optuna), and what was measured of them before.

What a trial measures is kept in a file as soon as it is known. Which parameters come next is not: a fresh sampler with
the same seed is told the trials again from the first on, and asks for the same ones in the same order, so whoever was
interrupted ends as if nobody had been.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import create_trial

from finrec_spark.errors import ConfigError
from finrec_spark.evaluation.tuning import Trial, TrialFigures
from finrec_spark.params import OneOf, Params, Range, Setting, ranges_of, settings_of

Measure = Callable[[int, Mapping[str, Setting]], TrialFigures]
"""A trial's number and settings → its figures."""

_LINE_BEGINS = b'{"op_code":'


@dataclass(frozen=True)
class KeptTrials:
    """A study in a file.

    Attributes:
        study: its trials that were measured, each with its figures.
        space: where the parameters are tuned.
    """

    study: optuna.Study
    space: Mapping[str, BaseDistribution]

    def figures(self) -> dict[frozenset[tuple[str, Setting]], TrialFigures]:
        """Settings → what was measured."""
        return {frozenset(t.params.items()): _figures(t.user_attrs) for t in self.study.trials}

    def add(self, settings: Mapping[str, Setting], figures: TrialFigures) -> None:
        """Keep what was measured, in one write."""
        space, kept = dict(self.space), asdict(figures)
        measured = create_trial(params=dict(settings), distributions=space, value=figures.mean, user_attrs=kept)
        self.study.add_trial(measured)


def space_of(params: Params) -> dict[str, BaseDistribution]:
    """Where the parameters are tuned: their declared ranges, widened to what is configured."""
    configured = settings_of(params)
    return {name: _distribution(range_, configured[name]) for name, range_ in ranges_of(type(params)).items()}


def study_name(model: str, fingerprint: str) -> str:
    """Changes with all that a trial depends on, optuna's version included, which decides what comes next."""
    return f"{model} {fingerprint[:16]} optuna {optuna.__version__}"


def open_trials(file: Path, name: str, space: Mapping[str, BaseDistribution]) -> KeptTrials:
    """The study of this name in the file, which is made where it is missing.

    Raises:
        ConfigError: the file holds something else, or cannot be written.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _mend(file)
        storage = JournalStorage(JournalFileBackend(str(file)))
        study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror}); give --storage a file that can") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{file}: is not a file of trials; give --storage another one, or delete it") from error
    return KeptTrials(study, space)


def run_trials(kept: KeptTrials, params: Params, number: int, seed: int, measure: Measure) -> tuple[Trial, ...]:
    """The first ``number`` trials, those of them measured that were not yet; trial 0 is what is configured."""
    known = kept.figures()
    asked = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    asked.enqueue_trial(settings_of(params))
    trials = []
    for place in range(number):
        trial = asked.ask(dict(kept.space))
        settings: dict[str, Setting] = dict(trial.params)
        same = frozenset(settings.items())
        if same not in known:
            known[same] = measure(place, settings)
            kept.add(settings, known[same])
        asked.tell(trial, known[same].mean)
        trials.append(Trial(place, settings, known[same]))
    return tuple(trials)


def _distribution(range_: Range, configured: Any) -> BaseDistribution:
    if isinstance(range_, OneOf):
        return CategoricalDistribution(tuple(dict.fromkeys((*range_.values, configured))))
    low, high = min(range_.low, configured), max(range_.high, configured)
    if isinstance(configured, int):
        return IntDistribution(int(low), int(high), log=range_.log)
    return FloatDistribution(low, high, log=range_.log)


def _figures(kept: Mapping[str, Any]) -> TrialFigures:
    return TrialFigures(tuple(kept["by_month"]), kept["gain"], kept["low"], kept["high"])


def _mend(file: Path) -> None:
    """Drop the half line of whoever was killed in the middle of a write, which would spoil the next one.

    Raises:
        ValueError: the file holds something else, which is left alone.
    """
    content = file.read_bytes() if file.exists() else b""
    lines = content.splitlines(keepends=True)
    if any(line[: len(_LINE_BEGINS)] != _LINE_BEGINS[: len(line)] for line in lines):
        raise ValueError("not what optuna writes")
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        file.write_bytes(content[:whole])
