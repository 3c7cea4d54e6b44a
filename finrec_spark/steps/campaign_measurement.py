"""What the campaigns of one month brought, and all of them together: rows of ``mart.campaign_outcomes``."""

from collections.abc import Iterator
from datetime import date

from finrec_spark.campaigns.measurement.outcomes import PROGRAMME, campaign_outcomes, programme_outcomes
from finrec_spark.campaigns.measurement.statistics import collect_statistics
from finrec_spark.campaigns.measurement.verdicts import Measured, measured
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_inputs import sent_or_empty
from finrec_spark.steps.finished_campaigns import arms_of
from finrec_spark.tables import CAMPAIGN_TARGETS, CONTACTS, INTERACTIONS, SCORING_ROWS


def collect_outcome_rows(run: StepRun, start: date) -> Iterator[dict[str, object]]:
    """What the campaigns of ``start`` brought; the programme carries its month like every campaign."""
    found, config = _collect_measured(run, start), run.config
    for check in (check for check in found.checks if check.value is None or not check.passed):
        run.log(f"measure: {check.campaign_id}, {start:%Y-%m}: {check.sentence}")
    for row in found.rows(config.measure, config.recommend.language):
        name = row["campaign_id"]
        yield {**row, "campaign_id": f"{start:%Y-%m}-{PROGRAMME}" if name == PROGRAMME else name}


def _collect_measured(run: StepRun, start: date) -> Measured:
    interactions, params = run.read(INTERACTIONS), run.config.measure
    contacts = sent_or_empty(run, CONTACTS)
    targets, known = run.read(CAMPAIGN_TARGETS, start), run.read(SCORING_ROWS, start)
    customers, arms = known.select("customer_id", "segment"), arms_of(run.context, start)
    of_campaigns = campaign_outcomes(targets, interactions, contacts, start, params)
    of_programme = programme_outcomes(customers, interactions, contacts, start, arms, params)
    outcomes = of_campaigns.unionByName(of_programme).persist()
    cells = collect_statistics(outcomes, params.winsor_quantile)
    outcomes.unpersist()
    return measured(cells, params)
