"""The rows of a small bank, and how they are written."""

import csv
import io

CUSTOMERS = [("customer_id", "segment", "risk_level"), *((f"C{n:02}", "retail", "2") for n in range(1, 7))]
PRODUCTS = [("product_id", "category", "name", "text"), *((f"P{n}", "loan", f"Loan {n}", "plain") for n in range(1, 5))]
EVENTS = [
    ("customer_id", "product_id", "event_time", "value"),
    *((f"C{n:02}", f"P{n % 4 + 1}", f"2022-05-{n:02} 10:00:00", str(n)) for n in range(1, 7)),
]


def csv_text(rows, separator=",", quoting=csv.QUOTE_MINIMAL, end="\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)
    return out.getvalue()
