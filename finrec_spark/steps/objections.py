"""Who objected to profiling, as every step asks it: of these customers nothing is made."""

from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.pipeline.step import StepRun
from finrec_spark.tables import CONSENTS
from finrec_spark.transforms.consents import agreed_again, without_objectors
from finrec_spark.vocabulary import PROFILING


def read_objections(run: StepRun) -> DataFrame | None:
    """Silver consents on profiling; None where nobody ever said a word on it, which the table's log tells."""
    consents = run.read_if_there(CONSENTS)
    nobody = consents is None or not run.context.lake.count(CONSENTS, purpose=PROFILING)
    return None if nobody else run.read(CONSENTS)


def without_objectors_of(run: StepRun, rows: DataFrame) -> DataFrame:
    """The rows (``customer_id`` and others) of customers who had not objected when the run's month began."""
    return without_objectors(rows, read_objections(run), run.month)


def has_returned(run: StepRun, since: date) -> bool:
    """Whether a customer who objected before ``since`` does so no more: what was left out has to be made anew."""
    objections = read_objections(run)
    return objections is not None and not agreed_again(objections, since, run.month).isEmpty()
