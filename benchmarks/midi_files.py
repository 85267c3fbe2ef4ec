"""Reads and writes the little of Standard MIDI Files that songs of notes need."""

import struct
from pathlib import Path
from typing import NamedTuple

_TICKS = 480  # a quarter note, of what is written: at 120 a minute 960 ticks a second
_RATE = 2 * _TICKS
DRUMS = -1
"""Program of the drum kit."""


class Played(NamedTuple):
    """A key that is struck: seconds from the beginning, MIDI's key and velocity."""

    start: float
    end: float
    key: int
    velocity: int


class Track(NamedTuple):
    """What one instrument plays, in order of time; `program` counts from 0."""

    name: str
    program: int
    notes: tuple[Played, ...]


def read_midi(data: bytes) -> list[Track]:
    """Return the tracks that have notes, and at last one named BEATS with each quarter note.

    Programs are not read.
    """
    if data[:4] != b"MThd":
        raise ValueError(f"begins with {data[:4]!r}: no MIDI file")
    quarter = struct.unpack(">H", data[12:14])[0]
    place, tracks = 8 + struct.unpack(">I", data[4:8])[0], []
    tempi = [(0, 500_000)]
    while place + 8 <= len(data):
        size = struct.unpack(">I", data[place + 4 : place + 8])[0]
        tracks.append(_events(data[place + 8 : place + 8 + size], tempi))
        place += 8 + size
    steps = _steps(sorted(tempi), quarter)
    last = max((note.end for _, notes in tracks for note in notes), default=0)
    beats = [Played(tick, tick + quarter, 60, 64) for tick in range(0, int(last), quarter)]
    return [
        Track(name, 0, tuple(sorted(_timed(note, steps) for note in notes)))
        for name, notes in [*tracks, ("BEATS", beats)]
        if notes
    ]


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    while True:
        byte = data[place]
        value, place = value << 7 | byte & 0x7F, place + 1
        if byte < 0x80:
            return value, place


def _events(data: bytes, tempi: list[tuple[int, int]]) -> tuple[str, list[Played]]:
    """Return a track's name and notes, in ticks, and add its changes of tempo to `tempi`."""
    name, notes, place, tick, status = "", [], 0, 0, 0
    held: dict[int, tuple[int, int]] = {}
    while place < len(data):
        delta, place = _number(data, place)
        tick += delta
        if data[place] & 0x80:
            status, place = data[place], place + 1
        if status >= 0xF0:
            kind = data[place] if status == 0xFF else -1
            size, place = _number(data, place + (status == 0xFF))
            body, place = data[place : place + size], place + size
            if kind == 0x51:
                tempi.append((tick, int.from_bytes(body, "big")))
            elif kind == 0x03:
                name = body.decode("latin-1")
            continue
        kind = status >> 4
        key, velocity = data[place], data[place + 1] if kind not in (0xC, 0xD) else 0
        place += 1 if kind in (0xC, 0xD) else 2
        if kind in (0x8, 0x9) and key in held:
            begin, struck = held.pop(key)
            notes.append(Played(begin, tick, key, struck))
        if kind == 0x9 and velocity:
            held[key] = (tick, velocity)
    return name, notes


def _steps(tempi: list[tuple[int, int]], quarter: int) -> list[tuple[int, float, float]]:
    """Return from which tick on, from which second on, how many seconds a tick takes."""
    steps = [(0, 0.0, 0.5 / quarter)]
    for tick, micros in tempi:
        last, seconds, pace = steps[-1]
        steps.append((tick, seconds + (tick - last) * pace, micros / 1e6 / quarter))
    return steps


def _timed(note: Played, steps: list[tuple[int, float, float]]) -> Played:
    def at(tick: float) -> float:
        first, seconds, pace = max(step for step in steps if step[0] <= tick)
        return seconds + (tick - first) * pace

    return note._replace(start=at(note.start), end=at(note.end))


def write_midi(tracks: list[Track], path: Path) -> None:
    """Write tracks, each on a channel of its own; drums go to the tenth."""
    free = [channel for channel in range(16) if channel != 9]
    parts = []
    for number, track in enumerate(tracks):
        channel = 9 if track.program == DRUMS else free[number]
        events = [(0, 0, bytes([0xC0 | channel, max(track.program, 0)]))]
        for note in track.notes:
            begin = round(note.start * _RATE)
            end = max(round(note.end * _RATE), begin + 1)
            events.append((begin, 2, bytes([0x90 | channel, note.key, note.velocity])))
            events.append((end, 1, bytes([0x80 | channel, note.key, 0])))
        parts.append(_chunk(events))
    head = b"MThd" + struct.pack(">IHHH", 6, 1, len(parts), _TICKS)
    path.write_bytes(head + b"".join(parts))


def _chunk(events: list[tuple[int, int, bytes]]) -> bytes:
    body, last = bytearray(), 0
    for tick, _, event in sorted(events):
        body += _variable(tick - last) + event
        last = tick
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + bytes(body)


def _variable(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))
