"""Interactions → sequences: a customer's last events before a month, and what was taken from then on."""

from collections.abc import Sequence
from datetime import date

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.months import months_before
from finrec_spark.params import Params
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.sequences.codes import (
    amount_bucket,
    event_type_code,
    explicit_rating,
    is_opening,
    is_ownership,
)
from finrec_spark.transforms.sequences.product_series import SPANS
from finrec_spark.transforms.sequences.rows import is_held, made_rows
from finrec_spark.transforms.splits import before

MOST_CUTS = 36


class SequencesParams(Params):
    """How long sequences are, from which months they are taken, and how their numbers are told apart."""

    cuts: int = Field(
        24,
        ge=1,
        le=MOST_CUTS,
        description="Months before the decided one whose acquisitions are learned from, newest ones",
    )
    events: int = Field(20, ge=1, le=500, description="Last events of a customer that are read")
    label_months: int = Field(1, ge=1, le=24, description="Months from a cut on whose acquisitions are learned with it")
    targets: int = Field(5, ge=1, le=100, description="Products taken in these months that are learned, first ones")
    owned: int = Field(50, ge=1, le=1000, description="Products held that the network knows of, newest ones")
    amounts: int = Field(32, ge=3, le=64, description="Buckets of amounts, each twice as wide as the one before")
    gaps: int = Field(14, ge=3, le=64, description="Buckets of days between events, each twice as wide")
    ratings: bool = Field(False, description="Whether explicit ratings of the products taken are learned too")
    rate: str = Field("rate", description="Delivered column of products that has their interest rate")

    @property
    def series_months(self) -> int:
        """Calendar months of a product's time series: as many before the first cut as its figures look back."""
        return self.cuts + max(SPANS)


def sequence_layout(products: int, profile: int, rules: MatrixParams, params: SequencesParams) -> SequenceLayout:
    """What sequences of this bank look like.

    Args:
        products: products of the index.
        profile: numbers of a customer's profile (``profile_numbers.width``).
        rules: its types of events have the codes 1, 2 … in their order; every other type the one after them.
    """
    return SequenceLayout(
        events=params.events,
        targets=params.targets,
        owned=params.owned,
        profile=profile,
        products=products,
        event_types=len(rules.events) + 1,
        amounts=params.amounts,
        gaps=params.gaps,
        ages=params.cuts + 1,
        ratings=params.ratings,
    )


def customer_sequences(
    interactions: DataFrame,
    customers: DataFrame,
    products: DataFrame,
    profiles: DataFrame,
    cuts: Sequence[date],
    rules: MatrixParams,
    layout: SequenceLayout,
    label_months: int,
) -> DataFrame:
    """One row: one customer's last events before one cut, and what the customer took in the months from then on.

    The last cut is the month being decided: every customer has a row, to be scored, without a target. Of an earlier
    cut those have a row, to be learned from, who took a product in its window that they did not hold: ``label_months``
    months, of which the newest cut that is learned from ends those of the cuts before it: what tells when to stop
    learning is not learned before. Who has no event before a cut has a sequence of length 0 and is known by the profile
    alone; who has one has a sequence of one event, whose gap is that of a first event.

    Events are shuffled by customer once for the lists and once for ownership, whatever the number of cuts. Of a heavy
    customer a window's rank keeps L + 1 events between two cuts before anything is put into a list, so that none
    needs more memory than another; the one beyond L tells the gap of the oldest that is kept.

    Args:
        interactions: silver interactions; what happened on or after the last cut is not read. Events of products
            without a position are left out.
        customers: ``customer_id``, ``customer_index`` of those known before the last cut.
        products: ``product_id``, ``product_index``; small, it is broadcast.
        profiles: ``month``, ``customer_id``, ``profile`` (array<float>, one a customer and month); a cut or customer
            without one has 0, the mean.
        cuts: first days of months, ascending.
        rules: which types start and end ownership and which are ratings.
        layout: ``sequence_layout``.
        label_months: calendar months of a cut's window, its own among them.

    Returns:
        The columns of ``gold.sequences`` without ``month``. Events at one instant stand in the order of their IDs;
        targets by the time they were taken, products held from the newest, then by position.
    """
    events = _placed(before(interactions, cuts[-1]), products, cuts, rules, layout)
    states = _pair_states(events, _windows(cuts, label_months), layout)
    recent = _recent_events(events, layout.events + 1)
    known = profiles.groupBy("customer_id").agg(
        F.map_from_entries(F.collect_list(F.struct("month", "profile"))).alias("profiles")
    )
    rows = customers
    for beside in (recent, states, known):
        rows = rows.join(beside, "customer_id", "left")
    return made_rows(_cut_rows(rows, cuts), layout)


def feed_rows(sequences: DataFrame, layout: SequenceLayout, *beside: str) -> DataFrame:
    """One row: a row of ``gold.sequences`` in the columns that ``layout`` declares, after those named ``beside``."""
    columns = {"month": F.col("event_month"), "age": F.months_between("month", "cut").cast("int")}
    return sequences.select(*beside, *[columns.get(c.name, F.col(c.name)).alias(c.name) for c in layout.columns])


