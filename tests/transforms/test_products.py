from datetime import date

import pytest

from finrec_spark.transforms.ingest.products import dated_products

JUNE, LAUNCH = date(2022, 6, 1), date(2020, 1, 1)


def test_in_the_first_delivery_an_undated_product_was_always_on_sale(products):
    assert _dates(dated_products(None, products(("card", None), ("loan", LAUNCH)), JUNE)) == {
        "card": date(1900, 1, 1),
        "loan": LAUNCH,
    }


def test_in_a_later_one_a_known_product_keeps_its_day_and_a_new_one_was_not_known_before(products):
    known = products(("card", LAUNCH))
    assert _dates(dated_products(known, products(("card", None), ("loan", None)), JUNE)) == {
        "card": LAUNCH,
        "loan": date(2022, 5, 31),
    }


def test_a_delivered_day_is_believed(products):
    assert _dates(dated_products(products(("card", None)), products(("card", LAUNCH)), JUNE)) == {"card": LAUNCH}


def _dates(found):
    return {row.product_id: row.valid_from for row in found.collect()}


@pytest.fixture
def products(spark):
    return lambda *rows: spark.createDataFrame(rows, "product_id string, valid_from date")
