"""The recurrent network at dates of a small delivery, beside the other models."""

from datetime import date

import pytest

from finrec_spark.evaluation.backtest.summary import NETWORK, PROTOCOL
from finrec_spark.models import gru
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps import evaluate_far_trans as far_trans
from finrec_spark.steps import evaluate_far_trans_gru as far_trans_gru
from finrec_spark.steps.backtest_inputs import SharedInputs
from finrec_spark.tables import METRICS
from tests.conftest import GRU
from tests.steps.far_trans_delivery import ORIGINS, SMALL, write_delivery

pytestmark = pytest.mark.slow
pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("sparknlp", reason="the nlp extra is not installed")

OVER = {**GRU, "backtest": {**SMALL["backtest"], "network_every": 2}}


@pytest.fixture(scope="module")
def measured(context, delivery, tmp_path_factory):
    """All dates by every other model, the last one by the network too: (context, all models' figures over it)."""
    run = context(tmp_path_factory.mktemp("lake"), "far_trans", input_dir=delivery, **OVER)
    far_trans.run_backtest(run, ORIGINS)
    return run, far_trans_gru.run_network_backtest(run, far_trans_gru.network_dates(run, ORIGINS))


def figures(context, protocol):
    """What was measured under a protocol, by date, model, metric and segment."""
    return {
        (row["origin"], row["model"], row["metric"], row["segment"]): row["value"]
        for row in context.lake.collect(METRICS, protocol=protocol)
    }


def test_the_network_is_used_at_every_nth_date_and_nowhere_where_it_is_no_model(measured, context, delivery, tmp_path):
    assert far_trans_gru.network_dates(measured[0], ORIGINS) == ORIGINS[2:]
    without = context(tmp_path, "far_trans", input_dir=delivery, **SMALL)
    assert far_trans_gru.network_dates(without, ORIGINS) == []


def test_its_figures_stand_beside_those_of_the_same_dates(measured):
    run, over = measured
    own = figures(run, NETWORK)
    assert {(origin, model) for origin, model, *_ in own} == {(ORIGINS[2], gru.NAME)}
    told = {row.model: row.value for row in over if (row.metric, row.segment) == ("ndcg", "all")}
    assert told[gru.NAME] == own[ORIGINS[2], gru.NAME, "ndcg", "all"] > 0
    assert told["walk"] == figures(run, PROTOCOL)[ORIGINS[2], "walk", "ndcg", "all"]


def test_what_happens_after_a_date_is_not_read_by_its_network(context, delivery, tmp_path):
    """The same date of a delivery whose later purchases are others."""
    lessons = []
    for name, shift in (("true", 0), ("other", 1)):
        directory = tmp_path / name
        directory.mkdir()
        write_delivery(directory, shifted_later(delivery, shift))
        run = context(tmp_path / f"lake-{name}", "far_trans", input_dir=directory, **OVER)
        lessons.append(collected_lesson(run))
    assert lessons[0] == lessons[1]


def shifted_later(delivery, shift):
    """The delivery's purchases; those after the first date of other products, where there is a shift."""
    lines = (line.split(",") for line in (delivery / "transactions.csv").read_text().splitlines()[1:])
    bought = {}
    for day, customer, product in sorted((date.fromisoformat(line[4]), line[0], line[1]) for line in lines):
        is_later = day >= ORIGINS[0]
        bought.setdefault((customer, f"P{(int(product[1:]) + shift * is_later) % 8}"), day)
    return bought


def collected_lesson(context):
    """What the first date's network reads: every sequence with something in it, and the products' content."""
    shared = SharedInputs(context, far_trans_gru.read_network_backtest)
    run = StepRun(context, far_trans_gru.network_step(shared), ORIGINS[0])
    lesson = far_trans_gru.lesson_at(run, shared.get())
    filled = lesson.sequences.where("length > 0").drop("customer_index").toPandas().astype(str)
    content = {name: array.tolist() for name, array in vars(lesson.content).items()}
    shared.release()
    return filled.sort_values(["customer_id", "cut"]).to_numpy().tolist(), content
