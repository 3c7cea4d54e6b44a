"""Train acceptance on earlier contacts and their answers: what a campaign weighs an offer by."""

from finrec_spark.models import naive_bayes, response
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.contact_history import history_reads, read_contact_history
from finrec_spark.tables import CALIBRATION, NAIVE_BAYES, REGISTRY, TREES


def train_response(run: StepRun) -> int:
    """A calibrated forest over profile, product category and channel; naive Bayes for each product and channel."""
    params = run.config.acceptance
    history = read_contact_history(run)

    contacts = history.known_at(run.month, params.answer_days).persist()
    fitted = response.fit(contacts, history.profile, params, f"{run.scratch}/trees")
    run.log(f"train_response: {fitted.contacts:,} contacts, {fitted.accepted:,} of them accepted")
    odds = naive_bayes.fit_answers(contacts, history.profile, run.config.of(naive_bayes.SPEC))

    run.register_model(response.NAME, params)
    written = run.write(TREES, fitted.trees, model=response.NAME)
    written += run.write(NAIVE_BAYES, odds, model=response.NAME)
    contacts.unpersist()
    return written + run.write(CALIBRATION, fitted.calibration, model=response.NAME)


STEP = Step(
    name="train_response",
    run=train_response,
    reads=history_reads,
    writes=tuple(Writes(table, response.NAME) for table in (TREES, CALIBRATION, NAIVE_BAYES, REGISTRY)),
    params=lambda config: {"acceptance": config.acceptance, "naive_bayes": config.of(naive_bayes.SPEC)},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
