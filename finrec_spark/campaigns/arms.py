"""Targets → the arm that chance gave each of them, and the probability by which it did.

Three draws, each a salted hash, so that neither partitions nor reruns change any of them:

=========== ===================================== ==========================================================
hold-out    salt, customer                        the same customers in every month and campaign
exploration seed, month, customer                 contacted with an offer drawn at random within the rules
control     seed, month, campaign, stratum, place kept back from one campaign; an exact share of each stratum
=========== ===================================== ==========================================================
"""

from datetime import date

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.params import Params
from finrec_spark.sampling import bucket, seed_of
from finrec_spark.vocabulary import CONTROL, HOLDOUT, TREATMENT

_PARTS = 1_000_000  # shares are whole millionths, so that what is stored is what was drawn with
_STARTS = 2**30


class ArmParams(Params):
    """How many are kept back by chance, and what the chances hang on."""

    salt: str = Field("1", min_length=1, description="Salt of the universal hold-out; another one draws it anew")
    seed: int = Field(17, description="Seed of the controls and of the exploration")
    holdout_share: float = Field(0.05, gt=0, le=0.4, description="Share of customers kept back from every campaign")
    control_share: float = Field(
        0.1, gt=0, lt=1, description="Share of a campaign's other targets kept back from it, in every stratum"
    )
    exploration_share: float = Field(
        0.02,
        ge=0,
        lt=1,
        description="Share of customers who are offered at random, so that uplift can be learned",
    )
    exploration_control_share: float = Field(
        0.5, gt=0, lt=1, description="Control's share of the explorers; half of them tells the most"
    )


def holdout_probability(params: ArmParams) -> float:
    """The hold-out's share in the whole millionths that it is drawn with."""
    return _millionths(params.holdout_share) / _PARTS


def is_held_out(params: ArmParams) -> Column:
    """Whether the customer of the row belongs to the universal hold-out: by ``customer_id`` and the salt alone."""
    return bucket(_PARTS, F.lit(f"holdout/{params.salt}"), "customer_id") < _millionths(params.holdout_share)


def is_explorer(params: ArmParams, month: date) -> Column:
    """Whether chance, and not the allocation, chooses the offer of the row's customer this month."""
    draw = bucket(_PARTS, F.lit("exploration"), seed_of(params.seed), F.lit(month), "customer_id")
    return draw < _millionths(params.exploration_share)


def exploration_offers(options: DataFrame, params: ArmParams, month: date) -> DataFrame:
    """One row: one explorer with one of the offers that the rules allow, each as likely as any other.

    What is left for the allocation is ``options.where(~is_explorer(params, month))``.

    Args:
        options: every allowed offer: ``campaign_id``, ``customer_id``, ``product_id``, ``channel`` and any other
            columns; consent, suitability and the other rules have been applied. Held-out
            customers stay in: they get their arm from ``with_arms`` as everyone does.

    Returns:
        The options' columns and ``offer_probability`` (double): 1 ÷ the customer's options.
    """
    draw = F.xxhash64(seed_of(params.seed), F.lit(month), "customer_id", "campaign_id", "product_id", "channel")
    names = ("campaign_id", "product_id", "channel")
    of_customer = Window.partitionBy("customer_id")
    drawn = options.where(is_explorer(params, month)).select(
        "*",
        F.row_number().over(of_customer.orderBy(draw, *names)).alias("place"),
        (1 / F.count("*").over(of_customer)).alias("offer_probability"),
    )
    return drawn.where(F.col("place") == 1).drop("place")


def with_arms(targets: DataFrame, params: ArmParams, month: date) -> DataFrame:
    """One row: one target with its arm.

    Of the targets that are not held out, in each stratum of each campaign, explorers apart, the targets in the order
    of a hash are numbered 1, 2, … and number r becomes a control where ⌊r·c + u⌋ > ⌊(r−1)·c + u⌋: c is the control's
    share and u in [0, 1) a draw for the stratum. So every target has the probability c to the digit, be it alone in
    its stratum, and a stratum of n has n·c controls but for the rounding.

    Args:
        targets: ``campaign_id``, ``customer_id``, ``stratum`` (string), ``exploration`` (whether chance chose the
            offer) and any other columns; a customer once a campaign.
        month: the first day of the campaign's month.

    Returns:
        The targets' columns, ``arm``, ``control_share`` (c) and ``probability`` of that arm: h for the hold-out, else
        (1−h)·c or (1−h)·(1−c), with h the hold-out's share.
    """
    held_out = is_held_out(params)
    numbered = targets.withColumn("control_share", _control_share(params)).withColumn("place", _place(params, month))
    arm = F.when(held_out, HOLDOUT).when(_is_control(params, month), CONTROL).otherwise(TREATMENT)
    return numbered.withColumn("arm", arm).withColumn("probability", arm_probability(params)).drop("place")


def arm_probability(params: ArmParams) -> Column:
    """The probability of the row's ``arm``, given its ``control_share``; over the three arms it adds up to 1."""
    held_out = holdout_probability(params)
    share = F.when(F.col("arm") == CONTROL, F.col("control_share")).otherwise(1 - F.col("control_share"))
    return F.when(F.col("arm") == HOLDOUT, F.lit(held_out)).otherwise((1 - held_out) * share)


def _control_share(params: ArmParams) -> Column:
    shares = (params.exploration_control_share, params.control_share)
    of_explorers, of_others = (F.lit(_millionths(share) / _PARTS) for share in shares)
    return F.when(F.col("exploration"), of_explorers).otherwise(of_others)


def _place(params: ArmParams, month: date) -> Column:
    """Number of the target among those of its stratum that can become controls, from 1, in the order of a hash."""
    draw = F.xxhash64(F.lit("control"), seed_of(params.seed), F.lit(month), "campaign_id", "customer_id")
    stratum = Window.partitionBy("campaign_id", "stratum", "exploration", is_held_out(params))
    return F.row_number().over(stratum.orderBy(draw, "customer_id"))


def _is_control(params: ArmParams, month: date) -> Column:
    keys = (F.lit("start"), seed_of(params.seed), F.lit(month), "campaign_id", "stratum", "exploration")
    start = bucket(_STARTS, *keys) / _STARTS
    upto, before = (F.floor((F.col("place") - step) * F.col("control_share") + start) for step in (0, 1))
    return upto > before


def _millionths(share: float) -> int:
    return round(share * _PARTS)
