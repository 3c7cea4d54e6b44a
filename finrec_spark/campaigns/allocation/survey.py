"""What there is to choose from, counted before prices are sought; limits that cannot be kept are refused here."""

from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.candidates import Kept
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.allocation.problem import Vocabulary, Weights, weighted_value
from finrec_spark.campaigns.allocation.sample import drawn_customers
from finrec_spark.errors import ConfigError, DataQualityError

_BITS = 53  # of a sum of all values: leaves room for the prices of minima, up to DEAREST times the largest value


@dataclass(frozen=True)
class Survey:
    """Counts over all candidates; ``eligible`` are the customers that could be offered each product.

    ``size_yuan`` is the sum of the weighted values' sizes.
    """

    customers: int
    candidates: int
    repeated: int
    size_yuan: float
    eligible: Ints


def sum_unit(candidates: int, largest_yuan: float) -> float:
    """The smallest power of two that sums of so many values can be whole numbers of, in yuan.

    >>> sum_unit(1000, 100.0) == 2.0**-36
    True
    """
    total = max(candidates, 1) * max(largest_yuan, 1e-6)
    return float(2.0 ** (np.ceil(np.log2(total)) - _BITS))


def survey_part(block: Block, weights: Weights, unit: float, n_products: int, share: float) -> Kept:
    """The block's part of a survey, 4 + P whole numbers, and of the sample."""
    new_customer = np.diff(block.owner, prepend=-1) != 0
    new_product = new_customer | (np.diff(block.product, prepend=-1) != 0)
    repeated = ~new_product & (np.diff(block.channel, prepend=-1) == 0)
    size = np.rint(np.abs(weighted_value(block, weights)) / unit).astype(np.int64).sum()
    counts = np.array([len(block.sizes), len(block.product), repeated.sum(), size], dtype=np.int64)
    eligible = np.bincount(block.product[new_product], minlength=n_products)
    return Kept(np.concatenate([counts, eligible]), drawn_customers(block, share))


def survey_of(sums: Ints, unit: float) -> Survey:
    """The survey from the sums of all blocks."""
    customers, candidates, repeated, size = (int(value) for value in sums[:4])
    return Survey(customers, candidates, repeated, size * unit, sums[4:])


def check_survey(survey: Survey, params: AllocationParams, vocabulary: Vocabulary) -> None:
    """Refuse candidates that are given twice and minima that the candidates cannot meet, naming each.

    Raises:
        DataQualityError: two candidates have one customer, product and channel.
        ConfigError: fewer customers could be offered a product than its minimum, or all minima together are more
            offers than the customers may get.
    """
    if survey.repeated:
        raise DataQualityError(
            f"{survey.repeated} candidates repeat another's customer, product and channel: give each once"
        )
    eligible = dict(zip(vocabulary.products, survey.eligible.tolist(), strict=True))
    short = [
        f"{product} needs {least} and has {eligible.get(product, 0)}"
        for product, least in sorted(params.product_minimum.items())
        if eligible.get(product, 0) < least
    ]
    if short:
        raise ConfigError(f"product_minimum above the customers with a candidate: {'; '.join(short)}: lower them")
    least, most = sum(params.product_minimum.values()), survey.customers * params.offers_per_customer
    if least > most:
        raise ConfigError(f"product_minimum adds up to {least} offers, but the customers may get {most}: lower them")


def unmatched(params: AllocationParams, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Names in the parameters that no candidate carries, as ``column=name``."""
    known = {
        "product_id": set(vocabulary.products),
        "channel": set(vocabulary.channels),
        "branch": set(vocabulary.branches),
        "segment": set(vocabulary.segments),
    }
    named = [
        *(("channel", name) for name in params.by_channel),
        *(("branch", name) for name in params.by_branch),
        *(("product_id", name) for name in params.product_maximum),
        *((lever.column, lever.name) for lever in params.levers),
    ]
    return tuple(sorted({f"{column}={name}" for column, name in named if name not in known[column]}))
