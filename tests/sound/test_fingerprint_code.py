"""Fingerprints are written as Chromaprint writes them, and come back whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nearfield.errors import InvalidInput
from nearfield.sound.fingerprint_code import (
    Fingerprint,
    compress,
    decompress,
    from_text,
    to_text,
)


def values(*some: int) -> Fingerprint:
    return np.array(some, dtype=np.uint32)


fingerprints = arrays(np.uint32, st.integers(0, 60), elements=st.integers(0, (1 << 32) - 1))


@given(fingerprints)
def test_any_fingerprint_comes_back(fingerprint: Fingerprint) -> None:
    for again in (decompress(compress(fingerprint)), from_text(to_text(fingerprint))):
        assert again.dtype == np.uint32
        np.testing.assert_array_equal(again, fingerprint)


@given(fingerprints)
def test_it_is_what_plain_loops_write(fingerprint: Fingerprint) -> None:
    assert compress(fingerprint) == compress_by_loops([int(value) for value in fingerprint])


def compress_by_loops(fingerprint: list[int]) -> bytes:
    """Write a fingerprint as src/fingerprint_compressor.cpp does, bit by bit."""
    normal: list[int] = []
    further: list[int] = []
    before = 0
    for value in fingerprint:
        last = 0
        for bit in range(1, 33):
            if (value ^ before) >> (bit - 1) & 1:
                normal.append(min(bit - last, 7))
                if bit - last >= 7:
                    further.append(bit - last - 7)
                last = bit
        normal.append(0)
        before = value
    parts = [bytes([1]), len(fingerprint).to_bytes(3, "big")]
    for numbers, width in ((normal, 3), (further, 5)):
        total = sum(number << (width * place) for place, number in enumerate(numbers))
        parts.append(total.to_bytes((len(numbers) * width + 7) // 8, "little"))
    return b"".join(parts)


def test_examples_of_chromaprint_itself() -> None:
    # tests/test_fingerprint_compressor.cpp of Chromaprint, with the algorithm's number 1
    assert compress(values(1)) == bytes([1, 0, 0, 1, 1])
    assert compress(values(7)) == bytes([1, 0, 0, 1, 73, 0])
    assert compress(values(1 << 6)) == bytes([1, 0, 0, 1, 7, 0])
    assert compress(values(1 << 8)) == bytes([1, 0, 0, 1, 7, 2])
    assert compress(values(1, 0)) == bytes([1, 0, 0, 2, 65, 0])
    assert compress(values(1, 1)) == bytes([1, 0, 0, 2, 1, 0])
    assert to_text(values()) == "AQAAAA"


@given(st.binary(max_size=80))
def test_other_bytes_are_refused_or_read(data: bytes) -> None:
    for candidate in (data, b"\x01\x00\x00" + data):
        try:
            found = decompress(candidate)
        except InvalidInput:
            continue
        assert len(found) == int.from_bytes(candidate[1:4], "big")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes that begin with b''"),
        (b"\x02\x00\x00\x00", "algorithm 1. Make it with fpcalc's default"),
        (compress(values(1, 2, 3))[:5], r"5 bytes are too few for a fingerprint of 3 values"),
        (compress(values(1 << 20))[:-1], "too few for a fingerprint of 1 values"),
        (b"\x01\x00\x00\x01\x3f\x00\xff\x07", "of 32 is set"),
    ],
)
def test_what_is_no_fingerprint_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        decompress(data)


@pytest.mark.parametrize("text", ["AQAAA?", "AQAA A", "é", "A"])
def test_what_is_no_base_64_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no base 64"):
        from_text(text)


def test_a_fingerprint_of_a_month_is_refused() -> None:
    with pytest.raises(InvalidInput, match="16,777,216 values; at most 16,777,215"):
        compress(np.zeros(1 << 24, dtype=np.uint32))
