"""Who gets recommendations, and who is kept from products by which rule, by sensitive attribute."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.evaluation.report.content import Group
from finrec_spark.pipeline.context import RunContext
from finrec_spark.steps.example_customers import has_rows
from finrec_spark.tables import (
    CAMPAIGN_TARGETS,
    CUSTOMER_PROFILE,
    EXCLUSIONS,
    PRODUCT_PROFILE,
    RECOMMENDATIONS,
    SCORING_ROWS,
)
from finrec_spark.vocabulary import TREATMENT

GROUP_TABLES = (CUSTOMER_PROFILE, SCORING_ROWS, PRODUCT_PROFILE, RECOMMENDATIONS)
_AGES = ((25, "18 to 24"), (35, "25 to 34"), (45, "35 to 44"), (55, "45 to 54"), (65, "55 to 64"))
_OLDEST, _UNKNOWN, _MANY = "65 and over", "not known", 3
_CUSTOMERS, _LISTED, _CONTACTED = "customers", "listed", "contacted"


def collect_groups(context: RunContext, month: date) -> tuple[list[Group], int]:
    """The groups, and how many products are on sale; none where the month has no lists.

    One query: each customer counts once in every attribute. What recommend keeps back follows from what the scoring
    pass reads; what a campaign's policy keeps back is known of customers only where ``recommend.exclusions`` is pairs.
    """
    lake = context.lake
    if not all(has_rows(context, table, month) for table in GROUP_TABLES):
        return [], 0
    products = lake.collect(PRODUCT_PROFILE, month=month)
    kept = kept_back(products, context.config.recommend.risk_level_where_unknown)
    listed = lake.read(RECOMMENDATIONS, month=month).where("rank = 1").select("customer_id", F.lit(1).alias(_LISTED))
    rows = lake.read(SCORING_ROWS, month=month).select("customer_id", "segment", kept.alias("kept"))
    profile = lake.read(CUSTOMER_PROFILE, month=month).select("customer_id", "numbers", "categories")
    customers = profile.join(rows, "customer_id").join(listed, "customer_id", "left")
    with_contacts = has_rows(context, CAMPAIGN_TARGETS, month)
    if with_contacts:
        customers = customers.join(_contacted(context, month), "customer_id", "left")
    if context.config.recommend.exclusions == "pairs":
        customers = customers.join(_kept_by_policy(context, month), "customer_id", "left")
    counted = _collect_counts(customers, context.config.ensemble.sensitive)
    return groups_of(counted, with_contacts), sum(bool(product["on_sale"]) for product in products)


def kept_back(products: Iterable[Mapping[str, object]], risk_where_unknown: int) -> Column:
    """Rule → how many products on sale it keeps from the customer of a scoring row; the first rule that applies counts.

    Args:
        products: rows of ``gold.product_profile``.
        risk_where_unknown: highest product risk that suits a customer without a risk level.
    """
    on_sale = {int(str(p["product_index"])): int(str(p["risk_level"] or 0)) for p in products if p["on_sale"]}
    risks = F.array(*[F.lit(on_sale.get(place, -1)) for place in range(max(on_sale, default=-1) + 1)])
    limit = F.when(F.col("risk_level") > 0, F.col("risk_level")).otherwise(risk_where_unknown)
    held = F.transform(
        F.filter(F.arrays_zip("product_index", "owned"), lambda of: of["owned"]),
        lambda of: F.coalesce(F.get(risks, of["product_index"]), F.lit(-1)),
    )
    owned = F.filter(held, lambda risk: risk >= 0)
    too_high = F.size(F.filter(risks, lambda risk: risk > limit)) - F.size(F.filter(owned, lambda risk: risk > limit))
    return F.create_map(F.lit("owned"), F.size(owned), F.lit("risk_too_high"), too_high)


def attribute_columns(sensitive: Sequence[str]) -> dict[str, Column]:
    """Attribute → the group that a customer belongs to: the segment, and each sensitive profile feature.

    Ages come in bands, other numbers whole up to 2, then 3 and more.

    Args:
        sensitive: such as ``categories:region`` or ``numbers:age``.
    """
    parts = {name: name.partition(":") for name in sensitive}
    found = {key: _group(kind, key) for kind, _, key in parts.values() if kind in ("categories", "numbers")}
    return {"segment": F.col("segment"), **found}


def groups_of(counted: Mapping[tuple[str, str], Mapping[str, int]], with_contacts: bool) -> list[Group]:
    """The groups of what was counted: (attribute, group) → measure → number."""
    return [
        Group(
            attribute=attribute.replace("_", " "),
            name=name,
            customers=counts[_CUSTOMERS],
            listed=counts[_LISTED],
            contacted=counts[_CONTACTED] if with_contacts else None,
            kept_back={rule: n for rule, n in sorted(counts.items()) if rule not in (_CUSTOMERS, _LISTED, _CONTACTED)},
        )
        for (attribute, name), counts in sorted(counted.items())
    ]


def _group(kind: str, key: str) -> Column:
    value = F.col(kind).getItem(key)
    if kind == "categories":
        return value
    if key == "age":
        band = F.when(value < _AGES[0][0], _AGES[0][1])
        for end, name in _AGES[1:]:
            band = band.when(value < end, name)
        return band.when(value.isNotNull() & ~F.isnan(value), _OLDEST)
    whole = F.floor(value).cast("string")
    return F.when(value >= _MANY, f"{_MANY} and more").when(~F.isnan(value), whole)


def _contacted(context: RunContext, month: date) -> DataFrame:
    """One row: a customer whom one of the month's campaigns contacts."""
    treated = context.lake.read(CAMPAIGN_TARGETS, month=month).where(F.col("arm") == TREATMENT)
    return treated.select("customer_id").distinct().withColumn(_CONTACTED, F.lit(1))


