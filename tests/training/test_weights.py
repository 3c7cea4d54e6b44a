import numpy as np
import pytest

from finrec_spark.errors import ModelNotFound
from finrec_spark.tables import NETWORK_WEIGHTS
from finrec_spark.training.weights import weight_rows, weights_from_rows


def test_weights_come_back_from_a_table_to_the_bit(spark):
    rng = np.random.default_rng(0)
    weights = {"gru": rng.normal(size=(3, 2)).astype(np.float32), "mean": np.array(0.1, np.float32)}
    rows = spark.createDataFrame(weight_rows(weights), NETWORK_WEIGHTS.ddl_without("month", "model")).collect()
    back = weights_from_rows((row.name, row.shape, row["values"]) for row in rows)
    assert {name: array.tolist() for name, array in back.items()} == {k: v.tolist() for k, v in weights.items()}
    assert {array.dtype for array in back.values()} == {np.dtype(np.float32)}


def test_no_weights_are_a_missing_model():
    with pytest.raises(ModelNotFound, match="train gru first"):
        weights_from_rows([])
