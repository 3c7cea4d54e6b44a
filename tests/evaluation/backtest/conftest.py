"""What the tests of the backtest build their histories with."""

import pytest

from tests.evaluation.backtest.banks import events_of


@pytest.fixture
def frame(spark):
    def build(customers):
        schema = "customer_id string, events array<struct<known_day:int,product_index:int,first:boolean>>"
        return spark.createDataFrame(events_of(customers), schema)

    return build
