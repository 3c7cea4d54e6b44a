"""Train acceptance on earlier contacts and their answers: what a campaign weighs an offer by."""

from collections.abc import Sequence

from pyspark.sql import DataFrame

from finrec_spark.errors import ModelNotFound
from finrec_spark.models import naive_bayes, response
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.contact_history import history_reads, read_contact_history
from finrec_spark.tables import CALIBRATION, NAIVE_BAYES, REGISTRY, TREES
from finrec_spark.transforms.profiles.vector import ProfileFeature


def train_response(run: StepRun) -> int:
    """A calibrated forest over profile, product category and channel; naive Bayes for each product and channel."""
    params = run.config.acceptance
    history = read_contact_history(run)

    contacts = history.known_at(run.month, params.answer_days).persist()
    fitted = _fitted(run, contacts, history.profile)
    odds = naive_bayes.fit_answers(contacts, history.profile, run.config.of(naive_bayes.SPEC))

    run.register_model(response.NAME, params)
    written = run.write(TREES, fitted.trees, model=response.NAME)
    written += run.write(NAIVE_BAYES, odds, model=response.NAME)
    contacts.unpersist()
    return written + run.write(CALIBRATION, fitted.calibration, model=response.NAME)


def _fitted(run: StepRun, contacts: DataFrame, profile: Sequence[ProfileFeature]) -> response.FittedResponse:
    """The model's rows; none where there is too little to learn from, and then the log says so."""
    try:
        fitted = response.fit(contacts, profile, run.config.acceptance, f"{run.scratch}/trees")
    except ModelNotFound as reason:
        run.log(f"train_response: {reason}")
        trees, calibration = (run.spark.createDataFrame([], ddl) for ddl in _EMPTY)
        return response.FittedResponse(trees, calibration, 0, 0)
    run.log(f"train_response: {fitted.contacts:,} contacts, {fitted.accepted:,} of them accepted")
    return fitted


_EMPTY = tuple(table.ddl_without("month", "model") for table in (TREES, CALIBRATION))

STEP = Step(
    name="train_response",
    run=train_response,
    reads=history_reads,
    writes=tuple(Writes(table, response.NAME) for table in (TREES, CALIBRATION, NAIVE_BAYES, REGISTRY)),
    params=lambda config: {"acceptance": config.acceptance, "naive_bayes": config.of(naive_bayes.SPEC)},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
