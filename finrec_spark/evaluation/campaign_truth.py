"""What contacts of a synthetic bank truly bring, by its known truth: to be held beside what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.sources.generator import contacted_propensity
from finrec_spark.transforms.lookup import looked_up


@dataclass(frozen=True)
class Truth:
    """The truth of one bank in one month; see ``sources.generator``.

    Attributes:
        propensities: ``customer_id``, ``propensities`` by product in the order of ``product_ids``, without a contact.
        effects: ``customer_id``, ``channel``, ``log_odds`` by category.
        spending: ``customer_id``, ``factor``.
        amounts: ``product_id``, ``amount_yuan``.
        product_ids: ascending.
    """

    propensities: DataFrame
    effects: DataFrame
    spending: DataFrame
    amounts: DataFrame
    product_ids: Sequence[str]


def with_true_value(contacts: DataFrame, truth: Truth) -> DataFrame:
    """The contacts with ``true_value``: (p with it − p without) · what the product is taken with, in expected yuan.

    Args:
        contacts: ``customer_id``, ``product_id``, ``category``, ``channel`` and any other columns.
    """
    place = looked_up("product_id", {name: place for place, name in enumerate(truth.product_ids)})
    known = (
        contacts.join(truth.propensities, "customer_id")
        .join(truth.effects, ["customer_id", "channel"])
        .join(truth.spending, "customer_id")
        .join(F.broadcast(truth.amounts), "product_id")
    )
    without = F.col("propensities")[place].cast("double")
    raised = contacted_propensity(without, F.col("log_odds")[F.col("category")]) - without
    valued = known.withColumn("true_value", raised * F.col("factor") * F.col("amount_yuan"))
    return valued.drop("propensities", "log_odds", "factor", "amount_yuan")
