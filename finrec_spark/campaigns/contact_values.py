"""What a contact is expected to bring: uplift × expected amount, or response × amount where there is no uplift."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.campaigns.spending import Spending
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.offer_features import Words
from finrec_spark.models.response import ResponseScorer
from finrec_spark.models.uplift.deployed import UpliftScorer
from finrec_spark.transforms.profiles.token_counts import profile_matrix

SCORE = "score"
"""An estimate of whoever has no contacts to learn from: the list's own probability of taking the product."""

RESPONSE = "response"
"""An estimate that is no uplift: it counts also those who would have taken the product without contact."""

_READ = ("product_id", "category", "channel", "score")
_ADDED = "probability double, amount double, value double, value_source string"


class Values(NamedTuple):
    """What each contact brings, B each.

    Attributes:
        probability: what it adds to the probability of taking the product; of source ``response`` all of it.
        amount: yuan that the customer is expected to take the product with.
        value: their product: yuan, before what the contact costs; below 0 where contact keeps customers away.
        source: ``relative``, ``uplift``, ``pooled`` or ``response``.
    """

    probability: Floats
    amount: Floats
    value: Floats
    source: NDArray[np.object_]


@dataclass(frozen=True)
class ContactValuer:
    """Values contacts.

    Attributes:
        uplift: None where the bank has no randomised history to learn from.
        response: the fallback; None where the bank has no answers either, and then there is an uplift.
        amounts: yuan by product; a product that is not there brings nothing.
        spending: by which factor each customer's amounts differ from these.
    """

    uplift: UpliftScorer | None
    response: ResponseScorer | None
    amounts: Mapping[str, float]
    spending: Spending = field(default_factory=Spending)

    def values(self, profile: Floats, product_id: Words, category: Words, channel: Words, listed: Floats) -> Values:
        """What each contact brings.

        Args:
            profile: B × F profile vectors, NaN where a value is missing.
            product_id: that is offered, B.
            category: of that product, B.
            channel: that it is offered over, B.
            listed: probability that the customer takes the product in the month anyway, as the lists have it, B.
        """
        probability, source = self._probability(profile, category, channel, listed)
        usual = pd.Series(product_id, dtype=object).map(self.amounts).fillna(0.0).to_numpy(np.float64)
        amount = usual * self.spending.factor(profile)
        return Values(probability, amount, probability * amount, source)

    def _probability(
        self, profile: Floats, category: Words, channel: Words, listed: Floats
    ) -> tuple[Floats, NDArray[np.object_]]:
        if self.uplift is not None:
            return self.uplift.score(profile, category, channel, listed)
        if self.response is None:
            raise ModelNotFound("campaign: there is neither uplift nor response; run train_response for the month")
        probability = self.response.score(profile, category, channel)
        return probability, np.full(len(probability), RESPONSE, dtype=object)


def with_values(options: DataFrame, valuer: ContactValuer) -> DataFrame:
    """One row: one contact that is possible, with what it brings.

    Args:
        options: ``profile``, ``product_id``, ``category``, ``channel``, ``score`` (the lists' probability) and any
            other columns.
        valuer: sent to every executor.

    Returns:
        The options' columns but ``profile``, with ``probability``, ``amount``, ``value`` and ``value_source``; see
        ``Values``.
    """
    kept = [name for name in options.columns if name != "profile"]

    def value(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            given = (batch.column(name).to_numpy(zero_copy_only=False) for name in _READ)
            found = valuer.values(profile_matrix(batch.column("profile")), *given)
            columns = [*map(batch.column, kept), *map(pa.array, found)]
            yield pa.RecordBatch.from_arrays(columns, names=[*kept, "probability", "amount", "value", "value_source"])

    ddl = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in options.select(*kept).schema)
    return options.mapInArrow(value, f"{ddl}, {_ADDED}")


def with_score_values(options: DataFrame, amounts: DataFrame) -> DataFrame:
    """As ``with_values``, where no contact was ever answered: the list's ``score`` × the product's amount.

    Args:
        options: ``product_id``, ``score`` and any other columns.
        amounts: ``product_id``, ``amount``.
    """
    priced = options.join(F.broadcast(amounts.select("product_id", "amount")), "product_id", "left").fillna(
        0.0, ["amount"]
    )
    value = F.col("score") * F.col("amount")
    return priced.withColumns({"probability": F.col("score"), "value": value, "value_source": F.lit(SCORE)})
