"""Take a delivery in: landing → bronze → silver, what cannot be used into quarantine."""

from collections.abc import Callable

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.pipeline.cli import Command, delivered_month, run_command, source_options, step_body
from finrec_spark.pipeline.step import Job, Step
from finrec_spark.sources.reading import read_delivery
from finrec_spark.tables import (
    CONSENTS,
    CONTACTS,
    CUSTOMERS,
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
from finrec_spark.transforms.ingest.faults import Screened
from finrec_spark.transforms.ingest.screening import (
    screened_consents,
    screened_contacts,
    screened_customers,
    screened_interactions,
    screened_products,
    screened_responses,
)

BRONZE_OF = {landing.name.removeprefix("landing."): bronze(landing) for landing in LANDING}


def run(job: Job) -> int:
    """Read the delivery, screen each table, and merge what is valid into silver."""
    landing = read_delivery(job.spark, job.program.source, job.program.delivery_directory, job.config.files)
    for table in SILVER:
        job.program.lake.create(table)

    rows = _take(job, "products", landing.products, screened_products, _merge(PRODUCTS))
    rows += _take(job, "customers", landing.customers, screened_customers, _customers)

    products, customers = job.read(PRODUCTS), job.read(CUSTOMERS)
    ids = {"products": products.select("product_id"), "customers": customers.select("customer_id")}
    rows += _take(
        job, "interactions", landing.interactions, lambda r: screened_interactions(r, **ids), _merge(INTERACTIONS)
    )
    rows += _take(job, "consents", landing.consents, lambda r: screened_consents(r, ids["customers"]), _merge(CONSENTS))
    rows += _take(job, "contacts", landing.contacts, lambda r: screened_contacts(r, **ids), _merge(CONTACTS))

    contacts = job.read(CONTACTS).select("contact_id")
    rows += _take(
        job,
        "campaign_responses",
        landing.campaign_responses,
        lambda r: screened_responses(r, contacts),
        _merge(RESPONSES),
    )
    return rows


def _take(
    job: Job,
    name: str,
    landed: DataFrame | None,
    screen: Callable[[DataFrame], Screened],
    write: Callable[[Job, DataFrame], int],
) -> int:
    """One landing table into bronze, quarantine and silver; returns the valid rows."""
    if landed is None:
        return 0
    table = BRONZE_OF[name]
    delivered = job.write(table, landed)
    screened = screen(job.read(table))
    screened.rows.persist(StorageLevel.MEMORY_AND_DISK)
    valid, refused = _collect_counts(screened)

    if refused or job.program.lake.exists(QUARANTINE):  # what an earlier attempt of this run refused is replaced
        job.write(QUARANTINE, screened.rejected, source=name, run_id=job.run_id)
    _check(job, name, delivered, valid, refused)

    write(job, screened.valid)
    screened.rows.unpersist()
    return valid


def _collect_counts(screened: Screened) -> tuple[int, int]:
    is_valid = F.col("reason").isNull()
    row = screened.rows.agg(F.count_if(is_valid).alias("valid"), F.count_if(~is_valid).alias("refused")).collect()[0]
    return row["valid"], row["refused"]


def _check(job: Job, name: str, delivered: int, valid: int, refused: int) -> None:
    """No row is lost, and not too many were refused."""
    if valid + refused != delivered:
        raise DataQualityError(
            f"{name}: {delivered:,} rows in, {valid:,} valid and {refused:,} refused; some were lost"
        )
    limit = job.config.quality.max_quarantined_share
    job.tell(f"{name}: {delivered:,} rows in, {valid:,} valid, {refused:,} in quarantine")
    if refused > limit * delivered:
        raise DataQualityError(
            f"{name}: {refused:,} of {delivered:,} rows are in bronze.quarantine, above the share of {limit:g} that"
            " quality.max_quarantined_share allows; see their reasons there, mend the delivery and run again"
        )


def _merge(table: Table) -> Callable[[Job, DataFrame], int]:
    return lambda job, valid: job.program.lake.merge(table, valid)


def _customers(job: Job, valid: DataFrame) -> int:
    versions = customer_versions(job.read(CUSTOMERS), valid, job.month)
    return job.write(CUSTOMERS, versions)


STEP = Step(
    name="ingest",
    run=run,
    writes=SILVER,
    params=lambda config: [config.files, config.quality],
    inputs=lambda program: program.delivery_fingerprint(),
    monthly=False,
)

if __name__ == "__main__":
    run_command(Command("ingest", __doc__, step_body(STEP, month=delivered_month), source_options))
