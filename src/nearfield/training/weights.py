"""Tensors at rest: safetensors only, written whole or not at all; no pickle is ever read."""

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from nearfield.errors import InvalidInput, NotFound


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors; a kill leaves the old file or the new one."""
    partial = path.with_name(path.name + ".partial")
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, partial)
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)


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