def _kept_by_policy(context: RunContext, month: date) -> DataFrame:
    """One row: a customer with the products that each rule of the campaign's policy keeps back."""
    pairs = context.lake.read(EXCLUSIONS, month=month).where("decided_by = 'campaign' and customer_id is not null")
    by_rule = pairs.groupBy("customer_id", "rule").agg(F.sum("customers").cast("int").alias("n"))
    rules = F.map_from_entries(F.array_sort(F.collect_list(F.struct("rule", "n")))).alias("policy")
    return by_rule.groupBy("customer_id").agg(rules)


def _collect_counts(customers: DataFrame, sensitive: Sequence[str]) -> dict[tuple[str, str], dict[str, int]]:
    """(attribute, group) → measure → number: a few hundred rows."""
    known = {name: F.coalesce(F.col(name), F.lit(0)) for name in (_LISTED, _CONTACTED) if name in customers.columns}
    single = {_CUSTOMERS: F.lit(1), **known}
    measures = F.create_map(*[part for name, value in single.items() for part in (F.lit(name), value)])
    maps = [measures, F.col("kept"), *([_or_empty("policy")] if "policy" in customers.columns else [])]
    attributes = attribute_columns(sensitive)
    named = [
        F.struct(F.lit(name).alias("attribute"), F.coalesce(group, F.lit(_UNKNOWN)).alias("name"))
        for name, group in attributes.items()
    ]
    in_groups = customers.select(F.explode(F.array(*named)).alias("of"), F.map_concat(*maps).alias("measures"))
    tall = in_groups.select("of.attribute", "of.name", F.explode("measures").alias("measure", "n"))
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in tall.groupBy("attribute", "name", "measure").agg(F.sum("n").alias("n")).collect():
        found.setdefault((row["attribute"], row["name"]), {})[row["measure"]] = int(row["n"])
    return found


def _or_empty(column: str) -> Column:
    return F.coalesce(F.col(column), F.create_map().cast("map<string,int>"))
