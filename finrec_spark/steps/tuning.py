"""Tuning a model's parameters on months that no evaluation has looked at: a step a model."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.evaluation.tuning import (
    CONFIGURED,
    NDCG,
    ListPlan,
    Takers,
    TrialFigures,
    Tuning,
    collect_figures,
    collect_takers,
    with_ndcg,
)
from finrec_spark.evaluation.tuning_report import PROTOCOL, tuning_figures
from finrec_spark.models.spec import ModelSpec, spec_of
from finrec_spark.months import month_after, month_name, months_before
from finrec_spark.params import Params, Setting, ranges_of, with_settings
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.ranking.scoring import scoring_rows
from finrec_spark.sources.delivery import local_path
from finrec_spark.steps.earlier_months import months_with_outcomes
from finrec_spark.steps.tuning_inputs import TuningMonth, persisted, read_tuning_month, tuning_reads
from finrec_spark.tables import METRICS

TRIALS_FILE = ".tuning/trials.journal"
"""Where trials are kept below a lake in a local folder."""


@dataclass(frozen=True)
class TuningRequest:
    """What was asked for.

    Attributes:
        months: the months that lists are held against, oldest first.
        trials: how many parameters are tried, the configured ones among them.
        seed: of what is tried.
        storage: file that keeps what was measured.
    """

    months: tuple[date, ...]
    trials: int
    seed: int
    storage: Path

    @property
    def decided(self) -> date:
        """The month after the last of them: all that is looked at was known before it."""
        return month_after(self.months[-1])


def tunable(name: str) -> str:
    """The name of a model that can be tuned.

    Raises:
        ConfigError: there is no such model, or it cannot be.
    """
    spec = spec_of(name)
    if spec.fit is None:
        raise ConfigError(f"--models {name}: its own job {spec.step} fits it, too long for a trial; leave it out")
    if not ranges_of(spec.params):
        raise ConfigError(f"--models {name}: no parameter of it declares a range to tune it in; leave it out")
    return name


def tuning_months(context: RunContext, decided: date, until: date | None, number: int) -> tuple[date, ...]:
    """The newest ``number`` months before the one that ``evaluate`` holds out, up to ``until``; oldest first.

    Raises:
        ConfigError: ``until`` is the held-out month or a later one.
        InputMissing: there is none.
    """
    held_out = months_before(decided, 1)
    if until is not None and until >= held_out:
        raise ConfigError(
            f"--until {month_name(until)}: what is decided for {month_name(decided)} is evaluated on"
            f" {month_name(held_out)}, which no tuning may see; give an earlier month"
        )
    before = held_out if until is None else month_after(until)
    months = months_with_outcomes(context, before)[-number:]
    if not months:
        raise InputMissing(
            f"nothing was taken before {month_name(before)} that lists could be held against; run ingest"
        )
    return tuple(months)


def storage_file(root: str, given: str | None) -> Path:
    """The file that keeps the trials: the one that was given, else one below the lake.

    Raises:
        ConfigError: none was given, and the lake is not on this machine.
    """
    if given is not None:
        return Path(given).absolute()
    lake = local_path(root)
    if lake is None:
        raise ConfigError(f"--lake {root} is not on this machine: give --storage FILE, where the trials are kept")
    return Path(lake) / TRIALS_FILE


def tuning_step(spec: ModelSpec[Any], request: TuningRequest, ended: Callable[[Tuning], None]) -> Step:
    """The step that tunes one model; its month follows the last one that is looked at.

    Args:
        ended: called with the trials.
    """

    def run(step_run: StepRun) -> int:
        tuning = _tuned(step_run, spec, request)
        rows = [(f.model, f.metric, f.k, f.segment, of, f.value, f.low, f.high) for of, f in tuning_figures(tuning)]
        figures = step_run.spark.createDataFrame(rows, METRICS.ddl_without("run_id", "protocol"))
        written = step_run.write(METRICS, figures, protocol=PROTOCOL, run_id=step_run.run_id, model=spec.name)
        ended(tuning)
        return written

    return Step(
        name=f"tune_{spec.name}",
        run=run,
        reads=lambda context, month: tuning_reads(spec, request.months),
        writes=(Writes(METRICS),),
        params=lambda config: {
            "parameters": config.of(spec),
            "k": config.last_month.k,
            "seed": request.seed,
            "months": [month_name(month) for month in request.months],
            "opening_types": list(config.matrix.opening_types),
            "risk_level_where_unknown": config.recommend.risk_level_where_unknown,
        },
        code=lambda config: [spec.scorer.__module__],
        always=True,
    )


@dataclass
class TrialRun:
    """Fits a model with a trial's parameters in every month and measures its lists.

    What all trials share is made when the first one has to be measured, and held until ``held`` is closed.
    """

    run: StepRun
    spec: ModelSpec[Any]
    request: TuningRequest
    held: ExitStack

    def measure(self, number: int, settings: Mapping[str, Setting]) -> TrialFigures:
        """The trial's figures."""
        params = with_settings(self._configured, settings)
        with ExitStack() as trial:
            measured = [
                self._listed(month, rows, params, trial, ["customer_id", CONFIGURED], NDCG)
                for month, rows in zip(self._months, self._rows, strict=True)
            ]
            figures = collect_figures(measured, self._takers)
        self.run.log(
            f"{self.run.step.name}: trial {number} of 0 to {self.request.trials - 1}:"
            f" nDCG@{self._k} {figures.mean:.4f}, {figures.gain:+.4f} against what is configured"
        )
        return figures

    @property
    def _configured(self) -> Params:
        params: Params = self.run.config.of(self.spec)
        return params

    @property
    def _k(self) -> int:
        return self.run.config.last_month.k

    @cached_property
    def _months(self) -> tuple[TuningMonth, ...]:
        return tuple(read_tuning_month(self.run, month) for month in self.request.months)

    @cached_property
    def _takers(self) -> Takers:
        takers = collect_takers([month.taken for month in self._months])
        for month, number in zip(self.request.months, takers.by_month, strict=True):
            if number == 0:
                raise InputMissing(
                    f"nobody took a product in {month_name(month)}; move --until, or ask for fewer --months"
                )
        return takers

    @cached_property
    def _rows(self) -> tuple[DataFrame, ...]:
        """The months' rows with the nDCG of the configured parameters, kept."""
        listed = [
            self._listed(month, month.rows, self._configured, self.held, month.rows.columns, CONFIGURED)
            for month in self._months
        ]
        return tuple(self.held.enter_context(persisted(rows)) for rows in listed)

    def _listed(
        self, month: TuningMonth, rows: DataFrame, params: Params, held: ExitStack, kept: Sequence[str], name: str
    ) -> DataFrame:
        """The rows with the nDCG of the model's lists; they can be read until ``held`` is closed."""
        if self.spec.fit is None:
            raise ConfigError(f"{self.spec.name}: its own job fits it")
        fitted = held.enter_context(persisted(self.spec.fit(month.inputs, params)))
        plan = ListPlan(self.spec.scorer(fitted, month.scorer_inputs, params), month.catalogue, self._k)
        sent = self.run.spark.sparkContext.broadcast(plan)
        held.callback(sent.destroy)
        evidence = fitted if self.spec.customers is not None else None
        return with_ndcg(scoring_rows(rows, evidence), sent, [c for c in kept if c != "month"], name)


def _tuned(run: StepRun, spec: ModelSpec[Any], request: TuningRequest) -> Tuning:
    """All trials, those of them measured that no earlier run has."""
    from finrec_spark.steps import tuning_study as study  # optuna is asked for by this job alone, when it runs

    params: Params = run.config.of(spec)
    name = study.study_name(spec.name, run.fingerprint)
    kept = study.open_trials(request.storage, name, study.space_of(params))
    with ExitStack() as held:
        measure = TrialRun(run, spec, request, held).measure
        trials = study.run_trials(kept, params, request.trials, request.seed, measure)
    return Tuning(spec.name, params, request.months, run.config.last_month.k, trials)
