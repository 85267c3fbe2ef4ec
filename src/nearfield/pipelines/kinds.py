"""The recommenders that learn from tables: the settings, the trainer and the model of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput
from nearfield.pipelines.extras import needs_extras
from nearfield.pipelines.names import FUSION, GRAPH
from nearfield.recommend.model import UserModel
from nearfield.types import Ids, Vectors

if TYPE_CHECKING:
    from nearfield.training.checkpoint import Keeper
    from nearfield.training.loop import Step
    from nearfield.training.team import Team

DEFAULT: Final = FUSION
"""Which recommender answers where none is named."""


class Trainer(Protocol):
    """Learns, keeping its state after each epoch."""

    @property
    def curve(self) -> list[float]:
        """Mean loss of each finished epoch."""

    def run(self) -> "Iterator[Step]":
        """Train to the last epoch, from the checkpoint if there is one."""


class Model(UserModel, Protocol):
    """What a trainer leaves: vectors for items and for users."""

    def embed_items(self, collection: Collection) -> tuple[Ids, Vectors]:
        """Return a unit vector for every item of a catalogue, also for those that came later."""

    def learned(self, keys: Ids) -> NDArray[np.bool_]:
        """Return of which items the vector came out of training, shape of `keys`."""

    def save(self, folder: Path) -> None:
        """Write weights and card, the card last."""

    def export(self, folder: Path) -> None:
        """Write again what serving needs, into a folder that holds the model."""


@dataclass(frozen=True)
class Kind:
    """One recommender. Its code is named here and imported when it is used: it loads torch.

    Parameters
    ----------
    package : str
        Where it lies; it has the modules `config`, `train` and `model`.
    prefix : str
        Begins the names of its classes there: ``<prefix>Config``, which holds each default;
        ``<prefix>Trainer``, made from a collection, the settings and, by name, the folder
        `checkpoint` (or what keeps the state) and the `team`; ``<prefix>Model``.

    Raises
    ------
    Unavailable
        By every property and method, if a package of the extra `train` is missing.
    """

    package: str
    prefix: str

    @property
    def config(self) -> type[BaseModel]:
        """Settings."""
        config: type[BaseModel] = self._load("config", "Config")
        return config

    @property
    def settings(self) -> list[str]:
        """Names of the settings."""
        return list(self.config.model_fields)

    def require(self) -> None:
        """Load what training needs, before work is done in vain."""
        self._load("train", "Trainer")
        self._load("model", "Model")

    def trainer(
        self,
        collection: Collection,
        config: BaseModel,
        checkpoint: "Path | Keeper",
        team: "Team | None" = None,
    ) -> Trainer:
        """Begin to learn, or go on from a checkpoint; alone, or as a member of a team."""
        of: dict[str, Any] = {} if team is None else {"team": team}
        make = self._load("train", "Trainer")
        trainer: Trainer = make(collection, config, checkpoint=checkpoint, **of)
        return trainer

    def finish(self, trainer: Trainer, card: Mapping[str, Any]) -> Model:
        """Make the model from a trainer that is done, and what is to stand in its card."""
        model: Model = self._load("model", "Model").from_trainer(trainer, card)
        return model

    def load(self, folder: Path) -> Model:
        """Read a saved model to embed items with; `open_served` opens one to answer."""
        model: Model = self._load("model", "Model").load(folder)
        return model

    def _load(self, module: str, name: str) -> Any:
        with needs_extras():
            return getattr(import_module(f"{self.package}.{module}"), self.prefix + name)


KINDS: Final[Mapping[str, Kind]] = {
    FUSION: Kind("nearfield.fusion", "Fusion"),
    GRAPH: Kind("nearfield.graph", "Graph"),
}
"""By name; a new recommender is one line here."""


def kind_of(recommender: str) -> Kind:
    """Return a recommender; InvalidInput naming all where there is none of that name."""
    if recommender not in KINDS:
        raise InvalidInput(f"no recommender {recommender!r}: wanted one of {', '.join(KINDS)}.")
    return KINDS[recommender]


def read_config(recommender: str, options: Mapping[str, Any]) -> Any:
    """Return a recommender's settings; InvalidInput naming each option that cannot be used."""
    kind = kind_of(recommender)
    try:
        return kind.config(**options)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}={one['input']!r}: {one['msg']}"
            for one in error.errors()
        )
        raise InvalidInput(
            f"{recommender} cannot be trained so: {wrong}. It knows {', '.join(kind.settings)}."
        ) from error
