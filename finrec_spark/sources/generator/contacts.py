"""Consents, randomised campaigns and the true effect of a contact."""

from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.sampling import normal, uniform
from finrec_spark.sources.generator.market import Market
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.people import NEVER, People
from finrec_spark.sources.generator.words import CATEGORIES
from finrec_spark.vocabulary import APP, ARMS, EMAIL, PHONE, SMS

CHANNELS = (SMS, EMAIL, APP, PHONE)  # draws and effects depend on this order
TREATMENT, CONTROL, HOLDOUT = range(len(ARMS))

_CONSENT_SHARE = np.array([0.75, 0.55, 0.65, 0.40])
_ASKED_SHARE = 0.97
_WITHDRAWN_MONTHLY = 0.004
_TARGETED_SHARE = 0.5
_CHANNEL_EFFECT = np.array([1.0, 0.6, 1.2, 1.6])
_CATEGORY_EFFECT = np.array([0.3, 0.0, -0.1, 0.1, -0.2])


@dataclass(frozen=True)
class Consents:
    """B × CHANNELS: whether the customer was asked, said yes on joining, and the month of taking it back; NEVER."""

    asked: Bools
    given: Bools
    withdrawn: Ints

    def at(self, month: int) -> Bools:
        """Whether a channel may be used in ``month``."""
        return np.asarray(self.asked & self.given & (self.withdrawn > month))


def consents(batch: People, params: GeneratorParams) -> Consents:
    """What the customers said about each channel."""
    number, channel = batch.number[:, None], np.arange(len(CHANNELS))
    waiting = np.log1p(-uniform(params.seed, "withdrawn", number, channel)) / np.log1p(-_WITHDRAWN_MONTHLY)
    return Consents(
        asked=uniform(params.seed, "asked", number, channel) < _ASKED_SHARE,
        given=uniform(params.seed, "consented", number, channel) < _CONSENT_SHARE,
        withdrawn=batch.joined[:, None] + 1 + np.minimum(np.floor(waiting), NEVER).astype(np.int64),
    )


def contact_log_odds(number: Ints, params: GeneratorParams) -> Floats:
    """What a contact adds to the log-odds of opening the offered product in its month: B × CHANNELS × CATEGORIES.

    A customer's own part, the channel's, the customer's liking of the channel, and the category's; on
    average 1.1, below 0 for the few whom a contact puts off.
    """
    own = 0.7 * normal(params.seed, "response", number)
    liking = 0.4 * normal(params.seed, "channel's liking", number[:, None], np.arange(len(CHANNELS)))
    by_channel = own[:, None] + liking + _CHANNEL_EFFECT
    effect: Floats = by_channel[:, :, None] + _CATEGORY_EFFECT
    return effect


@dataclass(frozen=True)
class Contacts:
    """One campaign in a batch: who (rows of the batch) was offered what and how, or kept back."""

    row: Ints
    product: Ints
    channel: Ints
    arm: Ints


def campaign_months(params: GeneratorParams) -> tuple[int, ...]:
    """Months with a campaign of the generator, oldest first; the newest is the last but one of those that may have one.

    >>> campaign_months(GeneratorParams(months=12))
    (1, 4, 7, 10)
    """
    own = params.months if params.own_campaigns is None else params.own_campaigns
    months = range(min(params.months, own) - 2, 0, -params.campaign_every_months)
    return tuple(sorted(months))


def campaign_category(month: int, params: GeneratorParams) -> int:
    """Category that the campaign of ``month`` sells: each in turn."""
    return campaign_months(params).index(month) % len(CATEGORIES)


def campaign_contacts(
    month: int,
    batch: People,
    log_odds: Floats,
    available: Bools,
    consented: Bools,
    market: Market,
    params: GeneratorParams,
) -> Contacts:
    """The campaign of ``month``: whom it picks, what it offers, on which channel, and the randomised arm.

    Reachable is who consented to a channel and has an eligible product: on sale, not held, of the campaign's
    category, suitable. Half of the offers are drawn evenly among the eligible products, half in proportion
    to the odds; the channel is drawn evenly among those consented to. Nothing of it depends on the arm.
    """
    products = np.flatnonzero(market.category == campaign_category(month, params))
    suitable = market.risk_level[products] <= batch.risk_level(month - 1)[:, None]
    eligible = available[:, products] & suitable
    picked = uniform(params.seed, "picked", batch.number, month) < params.campaign_share
    row = np.flatnonzero(picked & eligible.any(axis=1) & consented.any(axis=1))
    number = batch.number[row]
    offered = _offered(log_odds[np.ix_(row, products)], eligible[row], number, month, products, params.seed)
    return Contacts(
        row, products[offered], _channel(consented[row], number, month, params.seed), _arm(number, month, params)
    )


def _offered(log_odds: Floats, eligible: Bools, number: Ints, month: int, products: Ints, seed: int) -> Ints:
    """A draw in proportion to the odds is the largest of log-odds plus Gumbel noise."""
    targeted = uniform(seed, "targeted", number, month) < _TARGETED_SHARE
    noise = -np.log(-np.log(uniform(seed, "offer", number[:, None], month, products) + 2.0**-54))
    worth = np.where(targeted[:, None], log_odds, 0.0) + noise
    return np.asarray(np.argmax(np.where(eligible, worth, -np.inf), axis=1))


def _channel(consented: Bools, number: Ints, month: int, seed: int) -> Ints:
    draw = uniform(seed, "channel", number[:, None], month, np.arange(len(CHANNELS)))
    return np.asarray(np.argmax(np.where(consented, draw, -1.0), axis=1))


def _arm(number: Ints, month: int, params: GeneratorParams) -> Ints:
    held_out = uniform(params.seed, "holdout", number) < params.holdout_share
    within = params.control_share / (1 - params.holdout_share)
    kept_back = uniform(params.seed, "control", number, month) < within
    return np.where(held_out, HOLDOUT, np.where(kept_back, CONTROL, TREATMENT))
