"""Trials → figures for ``mart.metrics``, a table for the screen, and the lines to paste into the configuration."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import yaml
from rich.table import Table
from rich.text import Text

from finrec_spark.evaluation.figures import CONFIGURED_GAIN, MetricRow
from finrec_spark.evaluation.report.screen import figure_text
from finrec_spark.evaluation.tuning import NDCG, Trial, Tuning
from finrec_spark.months import month_name
from finrec_spark.params import Setting, in_sections

PROTOCOL = "tuning"

_SHOWN = 5


def tuning_figures(tuning: Tuning) -> Iterator[tuple[date | None, MetricRow]]:
    """Month (None: the mean over all) and figure of every trial; the trial is the segment."""
    for trial in tuning.trials:
        for month, value in zip(tuning.months, trial.figures.by_month, strict=True):
            yield month, _figure(tuning, trial, value)
        yield None, _figure(tuning, trial, trial.figures.mean)
        yield None, _gain(tuning, trial)


def tuning_table(tuning: Tuning) -> Table:
    """The best trials, best first, and the configured parameters, each with its difference to the configured ones."""
    table = Table(title=f"{tuning.model}: {len(tuning.trials)} trials", title_justify="left")
    table.add_column("trial", justify="right")
    table.add_column("parameters")
    for month in tuning.months:
        table.add_column(month_name(month), justify="right")
    table.add_column(f"mean nDCG@{tuning.k}", justify="right")
    table.add_column("against configured", justify="right")
    best = tuning.ranked[:_SHOWN]
    for trial in best if tuning.trials[0] in best else [*best, tuning.trials[0]]:
        figures = [*trial.figures.by_month, trial.figures.mean]
        shown = [figure_text(_figure(tuning, trial, value)) for value in figures]
        table.add_row(str(trial.number), Text(_settings(trial.settings)), *shown, Text(_against(tuning, trial)))
    return table


def verdict(tuning: Tuning) -> str:
    """What to do with the best trial, in a line."""
    best = tuning.ranked[0]
    if best.number == 0:
        return f"{tuning.model}: nothing tried is better than what is configured: keep it"
    gain = figure_text(_gain(tuning, best)).strip(" *")
    if not best.figures.is_better:
        return f"{tuning.model}: no difference shown (trial {best.number}: {gain}): keep what is configured"
    return f"{tuning.model}: trial {best.number} is better than what is configured by {gain}"


def better_parameters(tunings: Sequence[Tuning]) -> str:
    """The best trials' parameters as YAML for the configuration; empty where none is shown to be better."""
    best = {tuning.model: tuning.ranked[0] for tuning in tunings}
    better = {model: in_sections(trial.settings) for model, trial in best.items() if trial.figures.is_better}
    return yaml.safe_dump({"parameters": better}, sort_keys=False) if better else ""


def _figure(tuning: Tuning, trial: Trial, value: float) -> MetricRow:
    return MetricRow(tuning.model, NDCG, tuning.k, f"trial {trial.number}", value, None, None)


def _gain(tuning: Tuning, trial: Trial) -> MetricRow:
    found = trial.figures
    segment = f"trial {trial.number}"
    return MetricRow(tuning.model, CONFIGURED_GAIN, tuning.k, segment, found.gain, found.low, found.high)


def _against(tuning: Tuning, trial: Trial) -> str:
    if trial.number == 0:
        return "configured"
    words = "" if trial.figures.is_different else "no difference shown: "
    return words + figure_text(_gain(tuning, trial))


def _settings(settings: Mapping[str, Setting]) -> str:
    """Such as ``rank 32, alpha 10``."""
    return ", ".join(f"{n} {v:.4g}" if isinstance(v, float) else f"{n} {v}" for n, v in settings.items())
