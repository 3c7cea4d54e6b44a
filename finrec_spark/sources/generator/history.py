"""A batch of customers lived through month by month: what they do, and how likely they truly were to do it."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.special import ndtri

from finrec_spark.arrays import Bits, Bools, Floats, Ints
from finrec_spark.sampling import as_uniform, bits, keyed_uniform, mixed
from finrec_spark.sources.generator.contacts import (
    TREATMENT,
    Consents,
    Contacts,
    campaign_contacts,
    campaign_months,
    consents,
    contact_log_odds,
)
from finrec_spark.sources.generator.lives import (
    ACCEPTED,
    CLOSE,
    DECLINED,
    EVENT_TYPES,
    INQUIRY,
    NO_ANSWER,
    OPEN,
    TRANSACTION,
    VIEW,
    Campaign,
    Events,
    History,
    Played,
)
from finrec_spark.sources.generator.market import FACTORS, Market
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.people import People, people

_WELCOME = 2.0  # log-odds in the month of joining
_VIEWS_PER_OPEN = 1.6
_VIEW_PULL, _INQUIRY_PULL = 1.2, 2.0  # log-odds that a look adds in the next month
_INTEREST_KEPT = 0.6  # share of that pull that lasts another month
_VIEWED_FIRST_SHARE = 0.6  # of openings
_INQUIRY_SHARE = 0.25  # of views
_DECLINED_SHARE = 0.15
_SPREAD = 0.5  # of the logarithm of amounts
_CONTACT_DAYS, _VIEW_DAYS, _OPEN_DAYS, _ALL_DAYS = (0, 4), (0, 4), (5, 27), (0, 27)  # a contact comes before its answer


@dataclass
class _State:
    """What changes from month to month; all B × P."""

    score: Floats  # log-odds without season and interest
    interest: Floats  # what earlier views and inquiries add
    owned: Bools


@dataclass(frozen=True)
class _World:
    """What stays the same for a batch."""

    batch: People
    consents: Consents
    contact_effect: Floats
    market: Market
    params: GeneratorParams

    def keys(self, row: Ints, month: int, product: Ints) -> Bits:
        """Random bits of pairs of a customer and a product in a month, from which their draws are made."""
        return bits(self.params.seed, "pair", self.batch.number[row], month, product)

    def month_of_year(self, month: int) -> int:
        """0 for January."""
        return (self.params.first_month.month - 1 + month) % 12


def simulate(number: Ints, market: Market, params: GeneratorParams, played: Played = MappingProxyType({})) -> History:
    """The history of the customers with these numbers; each depends on its own number alone.

    Args:
        played: what the bank's campaigns did with these customers, and their names, by month.
    """
    batch = people(number, params)
    world = _World(batch, consents(batch, params), contact_log_odds(number, params), market, params)
    state = _first_state(world)
    events, campaigns, truth = [], [], []
    for month in range(params.known + 1):
        log_odds = _month_log_odds(state, world, month)
        available = _available(state, world, month)
        if month > params.known - params.truth_months:
            truth.append(np.where(available, _probability(log_odds), 0.0).astype(np.float32))
        if month == params.known:
            break
        contacts, names = _contacts(log_odds, available, world, month, played)
        if contacts is not None:
            _raise_odds(log_odds, contacts, world)
        opened, month_events = _live(state, log_odds, available, world, month)
        events.append(month_events)
        if contacts is not None:
            campaigns.append(_answers(contacts, opened, world, month, names))
    return History(tuple(events), tuple(campaigns), np.stack(truth, axis=1))


def _first_state(world: _World) -> _State:
    batch, market = world.batch, world.market
    score = market.appeal + market.by_segment[batch.segment]
    score += market.by_risk[batch.risk_level(-1)]
    score += batch.activity[:, None]
    for factor in range(FACTORS):  # one by one: a matrix product's rounding depends on the batch
        score += batch.affinity[:, factor, None] * market.factors[:, factor]
    return _State(score, np.zeros(score.shape), np.zeros(score.shape, dtype=bool))


def _month_log_odds(state: _State, world: _World, month: int) -> Floats:
    """Log-odds of opening in ``month`` without a contact; what happened last month enters the state here."""
    batch, market = world.batch, world.market
    for event in range(batch.life.shape[1]):
        state.score[batch.life[:, event] == month - 1] += market.by_life_event[event]
    reviewed = np.flatnonzero(batch.reviewed == month - 1)
    state.score[reviewed] += market.by_risk[batch.risk_level(month - 1, reviewed)]
    state.score[reviewed] -= market.by_risk[batch.risk_level(month - 2, reviewed)]
    log_odds = state.score + state.interest
    log_odds += market.by_season[world.month_of_year(month)]
    log_odds[batch.joined == month] += _WELCOME
    return log_odds


def _available(state: _State, world: _World, month: int) -> Bools:
    joined = world.batch.joined <= month
    return np.asarray(~state.owned & world.market.on_sale[month] & joined[:, None])


def _probability(log_odds: Floats) -> Floats:
    odds = np.exp(log_odds)
    probability: Floats = odds / (1.0 + odds)
    return probability


def _contacts(
    log_odds: Floats, available: Bools, world: _World, month: int, played: Played
) -> tuple[Contacts | None, Sequence[str | None]]:
    """The month's contacts, the generator's own or the bank's, and the campaigns' names."""
    if month in played:
        return played[month]
    if month not in campaign_months(world.params):
        return None, ()
    consented = world.consents.at(month)
    own = campaign_contacts(month, world.batch, log_odds, available, consented, world.market, world.params)
    return own, [None] * len(own.row)


def _raise_odds(log_odds: Floats, contacts: Contacts, world: _World) -> None:
    """Add what the contacts do to the treated."""
    treated = contacts.arm == TREATMENT
    row, product = contacts.row[treated], contacts.product[treated]
    log_odds[row, product] += world.contact_effect[row, contacts.channel[treated], world.market.category[product]]


def _live(state: _State, log_odds: Floats, available: Bools, world: _World, month: int) -> tuple[Bools, Events]:
    """One month: what was opened (B × P) and all that was done. Changes ``state`` to the month's end.

    One draw u a cell: u < p opens, p ≤ u < (1 + views per opening) · p looks only.
    """
    probability = _probability(log_odds)
    draw = _cell_draws(world, month)
    row, product = np.nonzero((draw < (1.0 + _VIEWS_PER_OPEN) * probability) & available)
    opens = draw[row, product] < probability[row, product]
    key = world.keys(row, month, product)
    views = ~opens | (keyed_uniform(key, "viewed first") < _VIEWED_FIRST_SHARE)
    inquires = views & (keyed_uniform(key, "inquires") < _INQUIRY_SHARE)
    held_row, held_product, closes, pays = _use(state, world, month)
    happened = _events(
        (
            (OPEN, row[opens], product[opens], _OPEN_DAYS),
            (VIEW, row[views & opens], product[views & opens], _VIEW_DAYS),
            (VIEW, row[~opens], product[~opens], _ALL_DAYS),
            (INQUIRY, row[inquires & opens], product[inquires & opens], _VIEW_DAYS),
            (INQUIRY, row[inquires & ~opens], product[inquires & ~opens], _ALL_DAYS),
            (CLOSE, held_row[closes], held_product[closes], _OPEN_DAYS),
            (TRANSACTION, held_row[pays], held_product[pays], _VIEW_DAYS),
        ),
        world,
        month,
    )
    state.interest *= _INTEREST_KEPT
    state.interest[row[~opens], product[~opens]] += np.where(inquires[~opens], _INQUIRY_PULL, _VIEW_PULL)
    _change_holdings(state, row[opens], product[opens], True, world.market)
    _change_holdings(state, held_row[closes], held_product[closes], False, world.market)
    opened = np.zeros(available.shape, dtype=bool)
    opened[row[opens], product[opens]] = True
    return opened, happened


def _cell_draws(world: _World, month: int) -> Floats:
    """Uniform numbers, B × P."""
    customer = bits(world.params.seed, "month", world.batch.number, month)
    product = bits(world.params.seed, "cell", np.arange(world.market.size))
    return as_uniform(mixed(customer[:, None] + product))


def _use(state: _State, world: _World, month: int) -> tuple[Ints, Ints, Bools, Bools]:
    """What is held at the month's start (row, product), whether it is closed in the month, and whether used."""
    market = world.market
    row, product = np.nonzero(state.owned)
    key = world.keys(row, month, product)
    closes = keyed_uniform(key, "closes") < market.close_rate[product]
    season = np.exp(market.by_season[world.month_of_year(month), product])
    pays = keyed_uniform(key, "pays") < market.transaction_rate[product] * season
    return row, product, closes, pays