def _placed(
    known: DataFrame, products: DataFrame, cuts: Sequence[date], rules: MatrixParams, layout: SequenceLayout
) -> DataFrame:
    """One row: an event in narrow columns; ``slot`` is the number of cuts that are not after it."""
    slot = sum((F.col("event_time") >= F.lit(cut)).cast("int") for cut in cuts)
    return known.join(F.broadcast(products), "product_id").select(
        "customer_id",
        "event_id",
        F.unix_micros("event_time").alias("time"),
        F.unix_date(F.to_date("event_time")).alias("day"),
        F.lit(slot).alias("slot"),
        (F.col("product_index") + 1).alias("product"),
        event_type_code(rules).alias("event_type"),
        amount_bucket(rules, layout.amounts).alias("amount"),
        explicit_rating(rules).alias("rating"),
        is_opening(rules).alias("opens"),
        is_ownership(rules).alias("decides"),
    )


def _recent_events(events: DataFrame, keep: int) -> DataFrame:
    """One row: a customer's last ``keep`` events of each slot, as a list from the oldest."""
    newest_first = Window.partitionBy("customer_id", "slot").orderBy(F.desc("time"), F.desc("event_id"))
    columns = ("customer_id", "slot", "time", "event_id", "product", "event_type", "amount", "day")
    ranked = events.select(*columns).repartition("customer_id").withColumn("back", F.row_number().over(newest_first))
    event = F.struct("slot", (-F.col("back")).alias("place"), "product", "event_type", "amount", "day")
    kept = ranked.where(F.col("back") <= keep)
    return kept.groupBy("customer_id").agg(F.array_sort(F.collect_list(event)).alias("events"))


def _pair_states(events: DataFrame, windows: Sequence[Column], layout: SequenceLayout) -> DataFrame:
    """One row: a customer's products, ``pairs``, with what was known of each at each cut, in parallel lists.

    ``held`` is twice the time of the newest event that decided ownership, plus 1 where it opened it: the largest is
    the newest, an opening before a closing at the same instant, and a number aggregates faster than a struct.
    """
    narrow = events.where("decides").select("customer_id", "product", "slot", "time", "opens", "rating", "event_id")
    state = F.col("time") * 2 + F.col("opens").cast("long")
    held = [F.max(F.when(F.col("slot") <= place, state)) for place in range(len(windows))]
    taken = [F.min(F.when(F.col("opens") & window, F.col("time"))) for window in windows]
    pairs = (
        narrow.repartition("customer_id")
        .groupBy("customer_id", "product")
        .agg(*_listed(held=held, taken=taken, rating=_ratings(windows) if layout.ratings else []))
    )
    pair = F.struct("product", "held", "taken", "rating")
    return pairs.groupBy("customer_id").agg(F.collect_list(pair).alias("pairs"))


def _listed(**lists: list[Column]) -> list[Column]:
    return [F.array(*columns).alias(name) for name, columns in lists.items()]


def _ratings(windows: Sequence[Column]) -> list[Column]:
    """The newest explicit rating in each cut's window."""
    rated = F.col("rating").isNotNull()
    order = F.struct("time", "event_id", "rating")
    return [F.max(F.when(rated & window, order))["rating"] for window in windows]


def _windows(cuts: Sequence[date], months: int) -> list[Column]:
    """Whether an event is of each cut's window; cuts need not follow each other."""
    newest = cuts[-2] if len(cuts) > 1 else cuts[-1]
    ends = (months_before(cut.replace(day=1), -months) for cut in cuts)
    over = (min(end, newest) if cut < newest else end for cut, end in zip(cuts, ends, strict=True))
    return [(F.col("slot") > place) & (F.col("time") < _micros(day)) for place, day in enumerate(over)]


def _micros(day: date) -> Column:
    return F.unix_micros(F.lit(day).cast("timestamp"))


def _cut_rows(customers: DataFrame, cuts: Sequence[date]) -> DataFrame:
    """One row: a customer at a cut with ``history`` and ``taken``, where there is something to score or to learn."""
    listed = customers.withColumns({name: F.coalesce(name, F.array()) for name in ("events", "pairs")})
    at_cuts = listed.select("*", F.posexplode(F.array(*map(F.lit, cuts))).alias("at", "cut"))
    at = F.col("at")
    taken = F.filter("pairs", lambda pair: pair["taken"][at].isNotNull() & ~is_held(pair["held"][at]))
    rows = at_cuts.select(
        "customer_id",
        "customer_index",
        "cut",
        "at",
        F.filter("events", lambda event: event["slot"] <= at).alias("history"),
        taken.alias("taken"),
        "pairs",
        F.col("profiles")[F.col("cut")].alias("profile"),
    )
    return rows.where((at == len(cuts) - 1) | (F.size("taken") > 0))
