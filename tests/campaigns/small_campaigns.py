"""Random campaigns with every kind of limit at once, small enough for HiGHS to solve whole."""

import numpy as np

from finrec_spark.campaigns.allocation.block import MICROS, Block
from finrec_spark.campaigns.allocation.params import AllocationParams, Lever
from finrec_spark.campaigns.allocation.problem import Vocabulary
from tests.campaigns.held_candidates import HeldCandidates

CHANNELS = ("app", "phone", "sms")


def random_block(rng, customers, products, branches, per_customer):
    """Values depend on customer, product and channel; one campaign in three has only a few different ones."""
    codes = np.sort(rng.integers(0, products * len(CHANNELS), (customers, per_customer)), axis=1)
    first = np.diff(codes, axis=1, prepend=-1) != 0
    sizes = first.sum(axis=1)
    product, channel = np.divmod(codes[first], len(CHANNELS))
    of_customer = rng.lognormal(0, 0.7, customers).repeat(sizes)
    of_product = rng.lognormal(3, 0.5, products)[product]
    value = of_customer * of_product * rng.lognormal(0, 0.6, len(product)) * np.array([1.0, 1.5, 0.7])[channel] - 5
    if rng.random() < 1 / 3:
        value = np.round(value / 5) * 5
    cost = np.array([0.05, 8.0, 0.035])[channel] * rng.choice([1, 1, 2], len(channel))
    return Block(
        np.array([f"c{number:07d}" for number in range(customers)], dtype=object),
        rng.integers(0, 2**63, customers).astype(np.uint64),
        sizes,
        product.astype(np.int32),
        channel.astype(np.int32),
        rng.integers(-1, branches, customers).repeat(sizes).astype(np.int32),
        np.full(len(product), -1, np.int32),
        value,
        np.round(cost * MICROS).astype(np.int64),
    )


def random_limits(rng, products, branches, offers, contacts):
    """Every kind of limit, most of them tight."""
    per_product = contacts / products
    return AllocationParams(
        contacts=contacts,
        budget_yuan=round(contacts * rng.uniform(0.2, 2), 2),
        by_channel={name: int(contacts * rng.uniform(0.2, 0.7)) for name in CHANNELS},
        by_branch={f"b{b}": int(contacts / branches * rng.uniform(0.5, 1.5)) for b in range(branches)},
        product_minimum={f"p{p:02d}": int(per_product * rng.uniform(0.1, 0.6)) for p in range(0, products, 2)},
        product_maximum={f"p{p:02d}": int(per_product * rng.uniform(0.7, 2)) for p in range(products)},
        offers_per_customer=offers,
        levers=(Lever(column="product_id", name="p01", weight=rng.uniform(0.5, 2)),),
        core_candidates=500,
    )


def small_campaign(seed, least=100, most=300):
    """Candidates of ``least`` to ``most`` customers, and limits; fewer of them are left to HiGHS than there are."""
    rng = np.random.default_rng(seed)
    customers = int(rng.integers(least, most + 1))
    products, branches, offers = (int(rng.integers(*ends)) for ends in ((4, 12), (2, 6), (1, 4)))
    block = random_block(rng, customers, products, branches, int(rng.integers(4, 9)))
    names = ([f"p{p:02d}" for p in range(products)], CHANNELS, [f"b{b}" for b in range(branches)], [])
    contacts = int(customers * offers * rng.uniform(0.2, 0.7))
    params = random_limits(rng, products, branches, offers, contacts)
    return HeldCandidates(block, Vocabulary(*(tuple(kind) for kind in names))), params
