"""The configuration: YAML into one frozen model, unknown keys refused, all faults told at once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError, create_model, field_validator

from finrec_spark.campaigns.expected_amounts import AmountParams
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.params import CampaignParams
from finrec_spark.errors import ConfigError
from finrec_spark.evaluation.backtest.params import BacktestParams
from finrec_spark.evaluation.cold_products import ColdProductsParams
from finrec_spark.evaluation.held_out import LastMonthParams
from finrec_spark.evaluation.ratings import RatingsParams
from finrec_spark.evaluation.responses import ResponseParams
from finrec_spark.evaluation.uplift import TrialsParams
from finrec_spark.messages import Language
from finrec_spark.models.response import AcceptanceParams
from finrec_spark.models.spec import ModelSpec, specs
from finrec_spark.models.uplift.params import UpliftParams
from finrec_spark.params import Params
from finrec_spark.pipeline.properties import Values, merged, read_values, read_yaml, spark_properties
from finrec_spark.ranking.ensemble import EnsembleParams
from finrec_spark.sources.files import FilesParams
from finrec_spark.sources.generator import GeneratorParams
from finrec_spark.training.text import TextParams
from finrec_spark.transforms.matrix import MatrixParams
from finrec_spark.transforms.profiles.customer_profiles import ProfileParams
from finrec_spark.transforms.sequences.customer_sequences import SequencesParams

P = TypeVar("P", bound=Params)


class QualityParams(Params):
    """When a step refuses to go on."""

    max_quarantined_share: float = Field(
        0.2, ge=0, le=1, description="Share of a landing table's rows in quarantine above which ingest ends with 4"
    )


class RecommendParams(Params):
    """What is recommended."""

    n: int = Field(10, ge=1, le=1000, description="Products for each customer")
    reasons: int = Field(3, ge=1, le=10, description="Reasons for each product, at most")
    risk_level_where_unknown: int = Field(
        1, ge=0, le=5, description="Highest product risk that suits a customer without a risk level"
    )
    language: Language = Field("en", description="Language of the reasons' sentences and product names: en or zh")
    exclusions: Literal["counts", "pairs"] = Field(
        "counts", description="mart.exclusions by rule and product, or one row for every excluded pair"
    )


class Need(Params):
    """What a model or a job needs beside the others."""

    extras: tuple[str, ...] = Field((), description="Extras of setup.py; spark-submit.sh installs them")
    spark: Mapping[str, Any] = Field(default={}, description="Spark's properties; lists of packages are joined")


class Config(Params):
    """Everything that a run depends on beside its command line."""

    spark: Mapping[str, Any] = Field(default={}, description="Spark's properties; they go to spark-submit")
    steps_at_once: int = Field(
        2, ge=1, le=16, description="Steps of the month that run side by side where none waits for another"
    )
    small_delivery_mb: int = Field(
        0,
        ge=0,
        description="Megabytes up to which a delivery is small: its queries run interpreted instead of as generated "
        "code, which is compiled first; 0: Spark's own settings hold",
    )
    needs: Mapping[str, Need] = Field(
        default={}, description="What counts only where a model is among ``models``, or for a job"
    )
    log_dir: str | None = Field("logs", description="Local folder of the log with tracebacks; null: stderr alone")
    models: tuple[str, ...] = Field(
        ("popularity", "als", "ease", "slit", "pearson_item", "pearson_user", "euclidean", "content", "naive_bayes"),
        min_length=1,
        description="Models to use",
    )
    parameters: Params = Field(Params(), description="The models' parameters, by model")
    generator: GeneratorParams = GeneratorParams()
    files: FilesParams = FilesParams()
    quality: QualityParams = QualityParams()
    matrix: MatrixParams = MatrixParams()
    profile: ProfileParams = ProfileParams()
    text: TextParams = TextParams()
    sequences: SequencesParams = SequencesParams()
    ensemble: EnsembleParams = EnsembleParams()
    recommend: RecommendParams = RecommendParams()
    last_month: LastMonthParams = LastMonthParams()
    cold_products: ColdProductsParams = ColdProductsParams()
    backtest: BacktestParams = BacktestParams()
    ratings: RatingsParams = RatingsParams()
    response: ResponseParams = ResponseParams()
    acceptance: AcceptanceParams = AcceptanceParams()
    campaign: CampaignParams = CampaignParams()
    uplift: UpliftParams = UpliftParams()
    trials: TrialsParams = TrialsParams()
    amounts: AmountParams = AmountParams()
    measure: MeasureParams = MeasureParams()

    @field_validator("models")
    @classmethod
    def _with_fallback(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        """``popularity`` is always there, as the fallback for customers whom no other model knows."""
        known = {spec.name for spec in specs()}
        unknown = [name for name in models if name not in known]
        if unknown:
            raise ValueError(f"unknown model {', '.join(unknown)}; the models are {', '.join(sorted(known))}")
        return tuple(dict.fromkeys(("popularity", *models)))

    @property
    def specs(self) -> tuple[ModelSpec[Any], ...]:
        """The models to use."""
        return tuple(spec for name in self.models for spec in specs() if spec.name == name)

    def of(self, spec: ModelSpec[P]) -> P:
        """The parameters of a model."""
        params: P = getattr(self.parameters, spec.name)
        return params

    @property
    def spark_properties(self) -> dict[str, str]:
        """Spark's properties as spark-submit writes them."""
        return spark_properties(self.model_dump(include={"spark", "needs", "models"}))


def load_config(path: Path, over: Mapping[str, object]) -> Config:
    """The configuration file over its ``base.yaml``, with ``over`` on top.

    Raises:
        ConfigError: one line that names every fault.
    """
    values = merged(merged({"campaign": campaign_values(path.with_name("campaigns"))}, read_values(path)), over)
    try:
        return config_of(values)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"{path}: {'; '.join(faults)}") from error


def campaign_values(folder: Path) -> Values:
    """The section ``campaign`` as the files beside a configuration give it; without such a folder nothing."""
    if not folder.is_dir():
        return {}
    found = {
        name: read_yaml(folder / f"{name}.yaml") for name in ("policy", "bank") if (folder / f"{name}.yaml").is_file()
    }
    templates = [read_yaml(path) for path in sorted((folder / "templates").glob("*.yaml"))]
    return {**found.get("policy", {}), "bank": found.get("bank", {}), "templates": templates}


def config_of(values: Mapping[str, Any]) -> Config:
    """The configuration of these values.

    Raises:
        ValidationError: it names every fault.
    """
    return _config_type(tuple(specs())).model_validate(values)


@cache
def _config_type(models: tuple[ModelSpec[Any], ...]) -> type[Config]:
    """``Config`` with the parameters of every model that there is."""
    of_models: dict[str, Any] = {spec.name: (spec.params, spec.params()) for spec in models}
    parameters = create_model("ModelParams", __base__=Params, **of_models)
    return create_model("Config", __base__=Config, parameters=(parameters, parameters()))
