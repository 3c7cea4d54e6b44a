"""Seconds and peak memory of the profiles of 1,000,000 customers with 20,000,000 interactions; argument: customers."""

import sys
import tempfile
import time
from datetime import date
from os import getpid
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.profiles.customer_profiles import (
    ProfileParams,
    ProfileSources,
    collect_categories,
    customer_profiles,
)
from finrec_spark.transforms.profiles.kinds import collect_columns
from finrec_spark.transforms.profiles.product_profiles import product_profiles
from finrec_spark.transforms.profiles.vector import (
    assign_profile_features,
    assign_profile_values,
    collect_profile_features,
    profile_vector,
)

MONTH = date(2022, 6, 1)
PRODUCTS = 200
CATEGORIES = ("credit_card", "deposit", "insurance", "investment", "loan")
TYPES = ("view", "view", "view", "transaction", "transaction", "inquiry", "open", "close")
SETTINGS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "16",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def drawn(name: str, size: int) -> Column:
    """A number below ``size`` that ``id`` and the name decide."""
    return F.pmod(F.xxhash64("id", F.lit(name)), F.lit(size))


def one_of(name: str, values: tuple[str, ...]) -> Column:
    return F.array(*map(F.lit, values))[drawn(name, len(values)).cast("int")]


def day_before(name: str, days: int) -> Column:
    return F.date_sub(F.lit(MONTH), (drawn(name, days) + 1).cast("int"))


def customer_id(number: Column) -> Column:
    return F.concat(F.lit("C"), F.lpad(number.cast("string"), 10, "0")).alias("customer_id")


def product_id() -> Column:
    return F.concat(F.lit("P"), drawn("product", PRODUCTS).cast("string")).alias("product_id")


def made_up_customers(spark: SparkSession, n: int) -> DataFrame:
    """Every third customer has two versions of the profile."""
    profile = F.create_map(
        F.lit("age"), (drawn("age", 70) + 18).cast("string"),
        F.lit("income_yuan"), drawn("income", 400_000).cast("string"),
        F.lit("last_questionnaire_date"), day_before("asked", 2000).cast("string"),
        F.lit("occupation"), F.concat(F.lit("o"), drawn("occupation", 60).cast("string")),
        F.lit("region"), F.concat(F.lit("r"), drawn("region", 30).cast("string")),
        F.lit("segment"), one_of("segment", ("retail", "private", "student", "senior")),
    )  # fmt: skip
    changed = day_before("changed", 400)
    second = F.struct(changed.alias("valid_from"), F.lit(None).cast("date").alias("valid_to"))
    always = F.lit(date(1900, 1, 1)).alias("valid_from")
    first = F.struct(always, F.date_sub(changed, 1).alias("valid_to"))
    only = F.struct(always, F.lit(None).cast("date").alias("valid_to"))
    versions = F.when(drawn("versions", 3) == 0, F.array(first, second)).otherwise(F.array(only))
    rows = spark.range(n).select("id", F.inline(versions), profile.alias("profile"))
    risk_level = (F.pmod(F.xxhash64("id", "valid_from"), F.lit(5)) + 1).cast("int").alias("risk_level")
    return rows.select(customer_id(F.col("id")), "valid_from", "valid_to", risk_level, "profile")


def made_up_products(spark: SparkSession) -> DataFrame:
    return spark.range(PRODUCTS).select(
        F.concat(F.lit("P"), F.col("id").cast("string")).alias("product_id"),
        one_of("category", CATEGORIES).alias("category"),
        (drawn("risk", 5) + 1).cast("int").alias("risk_level"),
        drawn("price", 1000).cast("decimal(18,2)").alias("price"),
        day_before("sold", 2000).alias("valid_from"),
        F.lit(None).cast("date").alias("valid_to"),
    )


