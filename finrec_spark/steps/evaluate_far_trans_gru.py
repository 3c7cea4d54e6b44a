"""The recurrent network in the FAR-Trans protocol: trained anew as of every sixth date, beside the other models.

It reads what the month's network reads, but for profiles: every customer's buys and sells before the date, the
products' texts, tags and time series. It learns what was taken within as many months as are tested, of which those
count that had ended by the date (``customer_sequences``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.evaluation.backtest.dates import as_date, as_day, spread_evenly
from finrec_spark.evaluation.backtest.scoring import network_lists
from finrec_spark.evaluation.backtest.summary import NETWORK, NETWORK_SUMMARY, PROTOCOL
from finrec_spark.evaluation.figures import MetricRow
from finrec_spark.models import gru
from finrec_spark.models.gru import GruScorer
from finrec_spark.months import months_before
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.sources.far_trans import read_landing
from finrec_spark.sources.landing import Landing
from finrec_spark.steps.backtest_inputs import (
    BacktestInputs,
    SharedInputs,
    explain_dates,
    product_positions,
    read_purchases,
    run_dates,
)
from finrec_spark.steps.evaluate_far_trans import STEP_NAME as ALL_DATES
from finrec_spark.steps.evaluate_far_trans import TEST_DAYS, customers_at, date_figures
from finrec_spark.steps.figures_over_dates import OverDatesOf, collect_over_dates
from finrec_spark.steps.network_inputs import discard_trainings, training_plan
from finrec_spark.tables import INTERACTIONS, METRICS, PRODUCTS
from finrec_spark.training.product_arrays import ProductContent
from finrec_spark.training.product_content import collect_content, collect_tokens
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.training.text import EmbeddedTexts, embed_texts, product_texts
from finrec_spark.transforms.ids import assign_positions
from finrec_spark.transforms.ingest.products import dated_products
from finrec_spark.transforms.ingest.screening import screened_interactions, screened_products
from finrec_spark.transforms.sequences.customer_sequences import customer_sequences, feed_rows, sequence_layout
from finrec_spark.transforms.sequences.newcomers import collect_newcomer_share
from finrec_spark.transforms.sequences.product_series import product_series
from finrec_spark.transforms.splits import before

STEP_NAME = "evaluate_far_trans_gru"
LABEL_MONTHS = ceil(12 * TEST_DAYS / 365)

_OVER_DATES = OverDatesOf({ALL_DATES: PROTOCOL, STEP_NAME: NETWORK}, NETWORK_SUMMARY, TEST_DAYS)


@dataclass(frozen=True)
class NetworkBacktest:
    """What the dates share.

    Attributes:
        purchases: histories, test pairs and sums, as for the other models.
        interactions: ``silver.interactions`` of the delivery. Persisted.
        customers: ``customer_id``, ``customer_index`` of all who ever bought. Persisted.
        products: ``silver.products`` of the delivery. Persisted.
        positions: ``product_id``, ``product_index``, as the purchases count them.
        texts: what was learned of the products' texts, of which none tells who bought. Persisted.
    """

    purchases: BacktestInputs
    interactions: DataFrame
    customers: DataFrame
    products: DataFrame
    positions: DataFrame
    texts: EmbeddedTexts

    def release(self) -> None:
        """Free what is persisted."""
        self.purchases.release()
        for rows in (self.interactions, self.customers, self.products, self.texts.products, self.texts.tokens):
            rows.unpersist()


def network_dates(context: RunContext, origins: Sequence[date]) -> list[date]:
    """Every sixth of the dates (``backtest.network_every``), the last among them; none where gru is not used."""
    if gru.SPEC not in context.config.specs:
        return []
    number = max(len(origins) // context.config.backtest.network_every, 1)
    return [as_date(day) for day in spread_evenly([as_day(origin) for origin in origins], number)]


def run_network_backtest(context: RunContext, origins: Sequence[date]) -> list[MetricRow]:
    """Train and measure at each of the dates that is not up to date; the other models were measured before.

    Returns:
        All models' figures over these dates.
    """
    shared = SharedInputs(context, read_network_backtest)
    run_dates(network_step(shared), shared, origins)
    return collect_over_dates(context, _OVER_DATES, {origin: origin for origin in origins})


def explain_network_backtest(context: RunContext, origins: Sequence[date]) -> None:
    """A line for each date: whether the network would be trained, and why."""
    explain_dates(network_step(SharedInputs(context, read_network_backtest)), context, origins)


def network_step(shared: SharedInputs[NetworkBacktest]) -> Step:
    """The step that trains and measures at one date; its month is the date."""

    def measure(run: StepRun) -> int:
        return measure_network(run, shared.get())

    return Step(
        name=STEP_NAME,
        run=measure,
        writes=(Writes(METRICS),),
        params=_params,
        delivery=lambda context: context.delivery_fingerprint(),
    )


def measure_network(run: StepRun, inputs: NetworkBacktest) -> int:
    """The network's lists of one date against the date's test pairs → ``mart.metrics``."""
    purchases = inputs.purchases
    network, states = trained_network(run, inputs)
    customers = customers_at(purchases, run.month).persist()
    lists = network_lists(customers.join(states, "customer_id"), purchases.state, network).persist()
    figures = date_figures(lists, customers, purchases, run.month, (gru.NAME,))
    written = run.write(METRICS, figures, protocol=NETWORK, run_id=run.run_id, origin=run.month.isoformat())
    for held in (customers, lists, states):
        held.unpersist()
    discard_trainings(run)
    return written


def trained_network(run: StepRun, inputs: NetworkBacktest) -> tuple[GruScorer, DataFrame]:
    """The network as of the run's date: its scores by product, and every customer's state, which is persisted."""
    from finrec_spark.training.launch import train  # torch is asked for where the network is used alone
    from finrec_spark.training.network_state import NetworkState
    from finrec_spark.training.states import collect_mean_state, customer_states, product_states

    params, catalogue = run.config.of(gru.SPEC), inputs.purchases.state.catalogue
    lesson = lesson_at(run, inputs)
    sequences = lesson.sequences.persist()
    is_scored = F.col("cut") == F.lit(run.month)
    learned = sequences.where(~is_scored)
    layout, content = lesson.layout, lesson.content

    trained = train(run.spark, training_plan(run, learned, layout, content, params, gru.NAME))
    run.log(f"far_trans {run.month}: the network of epoch {trained.best_epoch} is kept")

    state = NetworkState(layout, content, params.network, trained.weights)
    states = customer_states(feed_rows(sequences.where(is_scored), layout, "customer_id"), state).persist()
    tokens = collect_tokens(inputs.texts.tokens)
    newcomers = collect_newcomer_share(learned, before(inputs.interactions, run.month), inputs.positions)
    products = product_states(state, collect_mean_state(states), tokens, catalogue.product_ids, newcomers)
    sequences.unpersist()
    _, embedding, bias, _ = zip(*products, strict=True)
    return GruScorer(np.array(embedding), np.array(bias), np.ones(len(products), dtype=bool)), states


@dataclass(frozen=True)
class Lesson:
    """All that the network of one date reads; what happened on the date or after it is not in it.

    Attributes:
        sequences: ``gold.sequences`` of the months before the date, and of the date itself for scoring.
        content: texts, tags and time series of the products; of the series the months that had ended by the date.
        layout: of the sequences.
    """

    sequences: DataFrame
    content: ProductContent
    layout: SequenceLayout


def lesson_at(run: StepRun, inputs: NetworkBacktest) -> Lesson:
    """What the network reads as of the run's date."""
    known, catalogue = before(inputs.interactions, run.month), inputs.purchases.state.catalogue
    rules, params = run.config.matrix, run.config.sequences
    layout = sequence_layout(catalogue.n_products, 1, rules, params)
    nobody = run.spark.createDataFrame([], "month date, customer_id string, profile array<float>")
    rows = customer_sequences(
        known, inputs.customers, inputs.positions, nobody, _cuts(run), rules, layout, LABEL_MONTHS
    )
    series = product_series(
        known,
        inputs.products,
        inputs.positions,
        run.month.replace(day=1),
        rules,
        run.config.profile.outflow_events,
        params.series_months,
        params.rate,
    )
    content = collect_content(
        texts=inputs.texts.products,
        vectors=inputs.texts.tokens,
        series=series,
        products=inputs.products,
        known=known,
        product_ids=catalogue.product_ids,
        ages=layout.ages,
    )
    return Lesson(rows.withColumn("month", F.lit(run.month)), content, layout)


