"""Writes TensorFlow checkpoints, so that the tests need no TensorFlow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int8": 6, "int64": 9, "float16": 19}


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def entry(tensor: NDArray[Any], offset: int) -> bytes:
    shape = b"".join(field(2, field(1, size)) for size in tensor.shape)
    checksum = varint(6 << 3 | 5) + b"\0\0\0\0"
    return (
        field(1, TYPES[str(tensor.dtype)])
        + field(2, shape)
        + field(4, offset)
        + field(5, tensor.nbytes)
        + checksum
    )


def block(rows: list[tuple[bytes, bytes]]) -> bytes:
    """One block, whose keys share the beginning with the one before; ends in type and checksum."""
    out, last = b"", b""
    for key, value in rows:
        shared = 0
        while shared < min(len(key), len(last)) and key[shared] == last[shared]:
            shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value))
        out += key[shared:] + value
        last = key
    return out + (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + b"\0" + b"\0\0\0\0"


def write_checkpoint(index: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write an index and one shard beside it; rows in two blocks."""
    rows, data = [(b"", field(1, 1))], b""
    for name in sorted(tensors):
        rows.append((name.encode(), entry(tensors[name], len(data))))
        data += tensors[name].tobytes()
    half = len(rows) // 2
    table, handles = b"", []
    for part in (rows[:half], rows[half:]):
        written = block(part)
        handles.append((part[-1][0], varint(len(table)) + varint(len(written) - 5)))
        table += written
    where = block(handles)
    footer = varint(0) + varint(0) + varint(len(table)) + varint(len(where) - 5)
    magic = 0xDB4775248B80FB57.to_bytes(8, "little")
    index.write_bytes(table + where + footer.ljust(40, b"\0") + magic)
    shard = f"{index.name.removesuffix('.index')}.data-00000-of-00001"
    index.with_name(shard).write_bytes(data)


def some_tensors(seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    return {
        "conv2d/kernel": rng.normal(size=(3, 2, 4, 5)).astype(np.float32),
        "conv2d/bias": rng.normal(size=5).astype(np.float32),
        "conv2d_1/kernel": rng.normal(size=(1, 1, 5, 2)).astype(np.float16),
        "step": np.array(300, dtype=np.int64),
    }
