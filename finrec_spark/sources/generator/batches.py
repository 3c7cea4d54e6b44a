"""Batches of customer numbers → Arrow record batches, with columns as ``*_SCHEMA`` says; labels are still positions."""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from finrec_spark.arrays import Bools, Ints
from finrec_spark.sampling import uniform
from finrec_spark.sources.generator.contacts import CHANNELS, consents, contact_log_odds
from finrec_spark.sources.generator.history import simulate, spending
from finrec_spark.sources.generator.lives import Campaign, Events, History
from finrec_spark.sources.generator.market import Market
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.people import NEVER, people, profiles
from finrec_spark.sources.generator.played import contacts_by_month
from finrec_spark.sources.generator.words import CATEGORIES

HISTORY_SCHEMA = (
    "number bigint, "
    "events array<struct<product:int,type:int,day:int,minute:int,value:double>>, "
    "contacts array<struct<month:int,product:int,channel:int,arm:int,day:int,minute:int,"
    "response:int,answer_day:int,answer_minute:int,value:double,campaign:string>>, "
    "propensities array<array<float>>"
)
PROFILE_SCHEMA = (
    "number bigint, month int, age int, tenure_months int, income_yuan bigint, occupation int, segment int, "
    "gender int, region int, marital_status int, children int, housing int, risk_level int"
)
CONSENT_SCHEMA = "number bigint, channel int, consented boolean, month int"
EFFECT_SCHEMA = "number bigint, channel int, log_odds array<double>"
SPENDING_SCHEMA = "number bigint, factor double"

_CHUNK = 1024  # customers at a time: their matrices stay in the processor's cache
_OFTEN_MISSING = ("income_yuan", "occupation", "region", "marital_status", "children", "housing", "risk_level")

Maker = Callable[..., pa.RecordBatch]
"""From numbers, and the further columns of the batch, to rows."""


def in_chunks(make: Maker) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """A function for ``mapInArrow`` over a column of customer numbers and others; memory stays a chunk's."""

    def each_batch(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, _CHUNK):
                number, *further = batch.slice(start, _CHUNK).columns
                yield make(number.to_numpy(), *further)

    return each_batch


def history_batch(number: Ints, played: pa.ListArray, market: Market, params: GeneratorParams) -> pa.RecordBatch:
    """One row: all that one customer did; ``played`` as ``played.PLAYED_TYPE``."""
    history = simulate(number, market, params, contacts_by_month(played))
    return pa.RecordBatch.from_pydict(
        {
            "number": number,
            "events": _event_lists(history.events, len(number)),
            "contacts": _contact_lists(history.campaigns, len(number)),
            "propensities": _propensity_lists(history),
        }
    )


def _event_lists(events: tuple[Events, ...], size: int) -> pa.ListArray:
    return _lists(
        np.concatenate([part.row for part in events]),
        size,
        {
            "product": _int(np.concatenate([part.product for part in events])),
            "type": _int(np.concatenate([part.type for part in events])),
            "day": _int(np.concatenate([part.day for part in events])),
            "minute": _int(np.concatenate([part.minute for part in events])),
            "value": _money(np.concatenate([part.value for part in events])),
        },
    )


def _contact_lists(campaigns: tuple[Campaign, ...], size: int) -> pa.ListArray:
    contacts = [campaign.contacts for campaign in campaigns]
    row = np.concatenate([part.row for part in contacts])
    months = np.repeat([campaign.month for campaign in campaigns], [len(part.row) for part in contacts])
    return _lists(
        row,
        size,
        {
            "month": _int(months),
            "product": _int(np.concatenate([part.product for part in contacts])),
            "channel": _int(np.concatenate([part.channel for part in contacts])),
            "arm": _int(np.concatenate([part.arm for part in contacts])),
            "day": _int(np.concatenate([campaign.day for campaign in campaigns])),
            "minute": _int(np.concatenate([campaign.minute for campaign in campaigns])),
            "response": _int(np.concatenate([campaign.response for campaign in campaigns])),
            "answer_day": _int(np.concatenate([campaign.answer_day for campaign in campaigns])),
            "answer_minute": _int(np.concatenate([campaign.answer_minute for campaign in campaigns])),
            "value": _money(np.concatenate([campaign.value for campaign in campaigns])),
            "campaign": pa.array([name for campaign in campaigns for name in campaign.names], pa.string()),
        },
    )


