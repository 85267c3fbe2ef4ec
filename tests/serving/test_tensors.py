"""Mapped tensors are what the format's own library reads; damaged files are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from nearfield.errors import InvalidInput, NotFound
from nearfield.serving.tensors import map_tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    tensors: dict[str, NDArray[Any]] = {
        "keys": np.arange(7, dtype=np.int64),
        "rows": rng.normal(size=(7, 3)).astype(np.float32),
        "none": np.empty((0, 4), dtype=np.float32),
        "one": np.array(2.5, dtype=np.float32),
        "flags": np.ones(3, dtype=np.bool_),  # of no use to rows, so left out
    }
    save_file(tensors, tmp_path / "weights.safetensors", {"made": "here"})
    return tmp_path / "weights.safetensors"


def test_they_are_what_the_library_reads(path: Path) -> None:
    wanted = load_file(path)
    found = map_tensors(path)
    assert set(found) == set(wanted) - {"flags"}
    for name, tensor in found.items():
        assert np.array_equal(tensor, wanted[name])
        assert tensor.dtype == wanted[name].dtype
        assert tensor.shape == wanted[name].shape


def test_nobody_can_change_them(path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        map_tensors(path)["rows"][0, 0] = 1


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nothing\.safetensors does not exist"):
        map_tensors(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("kept", [0, 5, 8, 60, -1])
def test_a_file_that_was_cut_is_refused(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InvalidInput, match="not a whole safetensors file"):
        map_tensors(path)


@pytest.mark.parametrize(
    "header",
    [b"[]", b"{", b'{"a": 1}', b'{"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 4]}}'],
)
def test_a_header_that_says_nonsense_is_refused(path: Path, header: bytes) -> None:
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(InvalidInput, match="not a whole safetensors file"):
        map_tensors(path)
