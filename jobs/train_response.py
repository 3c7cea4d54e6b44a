"""Train acceptance on earlier contacts and their answers: what a campaign weighs an offer by."""

from finrec_spark.models import naive_bayes, response
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.steps.contact_history import read_contact_history
from finrec_spark.tables import CALIBRATION, NAIVE_BAYES, REGISTRY, TREES


def run(job: Job) -> int:
    """A calibrated forest over profile, product category and channel; naive Bayes for each product and channel."""
    params = job.config.acceptance
    history = read_contact_history(job)

    contacts = history.known_at(job.month, params.answer_days).persist()
    fitted = response.fit(contacts, history.profile, params, f"{job.scratch}/trees")
    job.tell(f"train_response: {fitted.contacts:,} contacts, {fitted.accepted:,} of them accepted")
    odds = naive_bayes.fit_answers(contacts, history.profile, job.config.parameters.naive_bayes)

    job.register_model(response.NAME, params)
    written = job.write(TREES, fitted.trees, model=response.NAME)
    written += job.write(NAIVE_BAYES, odds, model=response.NAME)
    contacts.unpersist()
    return written + job.write(CALIBRATION, fitted.calibration, model=response.NAME)


STEP = Step(
    name="train_response",
    run=run,
    writes=(TREES, CALIBRATION, NAIVE_BAYES, REGISTRY),
    after=(After("ingest", months_back=None), After("build_profile")),
    params=lambda config: [config.acceptance, config.parameters.naive_bayes],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
