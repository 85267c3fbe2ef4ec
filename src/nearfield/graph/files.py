"""Arrays on disk, to be read whole or mapped. Files here only."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from nearfield.errors import InvalidInput, NotFound
from nearfield.training.card import new_version, read_json, write_json

_INDEX: Final = "graph.json"
_FORMAT: Final = 1


def write_arrays(folder: Path, arrays: Mapping[str, np.ndarray], names: Mapping[str, str]) -> None:
    """Write arrays to a new folder inside `folder`, then the index that points to it.

    The index is replaced in one step. What it pointed to before is removed afterwards; processes
    that have it mapped keep it until they end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    version = new_version()
    place = folder / version
    place.mkdir()
    for name, array in arrays.items():
        with (place / f"{name}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    shapes = {name: [array.dtype.str, len(array)] for name, array in arrays.items()}
    index = {"format": _FORMAT, "arrays": version, "names": dict(names), "shapes": shapes}
    write_json(folder / _INDEX, index)
    for old in folder.iterdir():  # also what a kill left behind
        if old.is_dir() and old.name != version and list(old.glob("*.npy")):
            shutil.rmtree(old, ignore_errors=True)


def read_arrays(folder: Path, mapped: bool) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the arrays that `write_arrays` wrote, and the names given with them."""
    path = folder / _INDEX
    if not path.is_file():
        raise NotFound(f"{path} does not exist. Build a graph and save it to {folder} first.")
    index = read_json(path)
    if index.get("format") != _FORMAT:
        raise InvalidInput(
            f"{path} is of format {index.get('format')}, and this program reads {_FORMAT}. Build "
            "the graph anew."
        )
    place = folder / index["arrays"]
    arrays = {}
    for name, (dtype, length) in index["shapes"].items():
        arrays[name] = _read(place / f"{name}.npy", dtype, length, mapped)
    return arrays, index["names"]


def _read(path: Path, dtype: str, length: int, mapped: bool) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InvalidInput(
            f"{path} is missing or damaged ({error}). Build the graph anew."
        ) from error
    if array.dtype.str != dtype or array.shape != (length,):
        raise InvalidInput(
            f"{path} holds {array.shape} of {array.dtype.str}, not ({length},) of {dtype}. Build "
            "the graph anew."
        )
    plain: np.ndarray = array.view(
        np.ndarray
    )  # a plain array over the same memory: the walks compile once
    return plain
