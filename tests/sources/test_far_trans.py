from datetime import date
from pathlib import Path

import pytest

from finrec_spark.errors import InputMissing
from finrec_spark.sources.far_trans import read_landing
from finrec_spark.transforms.eligibility import on_sale
from finrec_spark.transforms.ingest.screening import screened_interactions, screened_products

REAL = Path(__file__).parents[3] / "shared" / "data" / "far_trans"

FILES = {
    "customer_information.csv": """\
customerID,customerType,riskLevel,investmentCapacity,lastQuestionnaireDate,timestamp
ann,Mass,Predicted_Income,CAP_LT30K,2021-11-30,2021-03-19
bob,Premium,Not_Available,Not_Available,2018-01-01,2018-01-02
cid,Mass,Reckless,CAP_LT30K,,2018-01-02
""",
    "asset_information.csv": """\
ISIN,assetName,assetShortName,assetCategory,assetSubCategory,marketID,sector,industry,timestamp
A1,Apple,APL,Stock,,XATH,Technology,,2019-01-01
A1,Apple old,APL,Stock,,XATH,Technology,,2018-01-01
B2,,BND,Bond,Corporate,XATH,,,2018-01-01
""",
    "transactions.csv": """\
customerID,ISIN,transactionID,transactionType,timestamp,totalValue,units,channel,marketID
ann,A1,,Buy,2018-01-02,,,,XATH
ann,B2,77,Sell,2022-07-01,800.0,1.0,Branch,XATH
""",
    "limit_prices.csv": """\
ISIN,minDate,maxDate,priceMinDate,priceMaxDate,profitability
A1,2018-01-02,2022-11-29,1,2,1
B2,2018-01-02,2019-06-06,1,2,1
""",
    "markets.csv": """\
exchangeID,marketID,name,description,country,tradingDays,tradingHours,marketClass
XATH,XATH,Athens,"Shares, bonds",Greece,"Mon,Tue",08:15-15:20,Public
""",
}


@pytest.fixture
def landing(spark, tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    return read_landing(spark, str(tmp_path))


def test_risk_words_are_levels_and_unknown_words_stay_to_be_refused(landing):
    levels = {row.customer_id: row.risk_level for row in landing.customers.collect()}
    assert levels == {"ann": "3", "bob": None, "cid": "Reckless"}


def test_a_questionnaire_later_than_its_row_was_not_known_then(landing):
    profiles = {row.customer_id: row.extra for row in landing.customers.collect()}
    assert profiles["ann"] == {"investment_capacity": "CAP_LT30K", "segment": "Mass"}
    assert profiles["bob"] == {"last_questionnaire_date": "2018-01-01", "segment": "Premium"}


def test_an_asset_is_its_earliest_row_and_is_on_sale_until_its_prices_end(landing):
    found = {r.product_id: (r.name, r.tags, r.valid_from, r.valid_to) for r in landing.products.collect()}
    assert found == {
        "A1": ("Apple old", "Stock|Technology", "2018-01-02", None),
        "B2": ("BND", "Bond|Corporate", "2018-01-02", "2019-06-06"),
    }


def test_the_text_holds_the_names_and_the_market(landing):
    text = landing.products.where("product_id = 'A1'").first().text
    assert text == "Apple old. APL. Stock. Technology. Athens. Shares, bonds"


def test_buys_and_sells_are_events_in_euros(landing):
    columns = ("event_id", "event_type", "value", "currency")
    assert sorted(map(tuple, landing.interactions.select(*columns).collect()), key=str) == [
        ("77", "sell", "800.0", "EUR"),
        (None, "buy", None, "EUR"),
    ]


def test_a_missing_file_is_told(spark, tmp_path):
    (tmp_path / "markets.csv").write_text(FILES["markets.csv"])
    with pytest.raises(InputMissing, match=r"lacks customer_information\.csv, asset_information\.csv"):
        read_landing(spark, str(tmp_path))


@pytest.mark.skipif(not REAL.is_dir(), reason="FAR-Trans is not at ../shared/data/far_trans")
def test_no_row_of_the_real_data_is_lost_and_repeats_without_id_stay(spark):
    landing = read_landing(spark, str(REAL))
    products = screened_products(landing.products).valid.persist()
    events = screened_interactions(landing.interactions, products, landing.customers).rows
    assert events.selectExpr("count(1)", "count(reason)", "count(distinct event_id)").first()[:] == (201856, 0, 201856)
    assert (products.count(), products.where(on_sale(date(2021, 6, 1))).count()) == (806, 553)
    products.unpersist()
