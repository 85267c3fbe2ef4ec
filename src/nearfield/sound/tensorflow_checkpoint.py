"""Reads the weights of a TensorFlow checkpoint (version 2) with numpy alone.

A checkpoint is an index and data shards. The index is a sorted table as LevelDB writes it [1]_:
blocks of prefix-compressed keys, a block of where those lie, a footer of where that lies. The
values are protocol buffers that say type, shape, shard, offset and size of each tensor [2]_.

.. [1] https://github.com/google/leveldb/blob/main/doc/table_format.md
.. [2] tensorflow/core/protobuf/tensor_bundle.proto
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput, NotFound

_MAGIC: Final = 0xDB4775248B80FB57
_FOOTER: Final = 48

_TYPES: Final = {1: "<f4", 2: "<f8", 3: "<i4", 4: "<u1", 6: "<i1", 9: "<i8", 19: "<f2"}
"""Numbers of TensorFlow's DataType; tensors of other types (text, flags) are left out."""

_Fields = dict[int, list[int | bytes]]


def read_checkpoint(index: Path) -> dict[str, NDArray[Any]]:
    """Read every numeric tensor of a checkpoint.

    Parameters
    ----------
    index : Path
        The file whose name ends in `.index`; the shards `.data-00000-of-0000N` lie beside it.

    Returns
    -------
    dict
        Name of each variable, e.g. "conv2d/kernel", and its values. Layouts are TensorFlow's:
        the kernel of a convolution has shape (height, width, input, output).

    Raises
    ------
    NotFound
        If the index or a shard is not there.
    InvalidInput
        If the index is not one, is compressed, or promises more than the shards hold.
    """
    if not index.is_file():
        raise NotFound(f"{index} does not exist; give the file of a checkpoint that ends in .index")
    try:
        return _read(index)
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{index} is damaged ({error!r}); copy it anew.") from error
    except _Malformed as error:
        raise InvalidInput(f"{index} {error}") from error


def _read(index: Path) -> dict[str, NDArray[Any]]:
    entries = {key.decode(): _fields(value) for key, value in _rows(index.read_bytes())}
    shards = _number(entries.pop("", {}), 1) or 1
    tensors = {}
    for name, entry in entries.items():
        if _number(entry, 1) in _TYPES:
            shard = f"data-{_number(entry, 3):05d}-of-{shards:05d}"
            path = index.with_name(f"{index.name.removesuffix('.index')}.{shard}")
            tensors[name] = _tensor(path, name, entry)
    return tensors


class _Malformed(Exception):
    """What is wrong with an index, as the end of a sentence."""


def _tensor(path: Path, name: str, entry: _Fields) -> NDArray[Any]:
    """Read one tensor from its shard."""
    if entry.get(7):
        raise InvalidInput(f"{name} is stored in slices; only whole variables can be read.")
    shape = [_number(_fields(size), 1) for size in _messages(_message(entry, 2), 2)]
    count = int(np.prod(shape, dtype=np.int64))
    try:
        values = np.fromfile(
            path, dtype=_TYPES[_number(entry, 1)], count=count, offset=_number(entry, 4)
        )
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist; it holds {name}. Copy it beside its index.") from (
            error
        )
    if len(values) != count:
        raise InvalidInput(
            f"{path} ends after {len(values):,} of the {count:,} values of {name}; copy it anew."
        )
    return values.reshape(shape)


def _rows(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a sorted table."""
    if len(table) < _FOOTER or int.from_bytes(table[-8:], "little") != _MAGIC:
        raise _Malformed("is not the index of a TensorFlow checkpoint (version 2).")
    footer = table[-_FOOTER:]
    _, at = _varint(footer, 0)  # the block of filters, which checkpoints leave empty
    _, at = _varint(footer, at)
    for _, where in _block(table, *_handle(footer, at)):
        yield from _block(table, *_handle(where, 0))


def _handle(data: bytes, at: int) -> tuple[int, int]:
    """Return offset and size of a block."""
    offset, at = _varint(data, at)
    size, _ = _varint(data, at)
    return offset, size


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows of one block; each key repeats the beginning of the one before."""
    if table[offset + size] != 0:
        raise _Malformed("is compressed, which TensorFlow's own are not; it cannot be read.")
    block = table[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 - 4 * restarts
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length


def _fields(message: int | bytes) -> _Fields:
    """Split a protocol buffer into the values of each field number."""
    if isinstance(message, int):
        raise _Malformed("holds a number where a message was wanted.")
    found: _Fields = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _varint(message, at)
        else:
            size, at = _varint(message, at) if tag & 7 == 2 else ({1: 8, 5: 4}[tag & 7], at)
            value = message[at : at + size]
            at += size
        found.setdefault(tag >> 3, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, and where the next value starts."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def _number(fields: _Fields, field: int) -> int:
    """Return a number, 0 where it was left out."""
    value = fields.get(field, [0])[0]
    return value if isinstance(value, int) else 0


def _message(fields: _Fields, field: int) -> _Fields:
    return _fields(fields.get(field, [b""])[0])


def _messages(fields: _Fields, field: int) -> list[int | bytes]:
    return fields.get(field, [])
