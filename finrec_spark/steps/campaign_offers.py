"""What the month's campaigns choose from: made in the scoring pass, where every candidate has its score."""

import numpy as np

from finrec_spark.campaigns.expected_amounts import collect_amounts
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.ranking.scoring import OfferPlan
from finrec_spark.steps.scoring_inputs import MonthTables
from finrec_spark.tables import CONSENTS, EXPECTED_AMOUNTS


def why_no_offers(context: RunContext) -> str | None:
    """Why no month of the bank has campaigns; None where they may have."""
    if context.config.campaign.policy is None:
        return "there is no campaigns/policy.yaml beside the configuration"
    if not context.lake.exists(CONSENTS):
        return "the bank delivers no consents, and nobody is written to who never agreed"
    return None


def offer_reads(context: RunContext) -> tuple[Read, ...]:
    """What ``offer_plan`` reads."""
    return (Read(EXPECTED_AMOUNTS),) if why_no_offers(context) is None else ()


def offer_plan(run: StepRun, tables: MonthTables) -> OfferPlan | None:
    """The list's and those of the greatest expected amount; None where the bank has no campaigns."""
    if why_no_offers(run.context) is not None:
        return None
    amounts = collect_amounts(run.read(EXPECTED_AMOUNTS))
    of_products = np.array([amounts.get(product_id, 0.0) for product_id in tables.product_ids], np.float64)
    return OfferPlan(of_products, run.config.campaign.offers)
