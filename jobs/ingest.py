"""Take a delivery in: landing → bronze → silver, what cannot be used into quarantine."""

from collections.abc import Callable

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.pipeline.cli import Command, delivered_month, run_command, source_options, step_body
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.sources.landing import Landing
from finrec_spark.sources.reading import read_delivery, source_of
from finrec_spark.sources.time_formats import format_hint, likely_formats
from finrec_spark.sources.told import told_in_one_line
from finrec_spark.tables import (
    BRONZE,
    CONSENTS,
    CONTACTS,
    CUSTOMERS,
    EVENT_MONTHS,
    INTERACTIONS,
    LANDING,
    PRODUCTS,
    QUARANTINE,
    RESPONSES,
    SILVER,
    Table,
)
from finrec_spark.tables.bronze import bronze
from finrec_spark.transforms.ingest.customers import customer_versions
from finrec_spark.transforms.ingest.faults import EMPTY, Screened
from finrec_spark.transforms.ingest.products import dated_products
from finrec_spark.transforms.ingest.reasons import (
    NOT_A_DATE,
    NOT_A_NUMBER,
    collect_reasons,
    collect_unread,
    unread_columns,
)
from finrec_spark.transforms.ingest.screening import (
    screened_consents,
    screened_contacts,
    screened_customers,
    screened_interactions,
    screened_products,
    screened_responses,
)
from finrec_spark.transforms.labels import event_months
from finrec_spark.transforms.numerals import likely_number_forms

_REASONS = 3  # that a gate tells
BRONZE_OF = {landing.name.removeprefix("landing."): bronze(landing) for landing in LANDING}


def run(step_run: StepRun) -> int:
    """Read the delivery, screen each table, merge what is valid into silver, and note what became known when."""
    context = step_run.context
    landing = read_delivery(step_run.spark, context.source, context.delivery_directory, step_run.config.files)

    rows = _take(step_run, "products", landing, screened_products, _products)
    rows += _take(step_run, "customers", landing, screened_customers, _customers)

    ids = {"products": _ids(step_run, PRODUCTS, "product_id"), "customers": _ids(step_run, CUSTOMERS, "customer_id")}
    rows += _take(step_run, "interactions", landing, lambda r: screened_interactions(r, **ids), _merge(INTERACTIONS))
    rows += _take(step_run, "consents", landing, lambda r: screened_consents(r, ids["customers"]), _merge(CONSENTS))
    rows += _take(step_run, "contacts", landing, lambda r: screened_contacts(r, **ids), _merge(CONTACTS))
    rows += _take(
        step_run,
        "campaign_responses",
        landing,
        lambda r: screened_responses(r, _ids(step_run, CONTACTS, "contact_id", "contact_time")),
        _merge(RESPONSES),
    )
    for table in (table for table in SILVER if context.lake.exists(table)):
        step_run.note_known(table)
    months = event_months(step_run.context.lake.read(INTERACTIONS), step_run.config.matrix.opening_types)
    step_run.write(EVENT_MONTHS, months)
    return rows


def _ids(step_run: StepRun, table: Table, *columns: str) -> DataFrame:
    """The known IDs and what is needed beside them; none where the table was never delivered."""
    lake = step_run.context.lake
    known = lake.read(table) if lake.exists(table) else step_run.spark.createDataFrame([], table.ddl)
    return known.select(*columns)


def _take(
    step_run: StepRun,
    name: str,
    landing: Landing,
    screen: Callable[[DataFrame], Screened],
    write: Callable[[StepRun, DataFrame], None],
) -> int:
    """One landing table into bronze, quarantine and silver; returns the valid rows."""
    landed = landing.tables.get(name)
    if landed is None:
        return 0
    table = BRONZE_OF[name]
    with told_in_one_line(step_run.spark, *source_of(landing, name, step_run.config.files)):
        delivered = step_run.write(table, landed)
    screened = screen(step_run.read(table))
    screened.rows.persist(StorageLevel.MEMORY_AND_DISK)
    counts = _collect_counts(screened)

    # What an earlier attempt of this run refused is replaced.
    if counts["refused"] or step_run.context.lake.exists(QUARANTINE):
        step_run.write(QUARANTINE, screened.rejected, source=name, run_id=step_run.run_id)
    _check(step_run, name, delivered, counts, screened)

    write(step_run, screened.valid)
    screened.rows.unpersist()
    return int(counts["valid"])