def read_network_backtest(context: RunContext) -> NetworkBacktest:
    """What the dates share, from the delivery."""
    purchases = read_purchases(context)
    landing = read_landing(context.spark, context.delivery_directory)
    positions = product_positions(context, purchases.state.catalogue)
    valid = screened_products(landing.products).valid
    products = PRODUCTS.conform(dated_products(None, valid, as_date(purchases.origins[0]))).persist()
    interactions = _interactions(landing, positions).persist()
    customers = assign_positions(None, purchases.histories, "customer_id", "customer_index").persist()
    embedded = embed_texts(product_texts(products, context.config.text), context.config.text)
    texts = EmbeddedTexts(embedded.products.persist(), embedded.tokens.persist())
    return NetworkBacktest(purchases, interactions, customers, products, positions, texts)


def _interactions(landing: Landing, positions: DataFrame) -> DataFrame:
    screened = screened_interactions(
        landing.interactions, positions.select("product_id"), landing.customers.select("customer_id")
    )
    return INTERACTIONS.conform(screened.valid)


def _cuts(run: StepRun) -> list[date]:
    """First days of the months before the date's, which had ended by then, and the date itself."""
    newest = run.month.replace(day=1)
    return [*(months_before(newest, back) for back in range(run.config.sequences.cuts, 0, -1)), run.month]


def _params(config: Config) -> dict[str, object]:
    return {
        "k": config.backtest.k,
        "gru": config.of(gru.SPEC),
        "sequences": config.sequences.model_dump(exclude={"label_months"}),  # LABEL_MONTHS here
        "matrix": config.matrix,
        "text": config.text,
        "outflow_events": config.profile.outflow_events,
    }
