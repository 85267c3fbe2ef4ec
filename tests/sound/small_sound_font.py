"""Writes SoundFont 2 files of a few instruments."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

PERIOD = 64  # samples of a looped sample: at 32,000 a second it sounds at 500 Hz
SAMPLE, INSTRUMENT = 53, 41

Generators: TypeAlias = Sequence[tuple[int, int]]
"""Kinds of SoundFont generators, and their amounts."""


@dataclass
class Layer:
    """A sample, and what is said of it in the zones of instrument and preset."""

    sample: NDArray[np.int16]
    own: Generators = ()
    upper: Generators = ()


@dataclass
class Instrument:
    """An instrument of one preset; `common` stands in a zone of its own before the others."""

    bank: int
    program: int
    layers: Sequence[Layer]
    common: Generators = ()


def overtones(*strengths: float, periods: int = 4) -> NDArray[np.int16]:
    """Return some periods of a tone, with the strength of each partial."""
    turn = 2 * np.pi * np.arange(PERIOD * periods) / PERIOD
    wave = sum(loud * np.sin(turn * number) for number, loud in enumerate(strengths, start=1))
    return np.round(20_000 * wave / max(1.0, sum(strengths))).astype(np.int16)


def write_sound_font(path: Path, instruments: Sequence[Instrument]) -> Path:
    path.write_bytes(sound_font(instruments))
    return path


def sound_font(instruments: Sequence[Instrument]) -> bytes:
    """Return the bytes of a file; each layer has an instrument of its own."""
    tables: dict[str, list[bytes]] = {
        name: [] for name in ("phdr", "pbag", "pgen", "inst", "ibag", "igen", "shdr")
    }
    samples: list[NDArray[np.int16]] = []
    for one in instruments:
        bag = len(tables["pbag"])
        tables["phdr"].append(struct.pack("<20sHHH12x", b"preset", one.program, one.bank, bag))
        for layer in one.layers:
            number = len(tables["inst"])
            tables["inst"].append(struct.pack("<20sH", b"instrument", len(tables["ibag"])))
            if one.common:
                _zone(tables, "i", one.common)
            _zone(tables, "i", [*layer.own, (SAMPLE, len(samples))])
            _zone(tables, "p", [*layer.upper, (INSTRUMENT, number)])
            start = sum(map(len, samples))
            end = start + len(layer.sample)
            loop = start + PERIOD, start + 3 * PERIOD
            facts = (start, end, *loop, 32_000, 72, 0)
            tables["shdr"].append(struct.pack("<20sIIIIIBb4x", b"sample", *facts))
            samples.append(layer.sample)
    _end(tables)
    lists = [
        _list(b"sdta", [(b"smpl", np.concatenate(samples).astype("<i2").tobytes())]),
        _list(b"pdta", [(name.encode(), b"".join(rows)) for name, rows in tables.items()]),
    ]
    return _chunk(b"RIFF", b"sfbk" + b"".join(lists))


def _zone(tables: dict[str, list[bytes]], kind: str, generators: Generators) -> None:
    tables[f"{kind}bag"].append(struct.pack("<HH", len(tables[f"{kind}gen"]), 0))
    tables[f"{kind}gen"] += [struct.pack("<HH", what, value & 0xFFFF) for what, value in generators]


def _end(tables: dict[str, list[bytes]]) -> None:
    tables["phdr"].append(struct.pack("<20sHHH12x", b"EOP", 0, 0, len(tables["pbag"])))
    tables["inst"].append(struct.pack("<20sH", b"EOI", len(tables["ibag"])))
    for kind in "pi":
        _zone(tables, kind, [(0, 0)])
    tables["shdr"].append(bytes(46))


def _list(name: bytes, chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    return _chunk(b"LIST", name + b"".join(_chunk(*one) for one in chunks))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)