def _lists(row: Ints, size: int, fields: dict[str, pa.Array]) -> pa.ListArray:
    """Entries gathered by their row, in the order in which they come."""
    order = pa.array(np.argsort(row, kind="stable"))
    entries = pa.StructArray.from_arrays([values.take(order) for values in fields.values()], list(fields))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=size))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entries)


def _propensity_lists(history: History) -> pa.ListArray:
    size, months, products = history.propensities.shape
    inner = pa.ListArray.from_arrays(
        pa.array(np.arange(size * months + 1) * products, pa.int32()), pa.array(history.propensities.ravel())
    )
    return pa.ListArray.from_arrays(pa.array(np.arange(size + 1) * months, pa.int32()), inner)


def _int(values: Ints, missing: Bools | None = None) -> pa.Array:
    return pa.array(values, pa.int32(), mask=missing)


def _money(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def profile_batch(number: Ints, params: GeneratorParams) -> pa.RecordBatch:
    """One row: one version of one customer's profile; what nobody knows of a customer is null in every version."""
    batch = people(number, params)
    known = profiles(batch, params)
    whose = number[known.row]
    values = {
        "age": known.age,
        "tenure_months": known.tenure_months,
        "income_yuan": known.income_yuan,
        "occupation": known.occupation,
        "segment": known.segment,
        "gender": batch.gender[known.row],
        "region": batch.region[known.row],
        "marital_status": known.married,
        "children": known.children,
        "housing": known.owns_home,
        "risk_level": known.risk_level,
    }
    missing = {name: uniform(params.seed, f"missing {name}", whose) < params.missing_share for name in _OFTEN_MISSING}
    columns = {
        name: pa.array(column, pa.int64() if name == "income_yuan" else pa.int32(), mask=missing.get(name))
        for name, column in values.items()
    }
    return pa.RecordBatch.from_pydict({"number": whose, "month": _int(known.month), **columns})


def consent_batch(number: Ints, params: GeneratorParams) -> pa.RecordBatch:
    """One row: what one customer said about one channel, on joining or when taking a consent back."""
    batch = people(number, params)
    said = consents(batch, params)
    row, channel = np.nonzero(said.asked)
    withdrawn = np.where(said.asked & said.given, said.withdrawn, NEVER)
    later_row, later_channel = np.nonzero(withdrawn < params.known)
    first = said.given[row, channel]
    return pa.RecordBatch.from_pydict(
        {
            "number": number[np.concatenate([row, later_row])],
            "channel": _int(np.concatenate([channel, later_channel])),
            "consented": np.concatenate([first, np.zeros(len(later_row), dtype=bool)]),
            "month": _int(np.concatenate([batch.joined[row], withdrawn[later_row, later_channel]])),
        }
    )


def effect_batch(number: Ints, params: GeneratorParams) -> pa.RecordBatch:
    """One row: the true effect of a contact of one customer on one channel, by category."""
    effect = contact_log_odds(number, params).reshape(-1)
    offsets = np.arange(len(number) * len(CHANNELS) + 1) * len(CATEGORIES)
    return pa.RecordBatch.from_pydict(
        {
            "number": np.repeat(number, len(CHANNELS)),
            "channel": _int(np.tile(np.arange(len(CHANNELS)), len(number))),
            "log_odds": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(effect)),
        }
    )


def spending_batch(number: Ints, params: GeneratorParams) -> pa.RecordBatch:
    """One row: the factor on typical amounts that one customer's income makes, noise averaged."""
    return pa.RecordBatch.from_pydict({"number": number, "factor": spending(people(number, params).income_yuan)})
