"""FAR-Trans (Sanz-Cruzado, Droukas, McCreadie, Fin-RecSys 2024; doi 10.5525/gla.researchdata.1658) as landing tables.

Files, gzipped or not: ``customer_information``, ``asset_information``, ``transactions``, ``limit_prices``, ``markets``.
"""

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from finrec_spark.sources.delivery import Delivery, find_deliveries, require_tables
from finrec_spark.sources.landing import Landing
from finrec_spark.sources.text_table import filled_map, read_text_table
from finrec_spark.sources.wanted import MALFORMED, Wanted

_CONTRACT = "the FAR-Trans data set's README"
_COLUMNS = {
    "customer_information": (
        "customerid",
        "customertype",
        "risklevel",
        "investmentcapacity",
        "lastquestionnairedate",
        "timestamp",
    ),
    "asset_information": (
        "isin",
        "assetname",
        "assetshortname",
        "assetcategory",
        "assetsubcategory",
        "marketid",
        "sector",
        "industry",
        "timestamp",
    ),
    "transactions": ("customerid", "isin", "transactionid", "transactiontype", "timestamp", "totalvalue"),
    "limit_prices": ("isin", "mindate", "maxdate"),
    "markets": ("marketid", "name", "description", "country"),
}
TABLES = tuple(_COLUMNS)
_RISK_LEVELS = {"Conservative": "2", "Income": "3", "Balanced": "4", "Aggressive": "5"}
_NOT_AVAILABLE = "Not_Available"
_ATTRIBUTES = {
    "asset_category": "assetcategory",
    "asset_subcategory": "assetsubcategory",
    "industry": "industry",
    "market": "marketid",
    "market_country": "market_country",
    "sector": "sector",
}


def read_landing(spark: SparkSession, directory: str) -> Landing:
    """Customers, products and interactions from the FAR-Trans files in ``directory``; every value as text.

    Raises:
        InputMissing: a file or column of the layout is missing.
    """
    found = find_deliveries(spark, directory, TABLES)
    require_tables(found, TABLES, directory, _CONTRACT)
    read = {name: _read(spark, delivery) for name, delivery in found.items()}
    return Landing(
        customers=landed_customers(read["customer_information"]),
        products=landed_products(read["asset_information"], read["limit_prices"], read["markets"]),
        interactions=landed_interactions(read["transactions"]),
    )


def landed_customers(information: DataFrame) -> DataFrame:
    """One row: one version of one customer, from its ``timestamp`` on.

    Risk levels, predicted or not, are 2 (Conservative) to 5 (Aggressive), null where not available; an unknown
    word stays, to be refused. A questionnaire later than the row's own date is left out: it was not known then.
    """
    stated = F.regexp_replace("risklevel", "^Predicted_", "")
    levels = [F.when(stated == word, F.lit(level)) for word, level in _RISK_LEVELS.items()]
    answered = F.when(F.col("lastquestionnairedate") <= F.col("timestamp"), F.col("lastquestionnairedate"))
    capacity = F.when(F.col("investmentcapacity") != _NOT_AVAILABLE, F.col("investmentcapacity"))
    extra = {
        "investment_capacity": capacity,
        "last_questionnaire_date": answered,
        "segment": F.col("customertype"),
    }
    return information.select(
        F.col("customerid").alias("customer_id"),
        F.col("timestamp").alias("valid_from"),
        F.when(stated != _NOT_AVAILABLE, F.coalesce(*levels, F.col("risklevel"))).alias("risk_level"),
        filled_map(extra).alias("extra"),
        F.col(MALFORMED).alias("malformed"),
    )


def landed_products(information: DataFrame, limit_prices: DataFrame, markets: DataFrame) -> DataFrame:
    """One row: one asset, as its earliest row describes it, on sale from its first to its last price.

    An asset whose prices run to the last day of the whole file is still on sale. A name that is missing is the
    short name, or the ISIN.
    """
    described = (
        _earliest_row_per_asset(information)
        .join(F.broadcast(_sale_days(limit_prices)), on="isin", how="left")
        .join(F.broadcast(_market_texts(markets)), on="marketid", how="left")
    )
    kinds = ("assetcategory", "assetsubcategory", "sector", "industry")
    name = F.coalesce("assetname", "assetshortname", "isin")
    null = F.lit(None).cast("string")
    return described.select(
        F.col("isin").alias("product_id"),
        F.lit("investment").alias("category"),
        name.alias("name"),
        F.concat_ws(". ", name, "assetshortname", *kinds, "market_name", "market_description").alias("text"),
        F.concat_ws("|", *kinds).alias("tags"),
        null.alias("risk_level"),
        null.alias("price"),
        "valid_from",
        "valid_to",
        filled_map({name: F.col(column) for name, column in _ATTRIBUTES.items()}).alias("extra"),
        F.col(MALFORMED).alias("malformed"),
    )


def landed_interactions(transactions: DataFrame) -> DataFrame:
    """One row: one buy or sell, its total value in euros where it is known."""
    return transactions.select(
        F.col("transactionid").alias("event_id"),
        F.col("customerid").alias("customer_id"),
        F.col("isin").alias("product_id"),
        F.lower("transactiontype").alias("event_type"),
        F.col("timestamp").alias("event_time"),
        F.col("totalvalue").alias("value"),
        F.lit("EUR").alias("currency"),
        F.lit(None).cast("string").alias("fold"),
        F.col(MALFORMED).alias("malformed"),
    )


def _read(spark: SparkSession, delivery: Delivery) -> DataFrame:
    columns = _COLUMNS[delivery.name]
    return read_text_table(spark, delivery, Wanted(needed=columns, known=columns, others=False), _CONTRACT)


def _earliest_row_per_asset(information: DataFrame) -> DataFrame:
    """One row: one asset, or one malformed line. Rows of one day are told apart by everything else in them."""
    order = ("timestamp", *(name for name in _COLUMNS["asset_information"] if name not in ("isin", "timestamp")))
    of_asset = Window.partitionBy("isin").orderBy(*(F.col(name).asc_nulls_last() for name in (MALFORMED, *order)))
    earliest = F.col("place") == 1
    return (
        information.withColumn("place", F.row_number().over(of_asset))
        .where(earliest | F.col(MALFORMED).isNotNull())
        .drop("place")
    )


def _sale_days(limit_prices: DataFrame) -> DataFrame:
    """One row: the first and last day of one asset's prices."""
    last_of_all = F.max("maxdate").over(Window.partitionBy())
    ended = F.when(F.col("maxdate") < last_of_all, F.col("maxdate"))
    return limit_prices.select("isin", F.col("mindate").alias("valid_from"), ended.alias("valid_to"))


def _market_texts(markets: DataFrame) -> DataFrame:
    """One row: name, description and country of one market."""
    return markets.select(
        "marketid",
        F.col("name").alias("market_name"),
        F.col("description").alias("market_description"),
        F.col("country").alias("market_country"),
    )
