"""A model is added as one file, one table and one line in the list; a month then runs with it."""

import shutil
import sys
import textwrap
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import functions as F

import finrec_spark.models
from finrec_spark.models import spec
from finrec_spark.pipeline.code import module_digests
from finrec_spark.tables import METRICS, RECOMMENDATIONS
from jobs import month as month_job

pytestmark = pytest.mark.slow
JUNE = date(2022, 6, 1)
TOY = '''
    """Longest name first."""

    import numpy as np

    from finrec_spark.columns import MONTH, PRODUCT_ID, Column
    from finrec_spark.models.scorer import Explanation
    from finrec_spark.models.spec import ModelSpec
    from finrec_spark.params import Params
    from finrec_spark.tables import PRODUCT_INDEX_TABLE, Table

    LENGTHS = Table(
        "model.toy", "One product", (MONTH, PRODUCT_ID, Column("length", "int", "Of its ID")), ("month",), ("month",)
    )


    class ToyParams(Params):
        at_least: int = 0


    def fit(inputs, params):
        products = inputs.read(PRODUCT_INDEX_TABLE)
        return products.selectExpr("product_id", "length(product_id) length").where(f"length >= {params.at_least}")


    class ToyScorer:
        def __init__(self, lengths):
            self.lengths = lengths

        def score(self, batch):
            return np.tile(self.lengths, (batch.size, 1))

        def explain(self, batch, products):
            nothing = np.zeros(products.shape, dtype=np.int64)
            return Explanation("popular_in_segment", nothing - 1, np.ones(products.shape), nothing)


    def collect_scorer(rows, inputs, params):
        lengths = {row.product_id: row.length for row in rows.collect()}
        return ToyScorer(np.array([float(lengths.get(name, 0)) for name in inputs.product_ids]))


    SPEC = ModelSpec("toy", LENGTHS, ToyParams, "train_toy", (PRODUCT_INDEX_TABLE,), collect_scorer, fit)
'''


@pytest.fixture
def toy(monkeypatch):
    """The file, where Spark's Python workers find it too, and its line in the list."""
    path = Path(finrec_spark.models.__file__).with_name("toy.py")
    path.write_text(textwrap.dedent(TOY))
    monkeypatch.setattr(spec, "_MODULES", (*spec._MODULES, "toy"))
    monkeypatch.setattr(spec, "MODEL_NAMES", (*spec.MODEL_NAMES, "toy"))
    yield
    sys.modules.pop("finrec_spark.models.toy", None)
    path.unlink()


def test_a_month_runs_with_a_model_that_was_added(toy, finished, context, options, tmp_path):
    shutil.copytree(finished.lake.root, tmp_path / "lake")
    with_toy = context(tmp_path / "lake", models=["popularity", "toy"], parameters={"toy": {"at_least": 1}})
    month_job.run(with_toy, options)
    ran = {(a.step, a.month.month) for a in with_toy.ledger.attempts if a.run_id == with_toy.run_id(a.month)}
    assert {("train_toy", month) for month in (4, 5, 6)} <= ran
    assert not [step for step, _ in ran if step in ("build_matrix", "build_profile", "train_popularity")]
    measured = with_toy.lake.read(METRICS).where(F.col("run_id") == with_toy.run_id(JUNE))
    assert "toy" in {row.model for row in measured.select("model").distinct().collect()}
    assert with_toy.lake.read(RECOMMENDATIONS, month=JUNE).count() == 10 * 250


def test_no_other_step_depends_on_its_code(toy, context, tmp_path):
    config = context(tmp_path / "none").config
    steps = [step for step in month_job.catalogue() if step.name != "train_toy"]
    assert len(steps) > 8
    assert [step.name for step in steps if "finrec_spark.models.toy" in module_digests(step.modules(config))] == []
