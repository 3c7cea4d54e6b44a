"""What a batch of customers did, as ``history`` tells it: events, campaigns, and the truth about the newest months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finrec_spark.arrays import Floats, Ints
from finrec_spark.sources.generator.contacts import Contacts
from finrec_spark.vocabulary import RESPONSES

EVENT_TYPES = ("open", "close", "view", "inquiry", "transaction")
OPEN, CLOSE, VIEW, INQUIRY, TRANSACTION = range(len(EVENT_TYPES))
ACCEPTED, DECLINED, NO_ANSWER = range(len(RESPONSES))

Played = Mapping[int, tuple[Contacts, Sequence[str | None]]]
"""Month → contacts of the bank's campaigns and their campaigns' names."""


@dataclass(frozen=True)
class Events:
    """Things done; ``day`` counts from the history's first, ``value`` is in yuan, nan where no money moves."""

    row: Ints
    product: Ints
    type: Ints
    day: Ints
    minute: Ints
    value: Floats


@dataclass(frozen=True)
class Campaign:
    """Contacts of one month and their answers; ``answer_day`` is -1 where nothing came back.

    ``names`` are of campaigns that the generator did not make up; None of its own.
    """

    month: int
    contacts: Contacts
    day: Ints
    minute: Ints
    response: Ints
    answer_day: Ints
    answer_minute: Ints
    value: Floats
    names: Sequence[str | None]


@dataclass(frozen=True)
class History:
    """All that a batch did, in no order but by month, and the truth about its newest months.

    Attributes:
        propensities: B × truth_months × P, oldest first: the probability of opening each product in that
            month without a contact, given the state at its start; 0 where it is held or not on sale.
    """

    events: tuple[Events, ...]
    campaigns: tuple[Campaign, ...]
    propensities: NDArray[np.float32]
