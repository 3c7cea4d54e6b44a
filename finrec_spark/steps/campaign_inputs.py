"""What a month's campaigns are decided from, read from the lake."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count, takewhile

from pyspark.sql import DataFrame

from finrec_spark.campaigns import spending
from finrec_spark.campaigns.allocation.report import LimitPrice
from finrec_spark.campaigns.contact_values import ContactValuer
from finrec_spark.campaigns.expected_amounts import collect_amounts
from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.rendering import Rendering
from finrec_spark.campaigns.messages.templates import catalogue_of, template_findings
from finrec_spark.campaigns.offers import offers_of
from finrec_spark.campaigns.params import CampaignParams
from finrec_spark.campaigns.policy.conditions import require_sound
from finrec_spark.campaigns.policy.options import OptionSources
from finrec_spark.campaigns.policy.rules import PolicyParams
from finrec_spark.errors import ConfigError, DataQualityError
from finrec_spark.models import response
from finrec_spark.models.uplift import deployed as uplift
from finrec_spark.months import months_before
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.ledger import DONE, digest
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.steps.campaign_offers import why_no_offers
from finrec_spark.steps.finished_campaigns import CAMPAIGN_STEP, earlier_targets, why_settled
from finrec_spark.tables import (
    CALIBRATION,
    CAMPAIGN_LIMITS,
    CAMPAIGN_TARGETS,
    CONSENTS,
    CONTACTS,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMERS,
    EXPECTED_AMOUNTS,
    INTERACTIONS,
    OFFERS,
    POPULARITY,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    RESPONSES,
    SCORING_ROWS,
    TREES,
    UPLIFT_CELLS,
    Table,
)
from finrec_spark.transforms.consents import without_personalisation
from finrec_spark.transforms.profiles.vector import ProfileFeature, collect_profile_features, padded_profile
from finrec_spark.vocabulary import EMAIL, PERSONALISATION

UNSUBSCRIBE_KEY = "FINREC_UNSUBSCRIBE_KEY"
"""Environment variable with the secret that makes the codes in unsubscribe links unguessable."""


def campaign_reads(context: RunContext, month: date) -> Sequence[Read]:
    """The month's offers and models, all that was said and sent, and the campaigns of the months before."""
    monthly = (OFFERS, CUSTOMER_PRODUCT_MATRIX, POPULARITY, SCORING_ROWS, UPLIFT_CELLS, EXPECTED_AMOUNTS)
    kept = (PROFILE_FEATURES, PROFILE_VALUES, CUSTOMERS, PRODUCTS, INTERACTIONS, CONSENTS)
    learned = (*(Read(TREES, model=name) for name in (uplift.NAME, spending.NAME)), *_response_reads(context))
    sent = (Read(CONTACTS, optional=True), Read(RESPONSES, optional=True))
    earlier = (Read(CAMPAIGN_TARGETS, of, optional=True) for of in _months_in_window(context, month))
    prices = Read(CAMPAIGN_LIMITS, months_before(month, 1), optional=True)
    return (*map(Read, (*monthly, *kept)), *learned, *sent, *earlier, prices)


def _months_in_window(context: RunContext, month: date) -> list[date]:
    """Earlier months whose messages count, newest first."""
    policy = context.config.campaign.policy
    first = month - timedelta(days=0 if policy is None else policy.window_days)
    earlier = (months_before(month, back) for back in count(1))
    return list(takewhile(lambda of: of >= first, earlier))


def why_no_campaign(context: RunContext, month: date) -> str | None:
    """Why the month has no campaign to be decided; None where it has."""
    return why_no_offers(context) or why_settled(context, month)


def require_sound_campaign(context: RunContext) -> None:
    """Nothing, where policy, bank and templates can be used; before anything runs.

    What a campaign was decided with is not checked again.

    Raises:
        ConfigError: a rule is no condition, or a file is wrong.
        DataQualityError: the lint blocks a template.
    """
    params = context.config.campaign
    if params.policy is None or _was_used(context):
        return
    require_sound(context.spark, conditions_of(params, params.policy))
    rendering = rendering_of(context)
    blocked = [
        f"{catalogue.language} {template.id} ({', '.join(sorted({f.code for f in found if f.blocks}))})"
        for catalogue in rendering.catalogues
        for template in catalogue.templates
        for found in [template_findings(template, catalogue.language, rendering.bank)]
        if any(finding.blocks for finding in found)
    ]
    if blocked:
        raise DataQualityError(f"campaigns/templates: the lint blocks {'; '.join(blocked)}; lint_messages says why")


def conditions_of(params: CampaignParams, policy: PolicyParams) -> dict[str, str]:
    """The SQL of rules and audiences, by what a line calls each."""
    rules = {f"rule {rule.code}": rule.keeps_out for rule in policy.rules}
    audiences = {f"audience of {c.id}": c.audience for c in params.campaigns if c.audience is not None}
    return rules | audiences


def _was_used(context: RunContext) -> bool:
    """Whether a campaign was decided with this very configuration."""
    mine = context.run_id(date.min).rpartition("-")[2]
    done = (
        attempt.run_id
        for attempt in context.ledger.attempts
        if attempt.step == CAMPAIGN_STEP and attempt.status == DONE
    )
    return any(run_id.rpartition("-")[2] == mine for run_id in done)


def required_policy(run: StepRun) -> PolicyParams:
    """The policy.

    Raises:
        ConfigError: there is none.
    """
    if run.config.campaign.policy is None:
        raise ConfigError("campaign: no policy; put campaigns/policy.yaml beside --conf, as conf/campaigns has it")
    return run.config.campaign.policy


