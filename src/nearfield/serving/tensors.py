"""Tensors of a safetensors file, left on disk: the system reads the pages that are asked for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput, NotFound

_TYPES: Final[Mapping[str, np.dtype[Any]]] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
"""What is looked up by rows; tensors of other types are left out."""

_HEADER: Final = 8
"""Bytes of the number that says how long the header is."""


def map_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file by name; read-only, and shared by all processes that map it.

    The library of the format copies what it reads, and cannot pick rows. A file is 8 bytes
    (length of the header), a header in JSON (type, shape and place of each tensor), numbers.

    Raises
    ------
    NotFound
        If there is no such file.
    InvalidInput
        If it is not whole.
    """
    try:
        # a plain array over the same memory: picking rows of a memmap takes twice as long
        data = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist; is {path.parent} the folder of a model?") from error
    except ValueError as error:  # an empty file
        raise _broken(path, error) from error
    try:
        begin = _HEADER + int(data[:_HEADER].view("<u8")[0])
        header = json.loads(bytes(data[_HEADER:begin]))
        header.pop("__metadata__", None)
        end = begin + max((told["data_offsets"][1] for told in header.values()), default=0)
        if end != len(data):
            raise ValueError(f"{len(data)} bytes, not {end}")
        return {
            name: _tensor(data[begin:], told)
            for name, told in header.items()
            if told["dtype"] in _TYPES
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise _broken(path, error) from error


def _tensor(data: NDArray[np.uint8], told: Mapping[str, Any]) -> NDArray[Any]:
    start, stop = told["data_offsets"]
    numbers: NDArray[Any] = data[start:stop].view(_TYPES[told["dtype"]])
    return numbers.reshape(told["shape"])


def _broken(path: Path, error: Exception) -> InvalidInput:
    return InvalidInput(
        f"{path} is not a whole safetensors file ({error}); train or copy the model anew."
    )
