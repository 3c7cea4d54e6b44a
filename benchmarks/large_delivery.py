"""Write a large delivery of a bank's own files, for measuring what `ingest` takes of it.

    .venv/bin/python benchmarks/large_delivery.py [--interactions 5000000] build/large_delivery
    .venv/bin/python benchmarks/two_versions.py ingest --source files --input "$PWD/build/large_delivery"

A customer for every hundred interactions, 300 products, three years of events, one event in a thousand of a customer
whom nobody knows. The same number gives the same files.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

PRODUCTS = 300
CATEGORIES = ("loan", "credit_card", "deposit", "investment", "insurance")
TYPES = ("view", "inquiry", "open", "purchase", "close")
SECONDS = 3 * 365 * 86_400
START = 1_559_347_200  # 2019-06-01


def main(argv: Sequence[str]) -> int:
    """Write the three tables as CSV."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, default=5_000_000, metavar="N", help="rows of interactions")
    parser.add_argument("folder", type=Path, metavar="DIR")
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(0)
    customers = max(options.interactions // 100, 10)
    plain = csv.WriteOptions(quoting_style="none")  # as a database's dump: only the products' texts have quotes
    csv.write_csv(products_table(), options.folder / "products.csv")
    csv.write_csv(customers_table(chance, customers), options.folder / "customers.csv", plain)
    csv.write_csv(
        interactions_table(chance, options.interactions, customers), options.folder / "interactions.csv", plain
    )
    return 0


def customers_table(chance: np.random.Generator, rows: int) -> pa.Table:
    """One row: one customer."""
    return pa.table(
        {
            "customer_id": ids("C", np.arange(rows)),
            "segment": chance.choice(["retail", "affluent", "youth"], rows),
            "risk_level": chance.integers(1, 6, rows),
            "age": chance.integers(18, 90, rows),
            "income": chance.integers(10_000, 300_000, rows),
        }
    )


def products_table() -> pa.Table:
    """One row: one product; its text has commas and quotes."""
    numbers = range(PRODUCTS)
    texts = [f'A "plain" offer, for {number} months, without a fee' for number in numbers]
    categories = [CATEGORIES[number % len(CATEGORIES)] for number in numbers]
    names = [f"Product {number}" for number in numbers]
    columns = {"product_id": ids("P", np.arange(PRODUCTS)), "category": categories, "name": names, "text": texts}
    return pa.table(columns)


def interactions_table(chance: np.random.Generator, rows: int, customers: int) -> pa.Table:
    """One row: one event."""
    moments = pa.array(START + chance.integers(0, SECONDS, rows)).cast(pa.timestamp("s"))
    return pa.table(
        {
            "event_id": ids("E", np.arange(rows)),
            "customer_id": ids("C", chance.integers(0, customers * 1_001 // 1_000, rows)),
            "product_id": ids("P", chance.integers(0, PRODUCTS, rows)),
            "event_type": chance.choice(TYPES, rows),
            "event_time": pc.strftime(moments, format="%Y-%m-%d %H:%M:%S"),
            "value": chance.integers(100, 10_000_000, rows) / 100,
        }
    )


def ids(letter: str, numbers: np.ndarray) -> pa.Array:
    """``letter`` and nine digits."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=9, padding="0")
    return pc.binary_join_element_wise(letter, digits, "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
