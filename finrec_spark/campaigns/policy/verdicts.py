"""Options → the first rule that keeps each of them out, and what that adds up to."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.policy.rules import STAGES, Rule
from finrec_spark.transforms.lookup import looked_up


def with_rule(options: DataFrame, rules: Sequence[Rule]) -> DataFrame:
    """The options with ``rule``: code of the first rule that keeps each out; null where it may be sent.

    Args:
        options: the fields that rules read, and any other columns.
        rules: in the order in which they are tried.

    >>> rule = Rule(code="owned", stage="applicability", keeps_out="owned", sentence="held")
    >>> held = [("card", True), ("loan", False), ("fund", None)]
    >>> rows = spark.createDataFrame(held, "product_id string, owned boolean")
    >>> with_rule(rows, [rule]).show()
    +----------+-----+-----+
    |product_id|owned| rule|
    +----------+-----+-----+
    |      card| true|owned|
    |      loan|false| NULL|
    |      fund| NULL| NULL|
    +----------+-----+-----+
    <BLANKLINE>
    """
    codes = [F.when(_applies(rule), F.lit(rule.code)) for rule in rules]
    return options.withColumn("rule", F.coalesce(*codes, F.lit(None).cast("string")))


def excluded_pairs(judged: DataFrame, rules: Sequence[Rule]) -> DataFrame:
    """One row: a customer and a product that no channel is left for, with the rule that the furthest channel met.

    Args:
        judged: ``customer_id``, ``product_id``, ``rule`` of every option.

    Returns:
        ``customer_id``, ``product_id``, ``rule``.
    """
    place = F.coalesce(looked_up("rule", {rule.code: n for n, rule in enumerate(rules)}), F.lit(len(rules)))
    of_pair = judged.groupBy("customer_id", "product_id").agg(F.max(place).alias("place"))
    named = F.array(*[F.lit(rule.code) for rule in rules])[F.col("place")]
    return of_pair.where(F.col("place") < len(rules)).select("customer_id", "product_id", named.alias("rule"))


def collect_funnel(judged: DataFrame, rules: Sequence[Rule]) -> dict[str, int]:
    """Customers who had an offer, then those with one left behind each stage; a few numbers.

    Args:
        judged: as for ``excluded_pairs``.
    """
    stage_of = {rule.code: STAGES.index(rule.stage) for rule in rules}
    reached = F.coalesce(looked_up("rule", stage_of), F.lit(len(STAGES)))
    furthest = judged.groupBy("customer_id").agg(F.max(reached).alias("reached"))
    behind = [F.count_if(F.col("reached") > n).alias(stage) for n, stage in enumerate(STAGES)]
    row = furthest.agg(F.count("*").alias("offered"), *behind).collect()[0]
    return {name: int(row[name]) for name in ("offered", *STAGES)}


def _applies(rule: Rule) -> Column:
    return F.coalesce(F.expr(rule.keeps_out), F.lit(rule.where_unknown == "exclude"))