def _change_holdings(state: _State, row: Ints, product: Ints, held: bool, market: Market) -> None:
    """Entries are in the order of rows and products, so each customer's sums round the same in any batch."""
    state.owned[row, product] = held
    effect = market.by_holding[product] if held else -market.by_holding[product]
    np.add.at(state.score, row, effect)


def _events(parts: tuple[tuple[int, Ints, Ints, tuple[int, int]], ...], world: _World, month: int) -> Events:
    """Events of (type, rows, products, first and last day in the month that they may fall on)."""
    sizes = [len(row) for _, row, _, _ in parts]
    row = np.concatenate([row for _, row, _, _ in parts])
    product = np.concatenate([product for _, _, product, _ in parts])
    type_ = np.repeat([type_ for type_, _, _, _ in parts], sizes)
    low, high = np.repeat([days for _, _, _, days in parts], sizes, axis=0).T
    key = world.keys(row, month, product)
    day, minute = _moment(key, type_, low, high)
    return Events(
        row, product, type_, world.market.month_day[month] + day, minute, _value(key, type_, row, product, world)
    )


def _moment(key: Bits, type_: Ints | int, low: Ints | int, high: Ints | int) -> tuple[Ints, Ints]:
    """Day of the month from ``low`` to ``high``, the first being 0, and minute of the day between 8:00 and 22:00."""
    day = low + np.floor(keyed_uniform(key, "day", type_) * (high - low + 1))
    minute = 8 * 60 + np.floor(keyed_uniform(key, "minute", type_) * 14 * 60)
    return day.astype(np.int64), minute.astype(np.int64)


