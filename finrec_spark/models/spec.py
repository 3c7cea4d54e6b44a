"""What a model is to the rest of the project, and the list of them.

A model is one module that exports ``SPEC``, one table and one line in ``_MODULES``. The modules are imported when a
spec is first asked for: whoever imports this one does not thereby import every model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar

from pyspark.sql import DataFrame

from finrec_spark.errors import ConfigError
from finrec_spark.models.scorer import Scorer
from finrec_spark.params import Params
from finrec_spark.tables import Table
from finrec_spark.transforms.profiles.vector import ProfileFeature

P = TypeVar("P", bound=Params)

_MODULES = (
    "popularity",
    "als",
    "neighbours.pearson_item",
    "neighbours.pearson_user",
    "neighbours.euclidean",
    "neighbours.walk",
    "neighbours.ease",
    "neighbours.slit",
    "content",
    "naive_bayes",
    "gru",
)
"""The models' modules below this package; a module's own name is the model's."""

MODEL_NAMES = tuple(module.rpartition(".")[2] for module in _MODULES)


class FitInputs(Protocol):
    """What a fit is given: the month, what it reads of the lake, and where it may leave checkpoints."""

    @property
    def month(self) -> date:
        """First day of the month that is decided."""
        ...

    @property
    def product_ids(self) -> tuple[str, ...]:
        """Product IDs by position; rows of ``gold.product_index``, which whoever asks for it reads."""
        ...

    @property
    def profile(self) -> tuple[ProfileFeature, ...]:
        """Places of the profile vector; rows of ``gold.profile_features`` and ``gold.profile_values``, likewise."""
        ...

    @property
    def opening_types(self) -> tuple[str, ...]:
        """Event types that start ownership."""
        ...

    @property
    def closing_types(self) -> tuple[str, ...]:
        """Event types that end ownership."""
        ...

    @property
    def checkpoints(self) -> str:
        """Folder or URI for Spark's checkpoints."""
        ...

    def read(self, table: Table) -> DataFrame:
        """The month's rows of a monthly table, all rows of another.

        Raises:
            InputMissing: there are none.
        """
        ...

    def read_if_there(self, table: Table) -> DataFrame | None:
        """As ``read``; None where the bank has no such table."""
        ...

    def count(self, table: Table) -> int:
        """How many rows ``read`` gives, as the table's log says, without a query."""
        ...


@dataclass(frozen=True)
class ScorerInputs:
    """What a scorer is made with, beside the model's rows and parameters.

    Attributes:
        product_ids: product IDs by position.
        profile: the places of the customers' profile vector.
        sensitive: profile features that no reason may name.
    """

    product_ids: tuple[str, ...]
    profile: tuple[ProfileFeature, ...] = ()
    sensitive: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ModelSpec(Generic[P]):
    """One model.

    Attributes:
        name: the model's name, everywhere.
        table: where its fitted rows lie; by ``model`` where several share it.
        params: its parameters.
        step: the job that fits it.
        reads: every table that ``fit`` reads, and no other; empty where the job fits it itself.
        scorer: fitted rows of one month → what scores customers.
        fit: the fitted rows, without month and model; None where the job fits it itself.
        customers: table with one row a customer that scoring joins.
        remark: a line for the log, given what was fitted as it was saved; may read what ``fit`` reads.
    """

    name: str
    table: Table
    params: type[P]
    step: str
    reads: tuple[Table, ...]
    scorer: Callable[[DataFrame, ScorerInputs, P], Scorer]
    fit: Callable[[FitInputs, P], DataFrame] | None = None
    customers: Table | None = None
    remark: Callable[[FitInputs, DataFrame, P], str] | None = None


class ParamsOf(Protocol):
    """Gives the parameters of a model."""

    def __call__(self, spec: ModelSpec[P], /) -> P:
        """The parameters, of the spec's type."""
        ...


def specs() -> tuple[ModelSpec[Any], ...]:
    """Every model."""
    return tuple(map(spec_of, MODEL_NAMES))


def spec_of(name: str) -> ModelSpec[Any]:
    """The model of this name.

    Raises:
        ConfigError: there is none.
    """
    if name not in MODEL_NAMES:
        raise ConfigError(f"model {name!r} is not known; the models are {', '.join(MODEL_NAMES)}")
    module = _MODULES[MODEL_NAMES.index(name)]
    spec: ModelSpec[Any] = import_module(f"finrec_spark.models.{module}").SPEC
    return spec


def fitted_scorers(fitted: Mapping[str, DataFrame], inputs: ScorerInputs, params_of: ParamsOf) -> dict[str, Scorer]:
    """A scorer for every fitted model.

    Args:
        fitted: model's name → its rows of one month.
        inputs: what all of them are made with.
        params_of: gives the parameters that a model was fitted with.
    """
    chosen = {name: spec_of(name) for name in fitted}
    return {name: spec.scorer(fitted[name], inputs, params_of(spec)) for name, spec in chosen.items()}
