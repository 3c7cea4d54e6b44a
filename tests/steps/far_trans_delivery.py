"""A small delivery in the layout of FAR-Trans, with dates to measure."""

import csv
from datetime import date, timedelta

ORIGINS = [date(2020, 1, 1) + timedelta(days=20 * n) for n in range(3)]
SMALL = {
    "backtest": {
        "checked_dates": 1,
        "learning": {"horizons_days": (10, 20), "dates": 6, "least_positives": 5, "settled_positives": 50},
        "boosting": {"rounds": 5, "minimum_rows": 5},
    }
}


def write_delivery(directory, buys):
    tests = [
        (n, customer, product)
        for n, origin in enumerate(ORIGINS)
        for (customer, product), day in buys.items()
        if origin <= day < origin + timedelta(days=40)
    ]
    kinds = [("Stock", "Large Cap", "XATH"), ("Bond", "Corporate", "XLUX")]
    write(
        directory,
        "transactions",
        "customerID,ISIN,transactionID,transactionType,timestamp,totalValue",
        [(*pair, "", "Buy", day, "") for pair, day in buys.items()],
    )
    write(
        directory,
        "asset_information",
        "ISIN,assetName,assetShortName,assetCategory,assetSubCategory,marketID,sector,industry,timestamp",
        [(f"P{p}", f"Product {p}", "", *kinds[p % 2], "", "", "2018-01-02") for p in range(8)],
    )
    write(
        directory,
        "customer_information",
        "customerID,customerType,riskLevel,investmentCapacity,lastQuestionnaireDate,timestamp",
        [(f"c{c:02d}", "Mass", "Income", "CAP_LT30K", "", "2018-01-02") for c in range(60)],
    )
    write(directory, "limit_prices", "ISIN,minDate,maxDate", [(f"P{p}", "2018-01-02", "2022-11-29") for p in range(8)])
    write(directory, "markets", "marketID,name,description,country", [("XATH", "Athens", "", "Greece")])
    write(directory, "backtest_splits", "split,time_point", list(enumerate(ORIGINS)))
    write(directory, "backtest_test_pairs", "split,customerID,ISIN", tests)
    write(directory, "approximate_first_buys", "customerID,ISIN", [next(iter(buys))])


def write(directory, name, header, rows):
    with (directory / f"{name}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