def made_up_interactions(spark: SparkSession, n: int, customers: int) -> DataFrame:
    """In the order of delivery, customers mixed; one of a hundred events is that of one heavy customer."""
    number = F.when(drawn("heavy", 100) == 0, 0).otherwise(drawn("customer", customers))
    time_of_event = F.timestamp_seconds(F.unix_timestamp(F.lit(MONTH)) - drawn("time", 3 * 365 * 86400) - 1)
    return spark.range(0, n, 1, 16).select(
        F.concat(F.lit("E"), F.col("id").cast("string")).alias("event_id"),
        customer_id(number),
        product_id(),
        one_of("type", TYPES).alias("event_type"),
        time_of_event.alias("event_time"),
        (drawn("value", 10_000_000) / 100).cast("decimal(18,2)").alias("value"),
    )


def made_up_matrix(spark: SparkSession, customers: int) -> DataFrame:
    """Eight products a customer, of which about one in three is held."""
    return spark.range(customers * 8).select(
        customer_id((F.col("id") / 8).cast("long")), product_id(), (drawn("owned", 3) == 0).alias("owned")
    )


def made_up_contacts(spark: SparkSession, customers: int) -> DataFrame:
    """Two a customer, with the answer beside it."""
    hour = F.make_interval(hours=F.lit(1))
    sent = F.to_timestamp(day_before("sent", 700))
    return spark.range(customers * 2).select(
        F.concat(F.lit("K"), F.col("id").cast("string")).alias("contact_id"),
        customer_id(drawn("contacted", customers)),
        product_id(),
        one_of("channel", ("sms", "email", "phone", "app")).alias("channel"),
        sent.alias("contact_time"),
        F.lit("treatment").alias("arm"),
        one_of("answer", ("accepted", "declined", "none", "none")).alias("response"),
        (sent + hour).alias("response_time"),
    )


def written(df: DataFrame, folder: Path) -> DataFrame:
    df.write.parquet(str(folder))
    return df.sparkSession.read.parquet(str(folder))


def peak_memory_mb() -> int:
    """High-water mark of the resident memory of this process's JVM."""
    parent = f"PPid:\t{getpid()}"
    for status in Path("/proc").glob("[0-9]*/status"):
        lines = status.read_text().splitlines()
        if parent in lines and "Name:\tjava" in lines:
            return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
    return -1


def tell(what: str, start: float) -> None:
    print(f"{what}: {time.perf_counter() - start:.1f} s, peak memory {peak_memory_mb():,} MB", flush=True)


def measure(spark: SparkSession, customers: int, folder: Path) -> None:
    start = time.perf_counter()
    contacts = written(made_up_contacts(spark, customers), folder / "contacts")
    sources = ProfileSources(
        customers=written(made_up_customers(spark, customers), folder / "customers"),
        products=written(made_up_products(spark), folder / "products"),
        interactions=written(made_up_interactions(spark, customers * 20, customers), folder / "interactions"),
        matrix=written(made_up_matrix(spark, customers), folder / "matrix"),
        contacts=contacts,
        responses=contacts.select("contact_id", "response", "response_time"),
    )
    tell("making the bank up", start)

    rules, params = MatrixParams(), ProfileParams()
    start = time.perf_counter()
    columns, categories = (
        collect_columns(sources.customers, MONTH, params),
        collect_categories(sources.products, params),
    )
    tell("kinds", start)
    rows = customer_profiles(sources, MONTH, columns.kinds, categories, rules, params, columns.missing)
    profiles = written(rows, folder / "profiles")
    tell(f"customer profiles, kinds included: {customers:,} customers, {customers * 20:,} interactions", start)

    start = time.perf_counter()
    positions = sources.products.select("product_id", F.lit(0).alias("product_index"))
    written(
        product_profiles(sources.interactions, sources.matrix, sources.products, positions, MONTH, rules),
        folder / "product_profiles",
    )
    tell("product profiles", start)

    start = time.perf_counter()
    features = written(assign_profile_features(None, profiles), folder / "features")
    values = written(assign_profile_values(None, profiles, features, params), folder / "values")
    tell("features and values", start)
    start = time.perf_counter()
    vector = profile_vector(collect_profile_features(features, values))
    written(profiles.select("customer_id", vector.alias("vector")), folder / "vectors")
    tell("vectors", start)


if __name__ == "__main__":
    builder = SparkSession.builder
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as made:
        measure(session, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, Path(made))
