"""What every date of the FAR-Trans backtest shares, made once by whichever date is measured first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Generic, Protocol, TypeVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.backtest.catalogue import Catalogue, collect_catalogue
from finrec_spark.evaluation.backtest.dates import as_date, as_day, learning_dates
from finrec_spark.evaluation.backtest.histories import buy_histories, buyers_at, known_buys
from finrec_spark.evaluation.backtest.pieces import BacktestState
from finrec_spark.evaluation.backtest.scoring import training_pairs
from finrec_spark.evaluation.backtest.sums import collect_sums
from finrec_spark.evaluation.backtest.training_rows import NO_ROWS, TrainingRows, collect_training_rows
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.explain import log_verdict
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import Step
from finrec_spark.sources.far_trans import read_landing
from finrec_spark.sources.far_trans_backtest import BacktestFiles, read_backtest_files


class Releasable(Protocol):
    """What holds something persisted."""

    def release(self) -> None:
        """Free it."""


T = TypeVar("T", bound=Releasable)


@dataclass(frozen=True)
class BacktestInputs:
    """The shared work.

    Attributes:
        origins: the dates that are measured, as days, ascending.
        histories: ``customer_id``, ``events``; all that every customer bought. Persisted.
        test_pairs: ``origin``, ``customer_id``, ``product_id`` (position), of all dates. Persisted.
        state: sums of all dates, catalogue and parameters.
        training: candidates of the earlier dates.
    """

    origins: Sequence[int]
    histories: DataFrame
    test_pairs: DataFrame
    state: BacktestState
    training: TrainingRows

    def release(self) -> None:
        """Free what is persisted."""
        self.histories.unpersist()
        self.test_pairs.unpersist()


@dataclass
class SharedInputs(Generic[T]):
    """Makes the shared work when a date first asks for it.

    Attributes:
        context: the job's.
        make: makes it; what was made has ``release``, which frees what is persisted.
        made: None until then.
    """

    context: RunContext
    make: Callable[[RunContext], T]
    made: T | None = field(default=None)

    def get(self) -> T:
        """The shared work."""
        if self.made is None:
            self.made = self.make(self.context)
        return self.made

    def release(self) -> None:
        """Free it, where it was made."""
        if self.made is not None:
            self.made.release()


def collect_origins(context: RunContext) -> list[date]:
    """The dates of the delivery, ascending: some tens."""
    dates = read_backtest_files(context.spark, context.delivery_directory).dates
    found = sorted(row["origin"] for row in dates.where("origin is not null").collect())
    if not found:
        raise InputMissing(f"{context.delivery_directory}: backtest_splits names no date in time_point (YYYY-MM-DD)")
    return found


def read_backtest_inputs(context: RunContext) -> BacktestInputs:
    """What all dates share: the purchases with their sums, and what trees learn from."""
    bought = read_purchases(context)
    learning = context.config.backtest.learning
    buyers = buyers_at(bought.histories, bought.state.dates.tolist(), learning.horizons_days, learning.customers)
    training = collect_training_rows(training_pairs(buyers, bought.state))
    context.log(f"far_trans: {len(training.day):,} candidates of earlier dates to learn from")
    return replace(bought, training=training)


def read_purchases(context: RunContext) -> BacktestInputs:
    """The delivery's purchases and their sums; nothing yet for trees to learn from."""
    params, directory = context.config.backtest, context.delivery_directory
    files, landing = read_backtest_files(context.spark, directory), read_landing(context.spark, directory)
    catalogue = collect_catalogue(landing.products)
    positions = product_positions(context, catalogue)
    histories = buy_histories(known_buys(_buys(landing.interactions), files.approximate, positions)).persist()
    first_day = _collect_first_day(histories)
    context.log(f"far_trans: what was bought from {as_date(first_day)} on is read")

    origins = [as_day(origin) for origin in collect_origins(context)]
    dates = learning_dates(origins, first_day, params.learning.spacing_days, params.learning.earlier_dates)
    state = BacktestState(dates, collect_sums(histories, catalogue, dates), catalogue, params)
    context.log(f"far_trans: sums of {len(dates)} dates over {catalogue.n_products} products are made")
    return BacktestInputs(origins, histories, _test_pairs(files, positions).persist(), state, NO_ROWS)


def _buys(landed: DataFrame) -> DataFrame:
    """One row: a buy whose customer, product and day were delivered and can be read; no other rule is asked for."""
    day = F.to_date(F.substring("event_time", 1, 10), "yyyy-MM-dd")
    buys = landed.where("event_type = 'buy' and malformed is null").select(
        "customer_id", "product_id", day.alias("day")
    )
    return buys.where("customer_id is not null and day is not null")


def run_dates(step: Step, shared: SharedInputs[T], origins: Sequence[date]) -> None:
    """Run the step at each of the dates that is not up to date, say what is left, and free what they shared."""
    for place, origin in enumerate(origins, start=1):
        outcome = run_step(step, shared.context, origin)
        how = "up to date" if outcome.rows is None else f"measured in {outcome.seconds:.0f} s"
        shared.context.log(f"{step.name} {origin}: {how}; {len(origins) - place} of {len(origins)} dates are left")
    shared.release()


def explain_dates(step: Step, context: RunContext, origins: Sequence[date]) -> None:
    """A line for each date: whether it would be measured, and why."""
    for origin in origins:
        log_verdict(step, origin, context)


def product_positions(context: RunContext, catalogue: Catalogue) -> DataFrame:
    """``product_id``, ``product_index`` of the catalogue's products."""
    rows = list(zip(catalogue.product_ids, range(catalogue.n_products), strict=True))
    return context.spark.createDataFrame(rows, "product_id string, product_index int")


def _collect_first_day(histories: DataFrame) -> int:
    """First day on which anything was known."""
    row = histories.agg(F.min(F.col("events")[0]["known_day"]).alias("first")).collect()[0]
    return int(row["first"])


def _test_pairs(files: BacktestFiles, positions: DataFrame) -> DataFrame:
    """One row: what a customer newly bought in a date's test time; ``product_id`` is the product's position."""
    dated = files.test_pairs.join(F.broadcast(files.dates), "split", "inner")
    placed = dated.join(F.broadcast(positions), "product_id", "inner")
    return placed.select("origin", "customer_id", F.col("product_index").alias("product_id"))
