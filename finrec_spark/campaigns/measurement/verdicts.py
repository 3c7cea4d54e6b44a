"""Cells → what every campaign and its parts brought, with a verdict in words: rows of ``mart.campaign_outcomes``."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

import numpy as np
import pandas as pd
from scipy import stats

from finrec_spark.arrays import Floats
from finrec_spark.campaigns.measurement.estimates import MEASURES, METHODS, Estimate, estimate, strata_of
from finrec_spark.campaigns.measurement.outcomes import EVERYTHING, PROGRAMME
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.measurement.trial_checks import TrialCheck, trial_checks
from finrec_spark.messages import texts
from finrec_spark.vocabulary import CONTROL, HOLDOUT

MORE, LESS, NOT_DISTINGUISHABLE, TOO_FEW, NOT_SOUND = "more", "less", "not_distinguishable", "too_few", "not_sound"
VERDICTS = (MORE, LESS, NOT_DISTINGUISHABLE, TOO_FEW, NOT_SOUND)

_DIMENSIONS = {"product": "product_id", "channel": "channel", "segment": "segment"}


@dataclass(frozen=True)
class Finding:
    """What one part of one campaign brought, by one measure and method.

    Attributes:
        dimension, part: ``all`` and ``all`` for the whole; else ``product``, ``channel`` or ``segment`` and which.
        p_adjusted: p-value after Benjamini and Hochberg, over the parts of the dimension; nan where there is none.
        sound: whether the campaign passed all its checks.
    """

    campaign_id: str
    dimension: str
    part: str
    measure: str
    method: str
    estimate: Estimate
    p_adjusted: float
    sound: bool

    def verdict(self, params: MeasureParams) -> str:
        """One of ``VERDICTS``; parts are judged by ``p_adjusted``, so that many parts do not make a finding by luck."""
        found = self.estimate
        if not self.sound:
            return NOT_SOUND
        if np.isnan(self.p_adjusted) or found.expected_takers < params.minimum_takers:
            return TOO_FEW
        if self.p_adjusted >= 1 - params.level:
            return NOT_DISTINGUISHABLE
        return MORE if found.incremental > 0 else LESS


@dataclass(frozen=True)
class Measured:
    """Everything that was found: the checks of every campaign and its findings."""

    checks: list[TrialCheck]
    findings: list[Finding]

    def rows(self, params: MeasureParams, language: str) -> list[dict[str, object]]:
        """The columns of ``mart.campaign_outcomes`` without ``month`` and ``run_id``; None where there is no figure."""
        return [_row(finding, self.checks, params, language) for finding in self.findings]


def measured(cells: pd.DataFrame, params: MeasureParams) -> Measured:
    """Checks and findings of every campaign, and of the whole programme where its cells are among them.

    Args:
        cells: as ``statistics.collect_statistics`` returns them.
    """
    checks: list[TrialCheck] = []
    findings: list[Finding] = []
    for campaign, own in cells.groupby("campaign_id", sort=True):
        control = HOLDOUT if campaign == PROGRAMME else CONTROL
        of_campaign = trial_checks(str(campaign), own, control, params)
        sound = all(check.passed for check in of_campaign)
        checks += of_campaign
        findings += chain.from_iterable(
            _findings(str(campaign), dimension, parts, control, sound, params) for dimension, parts in _parts(own)
        )
    return Measured(checks, findings)


def _parts(cells: pd.DataFrame) -> Iterator[tuple[str, dict[str, pd.DataFrame]]]:
    """Dimension and its parts; one that everybody has ``all`` of says nothing and is left out."""
    yield EVERYTHING, {EVERYTHING: cells}
    for dimension, column in _DIMENSIONS.items():
        if not (cells[column] == EVERYTHING).all():
            yield dimension, {str(part): own for part, own in cells.groupby(column, sort=True)}


def _findings(
    campaign: str, dimension: str, parts: dict[str, pd.DataFrame], control: str, sound: bool, params: MeasureParams
) -> Iterator[Finding]:
    for measure in MEASURES:
        strata = [strata_of(own, measure, control, params.smallest_stratum) for own in parts.values()]
        for method in METHODS:
            found = [estimate(own, method, params.level) for own in strata]
            adjusted = _adjusted(np.array([one.p_value for one in found]))
            for part, one, p_value in zip(parts, found, adjusted, strict=True):
                yield Finding(campaign, dimension, part, measure, method, one, float(p_value), sound)


def _adjusted(p_values: Floats) -> Floats:
    adjusted = p_values.copy()
    known = ~np.isnan(p_values)
    adjusted[known] = stats.false_discovery_control(p_values[known])
    return adjusted


def _row(finding: Finding, checks: Sequence[TrialCheck], params: MeasureParams, language: str) -> dict[str, object]:
    names = ("campaign_id", "dimension", "part", "measure", "method", "p_adjusted", "sound")
    named = {name: getattr(finding, name) for name in names}
    failed = [check.check for check in checks if check.campaign_id == finding.campaign_id and not check.passed]
    words = {"verdict": finding.verdict(params), "sentence": sentence(finding, failed, params, language)}
    row = named | asdict(finding.estimate) | words
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()}


def sentence(finding: Finding, failed: Sequence[str], params: MeasureParams, language: str) -> str:
    """The verdict in words.

    Args:
        failed: the checks that the campaign did not pass.
        language: one that has a catalogue.
    """
    words = texts(language)
    figures = {"amount": finding.estimate.incremental, "low": finding.estimate.low, "high": finding.estimate.high}
    return words[f"verdict.{finding.verdict(params)}"].format(
        **{name: f"{value:,.0f}" for name, value in figures.items()},
        unit=words[f"unit.{finding.measure}"],
        level=f"{100 * params.level:.4g}",
        checks=", ".join(failed),
    )
