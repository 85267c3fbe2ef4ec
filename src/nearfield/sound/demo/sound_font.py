"""Plays single notes of the instruments in a SoundFont 2 file. Reads the file once.

What is played: samples with their loops, tuning, key and velocity ranges, volume envelopes and
attenuation. Filters, vibrato, panning and effects are left out. For what the numbers mean see the
SoundFont Technical Specification 2.04, https://www.synthfont.com/sfspec24.pdf.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.waveform import Waveform

_PRESET: Final = np.dtype(
    [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "V12")]
)
_INSTRUMENT: Final = np.dtype([("name", "S20"), ("bag", "<u2")])
_BAG: Final = np.dtype([("generator", "<u2"), ("modulator", "<u2")])
_GENERATOR: Final = np.dtype([("kind", "<u2"), ("amount", "<i2")])
_SAMPLE: Final = np.dtype(
    [
        ("name", "S20"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop_start", "<u4"),
        ("loop_end", "<u4"),
        ("rate", "<u4"),
        ("key", "u1"),
        ("correction", "i1"),
        ("rest", "V4"),
    ]
)
_TABLES: Final = {
    b"phdr": _PRESET,
    b"pbag": _BAG,
    b"pgen": _GENERATOR,
    b"inst": _INSTRUMENT,
    b"ibag": _BAG,
    b"igen": _GENERATOR,
    b"shdr": _SAMPLE,
}

# kinds of generators
_START, _END, _LOOP_START, _LOOP_END = 0, 1, 2, 3
_COARSE: Final = {_START: 4, _END: 12, _LOOP_START: 45, _LOOP_END: 50}
_DELAY, _ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE = 33, 34, 35, 36, 37, 38
_INSTRUMENT_OF, _KEYS, _VELOCITIES, _ATTENUATION = 41, 43, 44, 48
_SEMITONES, _CENTS, _SAMPLE_OF, _LOOPS, _SCALE, _ROOT = 51, 52, 53, 54, 56, 58

_DEFAULTS: Final = {
    **dict.fromkeys((_DELAY, _ATTACK, _HOLD, _DECAY, _RELEASE), -12_000),
    _SCALE: 100,
    _ROOT: -1,
}
_NOT_ADDED: Final = frozenset({_INSTRUMENT_OF, _KEYS, _VELOCITIES, _SAMPLE_OF, _LOOPS, _ROOT})
_SILENT: Final = 100.0  # decibels below full, at which an envelope ends
_LONGEST_RELEASE: Final = 2.0  # seconds

_Generators = dict[int, int]


@dataclass(frozen=True, slots=True)
class Zone:
    """One sample of an instrument, and how it is played.

    Parameters
    ----------
    samples : int16, shape (samples,)
        From its first to its last.
    loop : (int, int), optional
        Where the part begins and ends that goes round while a key is held.
    rate : int
        Samples a second, at its own pitch.
    root : float
        Key at which it sounds as it is.
    scale : float
        Semitones from a key to the next.
    envelope : tuple of float
        Delay, attack, hold, decay and release in seconds.
    sustain, attenuation : float
        Decibels below full.
    """

    samples: NDArray[np.int16]
    loop: tuple[int, int] | None
    rate: int
    root: float
    scale: float
    envelope: tuple[float, float, float, float, float]
    sustain: float
    attenuation: float


class SoundFont:
    """The instruments of one file.

    Parameters
    ----------
    path : Path
        An .sf2 file.

    Raises
    ------
    InvalidInput
        If it is none.
    """

    def __init__(self, path: Path) -> None:
        chunks = dict(_chunks(path.read_bytes()))
        missing = [name.decode() for name in (b"smpl", *_TABLES) if name not in chunks]
        if missing:
            raise InvalidInput(
                f"{path} lacks {', '.join(missing)}: wanted a SoundFont 2 file (.sf2)."
            )
        self._samples = np.frombuffer(chunks[b"smpl"], dtype="<i2")
        self._tables: dict[bytes, NDArray[Any]] = {
            name: np.frombuffer(chunks[name], dtype=kind) for name, kind in _TABLES.items()
        }
        presets = self._tables[b"phdr"][:-1]  # the last row of each table only ends it
        self._presets = {
            (int(one["bank"]), int(one["program"])): place for place, one in enumerate(presets)
        }

    def zones(self, bank: int, program: int, key: int, velocity: int) -> list[Zone]:
        """Return what sounds when a key is struck; nothing where there is no such instrument."""
        place = self._presets.get((bank, program))
        if place is None:
            return []
        struck = {_KEYS: key, _VELOCITIES: velocity}
        found = []
        for upper in self._layers(b"phdr", b"pbag", b"pgen", place, _INSTRUMENT_OF, struck):
            instrument = upper[_INSTRUMENT_OF]
            for own in self._layers(b"inst", b"ibag", b"igen", instrument, _SAMPLE_OF, struck):
                added = {
                    kind: own.get(kind, _DEFAULTS.get(kind, 0)) + amount
                    for kind, amount in upper.items()
                    if kind not in _NOT_ADDED
                }
                found.append(self._zone({**_DEFAULTS, **own, **added}))
        return found

    def _layers(
        self,
        head: bytes,
        bags: bytes,
        gens: bytes,
        place: int,
        link: int,
        struck: Mapping[int, int],
    ) -> Iterator[_Generators]:
        """Yield the generators of each zone that is struck and leads on by the generator `link`."""
        first, last = self._tables[head]["bag"][place : place + 2].tolist()
        common: _Generators = {}
        for number in range(first, last):
            begin, end = self._tables[bags]["generator"][number : number + 2].tolist()
            rows = self._tables[gens][begin:end]
            own = dict(zip(rows["kind"].tolist(), rows["amount"].tolist(), strict=True))
            if link not in own:
                if number == first:  # holds for all zones that follow
                    common = own
                continue
            zone = {**common, **own}
            if all(_within(zone.get(kind), value) for kind, value in struck.items()):
                yield zone

    def _zone(self, generators: _Generators) -> Zone:
        sample = self._tables[b"shdr"][generators[_SAMPLE_OF]]
        start, end, loop_start, loop_end = (
            int(sample[name]) + generators.get(kind, 0) + 32_768 * generators.get(_COARSE[kind], 0)
            for kind, name in enumerate(("start", "end", "loop_start", "loop_end"))
        )
        loops = generators.get(_LOOPS, 0) % 2 == 1 and start <= loop_start < loop_end <= end
        root = generators[_ROOT] if generators[_ROOT] >= 0 else int(sample["key"])
        cents = 100 * generators.get(_SEMITONES, 0) + generators.get(_CENTS, 0)
        delay, attack, hold, decay, release = (
            2.0 ** (generators[kind] / 1200) for kind in (_DELAY, _ATTACK, _HOLD, _DECAY, _RELEASE)
        )
        return Zone(
            samples=self._samples[start:end],
            loop=(loop_start - start, loop_end - start) if loops else None,
            rate=int(sample["rate"]),
            root=root - (cents + int(sample["correction"])) / 100,
            scale=generators[_SCALE] / 100,
            envelope=(delay, attack, hold, decay, min(release, _LONGEST_RELEASE)),
            sustain=min(max(generators.get(_SUSTAIN, 0) / 10, 0.0), _SILENT),
            attenuation=max(generators.get(_ATTENUATION, 0) / 10, 0.0),
        )


def sound_of(zone: Zone, key: int, velocity: int, seconds: float, rate: int) -> Waveform:
    """Return the sound of a key that is held for some time, and dies away when it is let go.

    Parameters
    ----------
    zone : Zone
        Which sample.
    key, velocity : int
        MIDI's.
    seconds : float
        Until it is let go.
    rate : int
        Of the result.

    Returns
    -------
    float32, shape (samples,)
        In [-1, 1].
    """
    count = round((seconds + zone.envelope[-1]) * rate)
    step = zone.rate / rate * 2 ** ((key - zone.root) * zone.scale / 12)
    places = np.arange(count) * step
    last = len(zone.samples) - 2  # so that a neighbour is left to interpolate with
    if zone.loop is None:
        places = places[places < last]
    else:
        begin, end = zone.loop
        round_again = places >= end
        places[round_again] = begin + (places[round_again] - begin) % (end - begin)
        np.minimum(places, last, out=places)
    left = places.astype(np.int64)
    part = (places - left).astype(np.float32)
    heard = zone.samples[left] * (1 - part) + zone.samples[left + 1] * part
    loud = (velocity / 127) ** 2 / 32_768 * _envelope(zone, len(places), seconds, rate)
    return np.asarray(loud * heard, dtype=np.float32)


def _envelope(zone: Zone, count: int, seconds: float, rate: int) -> NDArray[np.float64]:
    """Return the factor at each sample: a straight rise, then straight lines in decibels."""
    delay, attack, hold, decay, release = zone.envelope
    time = np.arange(count, dtype=np.float32) / rate - delay
    rise = np.clip(time / attack, 0, 1)
    fallen = np.clip((time - attack - hold) * (_SILENT / decay), 0, zone.sustain)
    let_go = np.clip((time + delay - seconds) * (_SILENT / release), 0, _SILENT)
    # what has fallen when a key is let go stays fallen
    held = max(0, round(seconds * rate))
    if 0 < held < count:
        fallen[held:] = fallen[held - 1]
        rise[held:] = rise[held - 1]
    factor: NDArray[np.float64] = rise * 10 ** (-(fallen + let_go + zone.attenuation) / 20)
    return factor


def _within(limits: int | None, value: int) -> bool:
    """Tell whether a range, two bytes in one number, holds a value."""
    if limits is None:
        return True
    low, high = (limits & 0xFFFF).to_bytes(2, "little")
    return low <= value <= high


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and content of each chunk, those within lists too."""
    place = 12 if data[:4] == b"RIFF" else len(data)
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        if name == b"LIST":
            place += 12
            continue
        yield name, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
