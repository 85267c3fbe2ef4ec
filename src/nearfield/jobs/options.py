"""What may be asked of each kind of long work; checked before it is taken. Loads nothing heavy."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nearfield.pipelines.names import FUSION

Recommender = Literal["fusion", "graph", "sound"]


class Options(BaseModel):
    """A misspelt option is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoOptions(Options):
    """Of work that is done in one way only."""


class TrainOptions(BaseModel):
    """Which recommender, and settings of it that differ from their defaults."""

    model_config = ConfigDict(frozen=True, extra="allow")

    recommender: Recommender = FUSION
    labels: Literal["album", "artist"] | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The settings."""
        return dict(self.model_extra or {})


class PublishOptions(Options):
    """Which model: a version of a recommender, the newest of it, or the newest of all."""

    space: Recommender | None = None
    version: Annotated[str | None, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{0,63}$")] = None

    @model_validator(mode="after")
    def _named(self) -> "PublishOptions":
        if self.version is not None and self.space is None:
            raise ValueError("a version is one of a recommender: say which by `space`")
        return self


class RollbackOptions(Options):
    """Of which recommender."""

    space: Recommender = FUSION


class RefreshOptions(Options):
    """Of which recommender; of all where not given."""

    space: Recommender | None = None


class MapOptions(Options):
    """Of which recommender; of the first that answers where not given."""

    space: Recommender | None = None


class AddMusicOptions(Options):
    """Which files and folders, and how to listen to them."""

    paths: Annotated[list[str], Field(min_length=1)]
    separation: Literal["own", "none", "spleeter", "demucs"] | None = None
    encoder: Literal["own", "musicnn"] | None = None
    workers: Annotated[int | None, Field(ge=1, le=256)] = None
    again: bool = False


class ImportOptions(Options):
    """Which file that was sent in, and which table it holds; all where it is a whole export."""

    file: Annotated[str, Field(min_length=1)]
    table: Literal["items", "users", "events", "all"] = "all"


class EvaluateOptions(Options):
    """What is hidden, and whom to measure."""

    protocol: Literal[
        "last-out", "random", "rating", "cold", "item-to-item", "item-to-item-dgl", "sound"
    ] = "last-out"
    models: list[str] = []
    epochs: Annotated[int | None, Field(ge=1)] = None
    seed: Annotated[int, Field(ge=0)] = 0
