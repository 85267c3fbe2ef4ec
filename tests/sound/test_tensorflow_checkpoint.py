import re
from pathlib import Path

import numpy as np
import pytest

from nearfield.errors import InvalidInput, NotFound
from nearfield.sound.tensorflow_checkpoint import read_checkpoint
from sound.checkpoint_files import some_tensors, write_checkpoint


@pytest.mark.parametrize("name", ["model.index", ".index"])
def test_every_tensor_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    tensors = some_tensors()
    write_checkpoint(tmp_path / name, tensors)
    found = read_checkpoint(tmp_path / name)
    assert list(found) == sorted(tensors)
    for key, tensor in tensors.items():
        assert found[key].dtype == tensor.dtype
        np.testing.assert_array_equal(found[key], tensor)


def test_a_missing_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"model\.index does not exist.*ends in \.index"):
        read_checkpoint(tmp_path / "model.index")


def test_a_missing_shard_is_named_with_what_it_holds(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "model.index", some_tensors())
    (tmp_path / "model.data-00000-of-00001").unlink()
    with pytest.raises(NotFound, match=r"model\.data-00000-of-00001 does not exist.*conv2d"):
        read_checkpoint(tmp_path / "model.index")


def test_a_shard_cut_short_says_how_much_is_there(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "model.index", some_tensors())
    shard = tmp_path / "model.data-00000-of-00001"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(InvalidInput, match=r"ends after 20 of the 120 values of conv2d/kernel"):
        read_checkpoint(tmp_path / "model.index")


def test_another_file_is_not_taken_for_an_index(tmp_path: Path) -> None:
    (tmp_path / "model.index").write_bytes(b"a song, say" * 20)
    with pytest.raises(
        InvalidInput, match=re.escape("is not the index of a TensorFlow checkpoint")
    ):
        read_checkpoint(tmp_path / "model.index")


def test_a_compressed_block_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "model.index", some_tensors())
    index = tmp_path / "model.index"
    table = bytearray(index.read_bytes())
    table[len(table) - 48 - 5] = 1  # the type of the last block
    index.write_bytes(table)
    with pytest.raises(InvalidInput, match="is compressed"):
        read_checkpoint(index)
