"""What all step runs of one started job share: session, configuration, lake and ledger."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TypeVar

from pyspark.sql import SparkSession

from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.ledger import KILLED, Attempt, Ledger, digest
from finrec_spark.pipeline.session import interpret_queries
from finrec_spark.sources.delivery import delivered_bytes, landing_fingerprint
from finrec_spark.sources.reading import DELIVERED
from finrec_spark.tables import INTERACTIONS
from finrec_spark.warehouse import Lake
from finrec_spark.warehouse.lock import Held

logger = logging.getLogger(__name__)
T = TypeVar("T")
GENERATOR = "generator"
_WITHOUT_EFFECT = {"spark", "needs", "log_dir", "small_delivery_mb"}
"""Sections of the configuration that results do not depend on."""
_EVENTS_A_CUSTOMER, _BYTES_AN_EVENT = 35, 18
"""Of a generated bank, and of an event in a Parquet file."""


@dataclass
class RunContext:
    """One started job.

    Attributes:
        source: generator, far_trans or files.
        input_dir: folder of the source's files; None for the generator.
        held: the lake's lock; a holder that is killed leaves in it what it was doing.
        ledger: what ran before.
    """

    spark: SparkSession
    config: Config
    lake: Lake
    source: str
    input_dir: str | None
    held: Held = field(default_factory=Held)
    ledger: Ledger = field(init=False)
    _running: dict[str, Attempt] = field(default_factory=dict, init=False)
    _recalled: dict[object, object] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Read what ran before."""
        self.ledger = Ledger(self.lake)

    @property
    def delivery_directory(self) -> str:
        """Where the landing files lie: ``--input``, or where the generator writes them."""
        return self.generated_directory if self.input_dir is None else self.input_dir

    @property
    def generated_directory(self) -> str:
        """Where the generator writes its landing files: always below the lake."""
        return f"{self.lake.root.rstrip('/')}/landing"

    def delivery_fingerprint(self) -> str:
        """Changes when a landing file does."""
        return digest(self.source, landing_fingerprint(self.spark, self.delivery_directory, DELIVERED))

    def suit_queries(self) -> None:
        """Have queries interpreted where the delivery is small, where the configuration says what small is."""
        limit = self.config.small_delivery_mb << 20
        if limit:
            interpret_queries(self.spark, self.recall(delivered_bytes, self._delivered_bytes) <= limit)

    def _delivered_bytes(self) -> int:
        if self.source != GENERATOR:
            return delivered_bytes(self.spark, self.delivery_directory, DELIVERED)
        # Nothing lies there before the first month is made, and a job that takes no delivery in has no other source.
        known = self.lake.count(INTERACTIONS) if self.lake.exists(INTERACTIONS) else 0
        return _BYTES_AN_EVENT * max(known, _EVENTS_A_CUSTOMER * self.config.generator.customers)

    def log(self, message: str) -> None:
        """A line of progress."""
        logger.info("%s", message)

    def secret(self, name: str) -> bytes | None:
        """A secret that the environment holds under this name; None where there is none."""
        return os.environ.get(name, "").encode() or None

    def run_id(self, month: date) -> str:
        """The same for every submission of one month with one configuration, so that a rerun replaces its rows."""
        return f"{month:%Y-%m}-{digest(self.config.model_dump_json(exclude=_WITHOUT_EFFECT))[:8]}"

    def newest_run_id(self, step: str, month: date | None) -> str | None:
        """The run whose result of the step stands; None where there is none."""
        attempt = self.ledger.newest(step, month)
        return attempt.run_id if attempt else None

    def recall(self, key: object, made: Callable[[], T]) -> T:
        """What ``made`` returns, asked once for each key."""
        if key not in self._recalled:
            self._recalled[key] = made()
        return self._recalled[key]  # type: ignore[return-value]

    def begin(self, attempt: Attempt) -> None:
        """Note in the lock that the attempt is at work."""
        self._running[attempt.attempt_id] = attempt
        self._note()

    def end(self, attempt: Attempt) -> None:
        """Write the attempt's row; it is at work no more."""
        self.ledger.append([attempt])
        self._running.pop(attempt.attempt_id, None)
        self._note()

    def record_killed(self) -> None:
        """Write a row for every attempt that an earlier holder of the lake left at work when it was killed."""
        left = [Attempt.from_note(note) for note in self.held.left]
        noticed = datetime.now(UTC).replace(tzinfo=None)
        self.ledger.append(replace(attempt, status=KILLED, finished_at=noticed) for attempt in left)
        self._note()

    def _note(self) -> None:
        self.held.note([attempt.as_note() for attempt in list(self._running.values())])
