"""Vectors on disk: ids, unit vectors and the card of the model that made them. Files here only."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy

from nearfield.errors import InvalidInput, NotFound
from nearfield.types import Ids, Vectors
from nearfield.vectors.index import check_rows

UNIT_TOLERANCE: Final = 1e-3
"""How far the length of a vector may be from 1."""

_VECTORS: Final = "embeddings.safetensors"
_CARD: Final = "card.json"


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The item vectors of one model version.

    Parameters
    ----------
    ids : int64, shape (rows,)
        Catalogue keys, positive and distinct.
    vectors : float32, shape (rows, dim)
        Finite and of unit length, within `UNIT_TOLERANCE`.
    card : mapping
        What is known of the model: anything that JSON can hold.

    Raises
    ------
    InvalidInput
        If ids or vectors are not as described.
    """

    ids: Ids
    vectors: Vectors
    card: Mapping[str, object]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.vectors.shape[1] < 1:
            raise InvalidInput(
                f"vectors have shape {self.vectors.shape}. Give one row for each id, (rows, dim)."
            )
        ids, vectors = check_rows(self.ids, self.vectors, self.vectors.shape[1])
        lengths = np.linalg.norm(vectors, axis=1)
        bad = np.flatnonzero(np.abs(lengths - 1) > UNIT_TOLERANCE)
        if len(bad):
            raise InvalidInput(
                f"{len(bad)} of {len(vectors)} vectors are not of unit length: id {ids[bad[0]]} "
                f"has length {lengths[bad[0]]:.4g}. Divide each vector by its length."
            )
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "vectors", vectors)

    def save(self, folder: Path) -> None:
        """Write both files, each whole or not at all.

        The vectors' file carries the card too, and `load` reads that file only: a kill between
        the two files cannot pair new vectors with an old card.
        """
        card = json.dumps(dict(self.card), ensure_ascii=False, indent=2, allow_nan=False)
        tensors: dict[str, np.ndarray] = {"ids": self.ids, "vectors": self.vectors}
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / _VECTORS, safetensors.numpy.save(tensors, metadata={"card": card}))
        _write(folder / _CARD, card.encode())

    @classmethod
    def load(cls, folder: Path) -> "Embeddings":
        """Read what `save` wrote.

        Raises
        ------
        NotFound
            If the folder holds no embeddings.
        InvalidInput
            If the file is damaged.
        """
        path = folder / _VECTORS
        if not path.is_file():
            raise NotFound(f"{path} does not exist. Train a model first, or give its folder.")
        try:
            with safetensors.safe_open(path, framework="np") as file:
                card = json.loads((file.metadata() or {})["card"])
                ids, vectors = file.get_tensor("ids"), file.get_tensor("vectors")
        except (safetensors.SafetensorError, KeyError, ValueError) as error:
            raise InvalidInput(
                f"{path} is damaged or not a file of embeddings ({error}). Train the model again."
            ) from error
        return cls(ids, vectors, card)


def _write(path: Path, data: bytes) -> None:
    """Put `data` at `path` so that a reader, or a kill, sees the old file or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    if os.name == "posix":  # the rename itself must reach the disk; Windows cannot sync a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
