"""The base of every parameter model."""

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Immutable named parameters; an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
