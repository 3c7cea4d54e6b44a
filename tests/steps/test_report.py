import re
from datetime import date
from pathlib import Path

import pytest

from finrec_spark.evaluation.figures import metric_rows
from finrec_spark.evaluation.report.content import Group
from finrec_spark.pipeline.code import module_digests
from finrec_spark.pipeline.explain import why_single
from finrec_spark.steps import evaluate_last_month, report
from finrec_spark.steps.sensitive_groups import collect_groups, groups_of, kept_back
from finrec_spark.tables import CUSTOMERS, EXCLUSIONS, METRICS, RECOMMENDATIONS

JUNE = date(2022, 6, 1)
REPORT = "finrec_spark.evaluation.report"


def test_the_month_s_report_lies_below_the_lake(finished):
    assert report.report_place(finished, JUNE) == f"{finished.lake.root}/reports/2022-06/report.html"
    assert why_single(report.STEP, JUNE, finished) is None


def test_every_number_of_the_page_is_a_row_of_the_metrics(finished):
    values = {row.key: row.value for row in metric_rows(finished.lake.collect(METRICS))}
    shown = re.findall(r'<data value="([^"]+)" data-metric="([^"]+)">', html(finished))
    assert len(shown) > 200
    assert [key for value, key in shown if values[key] != float(value)] == []


def test_the_page_holds_every_part_of_the_month(finished):
    found = set(re.findall(r'<section id="([\w-]+)"', html(finished)))
    assert found >= {"summary", "models", "reach", "spread", "segments", "learned", "examples", "fairness"}


def test_no_customer_is_named_in_the_report(finished):
    text = html(finished)
    ids = [row.customer_id for row in finished.lake.read(CUSTOMERS).select("customer_id").distinct().collect()]
    assert [name for name in ids if name in text] == []


def test_the_same_input_gives_the_same_bytes_and_a_file_that_is_gone_comes_back(finished):
    path = Path(report.report_place(finished, JUNE))
    before = path.read_bytes()
    path.unlink()
    report.restore_report(finished, JUNE)
    assert path.read_bytes() == before


def test_a_change_of_the_page_makes_no_evaluation_stale(finished):
    modules = module_digests(evaluate_last_month.STEP.modules(finished.config))
    assert [name for name in modules if name.startswith(REPORT)] == []
    assert REPORT in module_digests(report.STEP.modules(finished.config))  # which holds the templates


def test_groups_hold_everyone_once_an_attribute(finished):
    groups, on_sale = collect_groups(finished, JUNE)
    by_attribute = {}
    for group in groups:
        by_attribute[group.attribute] = by_attribute.get(group.attribute, 0) + group.customers
    assert by_attribute.keys() == {"segment", "gender", "marital status", "region", "children", "age"}
    listed = finished.lake.read(RECOMMENDATIONS, month=JUNE).select("customer_id").distinct().count()
    assert set(by_attribute.values()) == {listed}  # everybody has a list
    assert on_sale > 0


@pytest.mark.parametrize("rule", ["owned", "risk_too_high"])
def test_what_groups_are_kept_from_adds_up_to_the_exclusions(finished, rule):
    groups, _ = collect_groups(finished, JUNE)
    counted = sum(group.kept_back[rule] for group in groups if group.attribute == "segment")
    rows = finished.lake.read(EXCLUSIONS, month=JUNE).where(f"decided_by = 'recommend' and rule = '{rule}'")
    assert counted == rows.selectExpr("sum(customers) n").head().n


def test_the_first_rule_that_applies_is_the_one_that_counts(spark):
    products = [
        {"product_index": place, "risk_level": risk, "on_sale": on_sale}
        for place, risk, on_sale in ((0, 1, True), (1, 4, True), (2, 5, True), (3, 5, False))
    ]
    rows = [([1, 3], [True, True], 3), ([0], [False], 0), ([], [], 5)]
    customers = spark.createDataFrame(rows, "product_index array<int>, owned array<boolean>, risk_level int")
    found = customers.select(kept_back(products, risk_where_unknown=1).alias("kept")).collect()
    assert [(row.kept["owned"], row.kept["risk_too_high"]) for row in found] == [(1, 1), (0, 2), (0, 0)]


def test_counts_become_groups():
    counts = {"risk_too_high": 2, "customers": 5, "listed": 4, "contacted": 1, "owned": 7}
    (group,) = groups_of({("marital_status", "single"): counts}, with_contacts=False)
    assert group == Group("marital status", "single", 5, 4, None, {"owned": 7, "risk_too_high": 2})
    assert list(group.kept_back) == ["owned", "risk_too_high"]  # whatever order Spark counts in


def html(context):
    return Path(report.report_place(context, JUNE)).read_text(encoding="utf-8")
