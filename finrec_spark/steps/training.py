"""The steps that fit models: one for each job that a model's spec names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from pyspark.sql import DataFrame

from finrec_spark.models.spec import ModelSpec, specs
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.tables import PRODUCT_INDEX_TABLE, PROFILE_FEATURES, PROFILE_VALUES, REGISTRY, Table
from finrec_spark.transforms.ids import collect_product_ids
from finrec_spark.transforms.profiles.vector import ProfileFeature, collect_profile_features


@dataclass(frozen=True)
class LakeInputs:
    """What a fit is given, out of the lake (``models.spec.FitInputs``).

    Attributes:
        run: what reads for it.
        month: first day of the month that is decided.
    """

    run: StepRun
    month: date

    @property
    def opening_types(self) -> tuple[str, ...]:
        """Event types that start ownership."""
        return self.run.config.matrix.opening_types

    @property
    def closing_types(self) -> tuple[str, ...]:
        """Event types that end ownership."""
        return self.run.config.matrix.closing_types

    @property
    def checkpoints(self) -> str:
        """Folder or URI for Spark's checkpoints."""
        return self.run.checkpoints

    @cached_property
    def product_ids(self) -> tuple[str, ...]:
        """Product IDs by position."""
        return collect_product_ids(self.run.read(PRODUCT_INDEX_TABLE))

    @cached_property
    def profile(self) -> tuple[ProfileFeature, ...]:
        """Places of the profile vector."""
        return collect_profile_features(self.run.read(PROFILE_FEATURES), self.run.read(PROFILE_VALUES))

    def read(self, table: Table) -> DataFrame:
        """The month's rows of a monthly table, all rows of another."""
        return self.run.read(table, self.month)

    def read_if_there(self, table: Table) -> DataFrame | None:
        """As ``read``; None where the bank has no such table."""
        return self.run.read_if_there(table, self.month)

    def count(self, table: Table) -> int:
        """How many rows ``read`` gives, as the table's log says, without a query."""
        return self.run.context.lake.count(table, **({"month": self.month} if table.monthly else {}))


def training_step(name: str) -> Step:
    """The step that fits the configured ones of the models whose spec names it."""
    mine = [spec for spec in specs() if spec.step == name]

    def fitted_by(config: Config) -> list[ModelSpec[Any]]:
        return [spec for spec in mine if spec.name in config.models]

    def reads(context: RunContext, month: date) -> Sequence[Read]:
        tables = dict.fromkeys(table for spec in fitted_by(context.config) for table in spec.reads)
        return [Read(table, optional=table.known_from is not None) for table in tables]

    def run(step_run: StepRun) -> int:
        return sum(_fit(spec, LakeInputs(step_run, step_run.month)) for spec in fitted_by(step_run.config))

    return Step(
        name=name,
        run=run,
        reads=reads,
        writes=(*(Writes(spec.table, spec.name) for spec in mine), *(Writes(REGISTRY, spec.name) for spec in mine)),
        params=lambda config: {
            "opening_types": list(config.matrix.opening_types),
            "closing_types": list(config.matrix.closing_types),
            **{spec.name: config.of(spec) for spec in fitted_by(config)},
        },
        code=lambda config: [spec.scorer.__module__ for spec in fitted_by(config)],
    )


def training_steps() -> tuple[Step, ...]:
    """All such steps, in the order of the models."""
    names = dict.fromkeys(spec.step for spec in specs() if spec.fit is not None)
    return tuple(map(training_step, names))


def _fit(spec: ModelSpec[Any], inputs: LakeInputs) -> int:
    """Fit one model and write its rows and its entry in the registry; returns the rows."""
    run = inputs.run
    params = run.config.of(spec)
    if spec.fit is None:
        return 0
    values = {"model": spec.name} if "model" in spec.table.partition_by else {}
    rows = run.write(spec.table, spec.fit(inputs, params), **values)
    run.register_model(spec.name, params)
    if spec.remark is not None:
        run.log(spec.remark(inputs, run.read(spec.table, model=values.get("model")), params))
    return rows
