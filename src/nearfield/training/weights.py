"""Tensors at rest: safetensors only, written whole or not at all; no pickle is ever read."""

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, load_file, save, save_file
from torch import Tensor

from nearfield.errors import InvalidInput, NotFound


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors; a kill leaves the old file or the new one."""
    partial = path.with_name(path.name + ".partial")
    save_file(_contiguous(tensors), partial)
    _replace(partial, path)


def write_whole(path: Path, data: bytes) -> None:
    """Write what `pack_tensors` made; a kill leaves the old file or the new one."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    _replace(partial, path)


def pack_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """Return named tensors as they stand in a file."""
    return save(_contiguous(tensors))


def unpack_tensors(data: bytes) -> dict[str, Tensor]:
    """Return the tensors that `pack_tensors` packed."""
    return load(data)


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors."""
    if not path.is_file():
        raise NotFound(f"{path} does not exist; is {path.parent} the folder of a model?")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise InvalidInput(
            f"{path} is not a whole safetensors file ({error}); train or copy the model anew."
        ) from error


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def _replace(partial: Path, path: Path) -> None:
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)