def _value(key: Bits, type_: Ints, row: Ints, product: Ints, world: _World) -> Floats:
    """Yuan with which a product is taken or used: more by those who earn more; nan where no money moves."""
    market, batch = world.market, world.batch
    value = np.full(len(row), np.nan)
    moves = np.flatnonzero((type_ == OPEN) | (type_ == TRANSACTION))
    product = product[moves]
    typical = np.where(type_[moves] == OPEN, market.amount_yuan[product], market.transaction_yuan[product])
    noise = ndtri(keyed_uniform(key[moves], "value", type_[moves]) + 2.0**-54)
    value[moves] = np.round(typical * np.sqrt(batch.income_yuan[row[moves]] / 100_000) * np.exp(_SPREAD * noise), 2)
    return value


def spending(income_yuan: Floats) -> Floats:
    """By which factor customers of these yearly incomes take products with more than typical, on average."""
    factor: Floats = np.sqrt(income_yuan / 100_000) * np.exp(_SPREAD**2 / 2)
    return factor


def _answers(contacts: Contacts, opened: Bools, world: _World, month: int, names: Sequence[str | None]) -> Campaign:
    """Accepted is who opened the offered product in the contact's month; the rest decline or stay silent."""
    row, product, first_day = contacts.row, contacts.product, world.market.month_day[month]
    key, opening = world.keys(row, month, product), np.full(len(row), OPEN)
    day, minute = _moment(key, len(EVENT_TYPES), *_CONTACT_DAYS)
    open_day, open_minute = _moment(key, opening, *_OPEN_DAYS)
    accepted = opened[row, product]
    declined = ~accepted & (keyed_uniform(key, "declines") < _DECLINED_SHARE)
    return Campaign(
        month=month,
        contacts=contacts,
        day=first_day + day,
        minute=minute,
        response=np.select([accepted, declined], [ACCEPTED, DECLINED], NO_ANSWER),
        answer_day=np.select([accepted, declined], [first_day + open_day, first_day + day + 1], -1),
        answer_minute=np.where(accepted, open_minute, minute),
        value=np.where(accepted, _value(key, opening, row, product, world), np.nan),
        names=names,
    )
