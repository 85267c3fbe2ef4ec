"""The recommenders that learn from tables: the settings, the trainer and the model of each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.train import FusionTrainer
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import GraphModel
from nearfield.graph.train import GraphTrainer
from nearfield.recommend.model import UserModel
from nearfield.training.loop import Step
from nearfield.types import Ids, Vectors

DEFAULT: Final = FusionModel.recommender
"""Which recommender answers where none is named."""


class Trainer(Protocol):
    """Learns, keeping its state after each epoch."""

    @property
    def curve(self) -> list[float]:
        """Mean loss of each finished epoch."""

    def run(self) -> Iterator[Step]:
        """Train to the last epoch, from the checkpoint if there is one."""


class Model(UserModel, Protocol):
    """What a trainer leaves: vectors for items and for users."""

    def embed_items(self, collection: Collection) -> tuple[Ids, Vectors]:
        """Return a unit vector for every item of a catalogue, also for those that came later."""

    def learned(self, keys: Ids) -> NDArray[np.bool_]:
        """Return of which items the vector came out of training, shape of `keys`."""

    def save(self, folder: Path) -> None:
        """Write weights and card, the card last."""


@dataclass(frozen=True)
class Kind:
    """One recommender.

    Parameters
    ----------
    config : type
        Settings; each default is written there.
    trainer : callable
        Makes a trainer from a collection, the settings and, by name, the folder `checkpoint`.
    finish : callable
        Makes the model from a trainer that is done, and what is to stand in its card.
    load : callable
        Reads a saved model from its folder.
    """

    config: type[BaseModel]
    trainer: Callable[..., Any]
    finish: Callable[[Any, Mapping[str, Any]], Model]
    load: Callable[[Path], Model]

    @property
    def settings(self) -> list[str]:
        """Names of the settings."""
        return list(self.config.model_fields)


KINDS: Final[Mapping[str, Kind]] = {
    FusionModel.recommender: Kind(
        FusionConfig, FusionTrainer, FusionModel.from_trainer, FusionModel.load
    ),
    GraphModel.recommender: Kind(
        GraphConfig, GraphTrainer, GraphModel.from_trainer, GraphModel.load
    ),
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
