"""The trained models of one home: folders that are written once and never changed. Files here."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nearfield.errors import InvalidInput, NotFound
from nearfield.training.card import CARD, read_json

DRAFT: Final = ".draft"
"""Ending of a folder whose copying is not finished."""

PARTIAL: Final = "training.partial"
"""Folder of a training that is not finished, beside the versions of its recommender."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One whole model on disk.

    Parameters
    ----------
    catalogue, recommender, version : str
        What it is of, as its card says.
    folder : Path
        Where it lies.
    card : mapping
        All that is known of it: counts, learning curve, configuration, versions.
    """

    catalogue: str
    recommender: str
    version: str
    folder: Path
    card: Mapping[str, Any]

    def summary(self) -> dict[str, Any]:
        """Return what `nearfield models --json` prints: the card without its code books."""
        told = {key: value for key, value in self.card.items() if key != "vocabulary"}
        return {**told, "folder": str(self.folder)}


class Models:
    """Finds models as ``<folder>/<catalogue>/<recommender>/<version>/``.

    A folder is a whole model when its card is there: trainers write the card last, then rename
    the folder to its version.

    Parameters
    ----------
    folder : Path
        Need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, catalogue: str, recommender: str) -> Path:
        """Return the folder that holds the versions of one recommender."""
        return self.folder / catalogue / recommender

    def list(self, catalogue: str | None = None) -> list[StoredModel]:
        """Return the whole models, of one catalogue or of all, oldest first within each."""
        pattern = f"{catalogue or '*'}/*/*/{CARD}"
        cards = sorted(self.folder.glob(pattern))
        return [read_model(card.parent) for card in cards if "." not in card.parent.name]

    def newest(self, catalogue: str, recommender: str | None = None) -> StoredModel:
        """Return the last model that was trained, of one recommender or of all.

        Raises
        ------
        NotFound
            If there is none.
        """
        found = [one for one in self.list(catalogue) if recommender in (None, one.recommender)]
        if not found:
            raise NotFound(
                f"catalogue '{catalogue}' has no trained {recommender or 'fusion'} model. Run "
                f"`nearfield train {recommender or 'fusion'} --catalogue {catalogue}`."
            )
        return max(found, key=lambda one: one.version)

    def get(self, catalogue: str, recommender: str, version: str) -> StoredModel:
        """Return one version; NotFound where it is not there or not whole."""
        folder = self.of(catalogue, recommender) / version
        if not (folder / CARD).is_file():
            raise NotFound(
                f"the model {version} of catalogue '{catalogue}' is not in {folder}, but its "
                f"{recommender} space answers. Copy the folder back, or run `nearfield train "
                f"{recommender} --catalogue {catalogue}` and `nearfield publish --catalogue "
                f"{catalogue}`."
            )
        return read_model(folder)

    def adopt(self, model: StoredModel) -> StoredModel:
        """Return the model inside this home, copied if it lies elsewhere."""
        place = self.of(model.catalogue, model.recommender) / model.version
        if model.folder.resolve() == place.resolve():
            return model
        if not (place / CARD).is_file():
            draft = place.with_name(place.name + DRAFT)
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(model.folder, draft)
            os.replace(draft, place)
        return read_model(place)


def read_model(folder: Path) -> StoredModel:
    """Read the card of a model.

    Raises
    ------
    NotFound
        If the folder holds no whole model.
    InvalidInput
        If the card is damaged.
    """
    card = read_json(folder / CARD)
    told = [card.get(name) for name in ("catalogue", "recommender", "version")]
    if not all(isinstance(name, str) and name and "/" not in name for name in told):
        raise InvalidInput(
            f"{folder / CARD} does not name catalogue, recommender and version: it is not the "
            f"card of a model that `nearfield train` wrote. Train it again."
        )
    catalogue, recommender, version = map(str, told)
    return StoredModel(catalogue, recommender, version, folder, card)