def _collect_counts(screened: Screened) -> Row:
    """``valid``, ``refused`` and, of these, the ``empty`` rows."""
    is_valid, is_empty = F.col("reason").isNull(), F.col("reason") == EMPTY
    counted = {"valid": is_valid, "refused": ~is_valid, "empty": is_empty}
    return screened.rows.agg(*(F.count_if(those).alias(name) for name, those in counted.items())).collect()[0]


def _check(step_run: StepRun, name: str, delivered: int, counts: Row, screened: Screened) -> None:
    """No row is lost, and not too many were refused; empty ones say nothing of the others."""
    valid, refused = counts["valid"], counts["refused"]
    if valid + refused != delivered:
        raise DataQualityError(
            f"{name}: {delivered:,} rows in, {valid:,} valid and {refused:,} refused; some were lost"
        )
    limit = step_run.config.quality.max_quarantined_share
    step_run.log(f"{name}: {delivered:,} rows in, {valid:,} valid, {refused:,} in quarantine")
    if refused - counts["empty"] > limit * delivered:
        raise DataQualityError(
            f"{name}: {refused:,} of {delivered:,} rows are in bronze.quarantine, above the share of {limit:g} that"
            f" quality.max_quarantined_share allows: {_why(screened)}; mend the delivery and run again"
        )


def _why(screened: Screened) -> str:
    """The commonest reasons, and how a time or number in another form can be read."""
    reasons = collect_reasons(screened, _REASONS)
    forms = {
        column: likely(collect_unread(screened, column, fault))
        for fault, likely in ((NOT_A_DATE, likely_formats), (NOT_A_NUMBER, likely_number_forms))
        for column in unread_columns(reasons, fault)
    }
    hints = [format_hint(column, found) for column, found in forms.items() if found]
    return "; ".join([*map(str, reasons), *hints])


def _merge(table: Table) -> Callable[[StepRun, DataFrame], None]:
    def merge(step_run: StepRun, valid: DataFrame) -> None:
        step_run.context.lake.merge(table, valid, anew=_is_first(step_run))

    return merge


def _products(step_run: StepRun, valid: DataFrame) -> None:
    known = _known(step_run, PRODUCTS)
    step_run.context.lake.merge(PRODUCTS, dated_products(known, valid, step_run.month), anew=known is None)


def _customers(step_run: StepRun, valid: DataFrame) -> None:
    known = _known(step_run, CUSTOMERS)
    step_run.context.lake.replace(CUSTOMERS, customer_versions(known, valid, step_run.month))


def _known(step_run: StepRun, table: Table) -> DataFrame | None:
    """The table as earlier deliveries left it; None before the first."""
    lake = step_run.context.lake
    return lake.read(table) if lake.exists(table) and not _is_first(step_run) else None


def _is_first(step_run: StepRun) -> bool:
    """Whether no delivery was ever taken in whole: what a refused or killed attempt left is not known, but replaced."""
    return step_run.context.ledger.newest(step_run.step.name, month=None) is None


STEP = Step(
    name="ingest",
    run=run,
    writes=tuple(map(Writes, (*SILVER, EVENT_MONTHS, *BRONZE, QUARANTINE))),
    params=lambda config: {
        "files": config.files,
        "quality": config.quality,
        "opening_types": list(config.matrix.opening_types),
    },
    delivery=lambda context: context.delivery_fingerprint(),
    monthly=False,
)

if __name__ == "__main__":
    run_command(Command("ingest", __doc__, step_body(STEP, month=delivered_month), source_options))