def rendering_of(context: RunContext) -> Rendering:
    """How messages are rendered.

    Raises:
        ConfigError: bank or templates are wrong, or there are no templates.
    """
    params = context.config.campaign
    catalogues = tuple(catalogue_of(values, "campaigns/templates") for values in params.templates)
    if not catalogues:
        raise ConfigError("campaign: no templates; put campaigns/templates/*.yaml beside --conf")
    languages = tuple(catalogue.language for catalogue in catalogues)
    default = params.language if params.language in languages else languages[0]
    return Rendering(
        catalogues, Bank.model_validate(dict(params.bank)), default, context.secret(UNSUBSCRIBE_KEY) or b""
    )


def secrets_digest(context: RunContext) -> str:
    """Changes when the secret does."""
    return digest(UNSUBSCRIBE_KEY, (context.secret(UNSUBSCRIBE_KEY) or b"").hex())


def usable_channels(run: StepRun) -> tuple[str, ...]:
    """The bank's channels; without emails where nothing makes their unsubscribe links unguessable."""
    channels = run.config.campaign.channels
    if EMAIL in channels and run.context.secret(UNSUBSCRIBE_KEY) is None:
        run.log(f"campaign: no emails, since the environment has no {UNSUBSCRIBE_KEY}, the secret of unsubscribe links")
        return tuple(channel for channel in channels if channel != EMAIL)
    return channels


def option_sources(run: StepRun) -> OptionSources:
    """What options are made from; customers who objected to profiling have no offers, and so no option."""
    consents, params = run.read(CONSENTS), run.config.campaign
    impersonal = without_personalisation(consents, run.month)
    own = run.read(OFFERS) if _tells_products_apart(run) else run.read(OFFERS).where("listed")
    return OptionSources(
        offers=offers_of(
            own.select("customer_id", "product_id", "rank", "score"), impersonal, run.read(POPULARITY), params.popular
        ),
        customers=run.read(CUSTOMERS),
        products=run.read(PRODUCTS),
        owned=run.read(CUSTOMER_PRODUCT_MATRIX).where("owned"),
        consents=consents,
        contacts=sent_or_empty(run, CONTACTS),
        responses=sent_or_empty(run, RESPONSES),
        targets=earlier_targets(run),
    )


def _tells_products_apart(run: StepRun) -> bool:
    """Whether a contact's value knows the product and not only its category; else the list alone says what suits."""
    learned = run.context.lake.count(UPLIFT_CELLS, month=run.month) > 0
    return learned and run.config.uplift.learner == uplift.RELATIVE


def has_impersonal(run: StepRun) -> bool:
    """Whether anybody ever said a word on personalisation, which the table's log tells."""
    return run.context.lake.count(CONSENTS, purpose=PERSONALISATION) > 0


def sent_or_empty(run: StepRun, table: Table) -> DataFrame:
    """The table's rows; none where the bank never delivered any."""
    there = run.read_if_there(table)
    return run.spark.createDataFrame([], table.ddl) if there is None else there


def collect_last_prices(run: StepRun) -> list[LimitPrice]:
    """The prices that the month before ended with: a few rows."""
    rows = run.read_if_there(CAMPAIGN_LIMITS, months_before(run.month, 1))
    if rows is None:
        return []
    return [LimitPrice(row["name"], row["kind"], row["price_yuan"]) for row in rows.collect()]


def read_profile(run: StepRun) -> tuple[ProfileFeature, ...]:
    """The places of the profile vector."""
    return collect_profile_features(run.read(PROFILE_FEATURES), run.read(PROFILE_VALUES))


def profiles(run: StepRun, profile: Sequence[ProfileFeature]) -> DataFrame:
    """One row: ``customer_id`` and ``profile`` vector of one customer."""
    return run.read(SCORING_ROWS).select("customer_id", padded_profile(profile).alias("profile"))


def read_valuer(run: StepRun, profile: Sequence[ProfileFeature]) -> ContactValuer | None:
    """What values contacts: uplift where there is randomised history, else response; None where there is neither."""
    effects = run.read(TREES, model=uplift.NAME)
    valuer = ContactValuer(
        uplift=uplift.scorer(effects, run.read(UPLIFT_CELLS), profile, run.config.uplift.learner),
        response=_response(run, profile),
        amounts=collect_amounts(run.read(EXPECTED_AMOUNTS)),
        spending=spending.spending_of(run.read(TREES, model=spending.NAME), profile),
    )
    if valuer.uplift is not None:
        return valuer
    instead = "the lists' scores" if valuer.response is None else "response"
    run.log(f"campaign: no randomised contacts to learn uplift from yet; offers are valued by {instead} × amount")
    return None if valuer.response is None else valuer


def _response(run: StepRun, profile: Sequence[ProfileFeature]) -> response.ResponseScorer | None:
    """The scorer of responses; None where the bank has too few contacts to learn from."""
    trees = run.read_if_there(TREES, model=response.NAME)
    if trees is None or not run.context.lake.count(TREES, month=run.month, model=response.NAME):
        return None
    return response.scorer(trees, run.read(CALIBRATION, model=response.NAME), profile)


def campaign_customers(run: StepRun) -> int:
    """How many customers the month knows."""
    return run.context.lake.count(SCORING_ROWS, month=run.month)


def _response_reads(context: RunContext) -> tuple[Read, ...]:
    optional = not (context.lake.exists(CONTACTS) and context.lake.exists(RESPONSES))
    return tuple(Read(table, model=response.NAME, optional=optional) for table in (TREES, CALIBRATION))
